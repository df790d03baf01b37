#![doc = "R-40: `vault_file` of tests/fuzz/vaults.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::vaults::vault_file(input));
