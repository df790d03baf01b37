#![doc = "R-40: `metadata` of tests/fuzz/answers.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::answers::metadata(input));
