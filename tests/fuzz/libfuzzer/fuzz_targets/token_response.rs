#![doc = "R-40: `token_response` of tests/fuzz/answers.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::answers::token_response(input));
