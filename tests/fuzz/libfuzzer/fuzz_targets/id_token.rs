#![doc = "R-40: `id_token` of tests/fuzz/answers.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::answers::id_token(input));
