#![doc = "R-40: `id_token` of tests/fuzz/targets.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::targets::id_token(input));
