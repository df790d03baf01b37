#![doc = "R-40: `vault_file` of tests/fuzz/vaults.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: keyward_libfuzzer::vaults::prepare(),
    |input: &[u8]| keyward_libfuzzer::vaults::vault_file(input)
);
