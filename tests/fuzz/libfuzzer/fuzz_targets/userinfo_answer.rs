#![doc = "R-40: `userinfo_answer` of tests/fuzz/answers.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::answers::userinfo_answer(input));
