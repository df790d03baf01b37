#![doc = "R-40: `provider_entry` of tests/fuzz/texts.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::texts::provider_entry(input));
