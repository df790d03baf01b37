#![doc = "R-40: `socket_frame` of tests/fuzz/texts.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::texts::socket_frame(input));
