#![doc = "R-40: `socket_frame` of tests/fuzz/targets.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::targets::socket_frame(input));
