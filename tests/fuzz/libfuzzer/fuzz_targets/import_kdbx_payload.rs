#![doc = "R-40: `import_kdbx_payload` of tests/fuzz/imports.rs."]
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyward_libfuzzer::imports::import_kdbx_payload(input));
