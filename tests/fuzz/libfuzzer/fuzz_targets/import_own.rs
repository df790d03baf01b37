#![doc = "R-40: `import_own` of tests/fuzz/imports.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::imports::import_own(input));
