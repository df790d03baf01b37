#![doc = "R-40: `env_file` of tests/fuzz/texts.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::texts::env_file(input));
