#![doc = "R-40: `device_answer` of tests/fuzz/targets.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::targets::device_answer(input));
