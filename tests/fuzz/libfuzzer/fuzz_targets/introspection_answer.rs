#![doc = "R-40: `introspection_answer` of tests/fuzz/targets.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::targets::introspection_answer(input));
