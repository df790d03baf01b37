#![doc = "R-40: `template` of tests/fuzz/texts.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::texts::template(input));
