#![doc = "R-40: `provider_entry` of tests/fuzz/targets.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::targets::provider_entry(input));
