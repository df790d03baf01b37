//! R-40 in small: hostile bytes for everything that reads bytes of others. Each target runs over its committed corpus
//! (`corpus/TARGET/*`) and then over seeded mutations of it, on stable and within seconds; the same plain functions
//! serve a long run under a coverage-guided fuzzer (`libfuzzer/`). `cargo xtask soak` runs both for as long as it is told.
//!
//! The one place of these tests that links our crates: a parser is fuzzed by itself, not through a process.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test says its seed and its figures; they are shown when it fails"
)]

mod imports;
mod mutate;
mod targets;
mod vaults;

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use mutate::Mutator;

/// How many targets there are.
const TARGETS: u32 = 29;
/// What all targets take together, in seconds, unless `KEYWARD_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 20;
/// Where mutations begin, unless `KEYWARD_FUZZ_SEED` says otherwise.
const SEED: u64 = 0x5EED_0040;
/// R-40: an input that takes a second is a finding of its own.
const SLOW: Duration = Duration::from_secs(1);

/// The files of a corpus, in order of their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() >= 8, "{target}: the corpus is thin");
    files
}

/// A whole number from the environment; one that is none ends the test, since a wish was not understood.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}"))
    })
}

/// Runs one input; a panic names it, so that it can become a file of the corpus.
fn one(target: fn(&[u8]), input: &[u8], what: &dyn Fn() -> String) {
    let began = Instant::now();
    if catch_unwind(|| target(input)).is_err() {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        panic!(
            "{}: {} bytes: {}\nhex {hex}",
            what(),
            input.len(),
            String::from_utf8_lossy(input)
        );
    }
    let took = began.elapsed();
    assert!(took < SLOW, "{}: took {took:?}", what());
}

fn fuzz(name: &str, target: fn(&[u8]), words: &[&str]) {
    let corpus = corpus(name);
    for (file, input) in &corpus {
        one(target, input, &|| format!("{name}/{file}"));
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    // A seed of 0 would stay 0.
    let seed = number("KEYWARD_FUZZ_SEED", SEED).max(1);
    let time = Duration::from_secs(number("KEYWARD_FUZZ_SECONDS", SECONDS)) / TARGETS;
    let mut mutator = Mutator::new(seed, inputs, words);
    let until = Instant::now() + time;
    let mut runs = 0_u64;
    while Instant::now() < until {
        let input = mutator.next();
        one(target, &input, &|| {
            format!("{name}, seed {seed}, mutation {runs}")
        });
        runs += 1;
    }
    println!("{name}: seed {seed}, {runs} mutations in {time:?}");
    assert!(runs > 0, "{name}: no mutation was tried");
}

#[test]
fn r40_callback() {
    fuzz(
        "callback",
        targets::callback,
        &[
            "GET ",
            "HEAD ",
            "/callback",
            "?",
            "&",
            "code=",
            "state=",
            "STATE",
            "error=",
            "access_denied",
            "iss=",
            "%00",
            "%2",
            "%zz",
            "+",
            " HTTP/1.1\r\n",
            "Host: 127.0.0.1:50123\r\n",
            "Origin: null\r\n",
            "Sec-Fetch-Mode: navigate\r\n",
            "Content-Length: 1\r\n",
            "\r\n\r\n",
            "http://127.0.0.1:50123",
        ],
    );
}

#[test]
fn r40_template() {
    fuzz(
        "template",
        targets::template,
        &[
            "{vault.",
            "{pmio.vault.",
            "}",
            "keyward://",
            "KEY",
            "@app",
            ".access_token",
            ".raw.",
            "\\",
            "\"",
            "'",
            "<",
            ">",
            "&",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "\n",
            "\r",
            ": ",
            "- ",
            "| ",
            "#",
            "=",
            "${",
            "$(",
            "`",
            "./",
            "A.b.c.d",
            "\u{feff}",
            "{{",
            "export ",
        ],
    );
}

#[test]
fn r40_reference() {
    fuzz(
        "reference",
        targets::reference,
        &[
            "keyward://",
            "{vault.",
            "{pmio.vault.",
            "}",
            "@",
            "/",
            ".",
            "./",
            "raw.",
            "..",
            "-",
            "_",
            "KEY",
            "env",
            "access_token",
            "refresh_token",
            "\u{200b}",
            "%2F",
        ],
    );
}

#[test]
fn r40_env_file() {
    fuzz(
        "env_file",
        targets::env_file,
        &[
            "A=", "=", "\"", "'", "\\", "\\n", "\\\"", "#", " #", "\n", "\r\n", "\r", "export ", "\u{feff}",
            "${A}", "\0", "\u{a0}",
        ],
    );
}

#[test]
fn r40_provider_entry() {
    fuzz(
        "provider_entry",
        targets::provider_entry,
        &[
            "https://",
            "http://",
            "{",
            "}",
            "{tenant}",
            "@",
            "#",
            "?",
            "/..",
            "\\",
            "client_id=",
            "state=",
            "\"",
            "=",
            "[dialect]",
            "renamed = [\"",
            "headers = [\"",
            "hosts = [\"",
            "Host=",
            "\\n",
            "\\u0000",
            "localhost",
            "127.0.0.1",
        ],
    );
}

#[test]
fn r40_token_response() {
    fuzz(
        "token_response",
        targets::token_response,
        &[
            "\"access_token\":",
            "\"refresh_token\":",
            "\"expires_in\":",
            "\"token_type\":",
            "\"scope\":",
            "\"error\":",
            "\"error_description\":",
            "\"id_token\":",
            "null",
            "true",
            "-1",
            "1e18",
            "3600",
            "\"3600\"",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\"Bearer\"",
            "\"\"",
            "\\u0000",
            "\\ud800",
            "invalid_grant",
            "eyJhbGciOiJub25lIn0.e30.",
        ],
    );
}

#[test]
fn r40_metadata() {
    fuzz(
        "metadata",
        targets::metadata,
        &[
            "\"issuer\":",
            "https://as.example",
            "http://127.0.0.1",
            "https://localhost",
            "\"authorization_endpoint\":",
            "\"token_endpoint\":",
            "\"jwks_uri\":",
            "\"registration_endpoint\":",
            "\"token_endpoint_auth_methods_supported\":",
            "private_key_jwt",
            "S256",
            "null",
            "true",
            "[",
            "]",
            "{",
            "}",
            ",",
            "#",
            "@",
            "\\u0000",
            "\\ud800",
        ],
    );
}

#[test]
fn r40_device_answer() {
    fuzz(
        "device_answer",
        targets::device_answer,
        &[
            "\"device_code\":",
            "\"user_code\":",
            "\"verification_uri\":",
            "\"verification_url\":",
            "\"verification_uri_complete\":",
            "\"expires_in\":",
            "\"interval\":",
            "https://as.example/device",
            "http://127.0.0.1",
            "javascript:",
            "-1",
            "1e300",
            "null",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\n",
            "#",
            "@",
        ],
    );
}

#[test]
fn r40_introspection_answer() {
    fuzz(
        "introspection_answer",
        targets::introspection_answer,
        &[
            "\"active\":",
            "true",
            "false",
            "\"scope\":",
            "\"username\":",
            "\"sub\":",
            "\"exp\":",
            "-1",
            "1e300",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\u202e",
        ],
    );
}

#[test]
fn r40_userinfo_answer() {
    fuzz(
        "userinfo_answer",
        targets::userinfo_answer,
        &[
            "\"sub\":",
            "\"248289761001\"",
            "\"somebody else\"",
            "\"email\":",
            "\"preferred_username\":",
            "\"name\":",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\u0073ub",
            "\\u202e",
        ],
    );
}

#[test]
fn r40_registration_answer() {
    fuzz(
        "registration_answer",
        targets::registration_answer,
        &[
            "\"client_id\":",
            "\"client_secret\":",
            "\"client_secret_expires_at\":",
            "\"token_endpoint_auth_method\":",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
            "tls_client_auth",
            "-1",
            "0",
            "1e300",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
        ],
    );
}

#[test]
fn r40_oauth1_answer() {
    fuzz(
        "oauth1_answer",
        targets::oauth1_answer,
        &[
            "oauth_token=",
            "oauth_token_secret=",
            "oauth_callback_confirmed=true",
            "oauth_problem=",
            "screen_name=",
            "&",
            "=",
            "%00",
            "%0a",
            "%zz",
            "+",
            "token_rejected",
            "oauth_token",
            "{\"a\":1}",
        ],
    );
}

#[test]
fn r40_id_token() {
    fuzz(
        "id_token",
        targets::id_token,
        &[
            "\"alg\":",
            "\"EdDSA\"",
            "\"none\"",
            "\"HS256\"",
            "\"kid\":",
            "\"crit\":",
            "\"iss\":",
            "\"sub\":",
            "\"aud\":",
            "\"azp\":",
            "\"exp\":",
            "\"iat\":",
            "\"at_hash\":",
            "\"client-1\"",
            "\"client-2\"",
            "1800000000",
            "1e300",
            "-1",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\n",
            ".",
        ],
    );
}

#[test]
fn r40_recovery_key() {
    fuzz(
        "recovery_key",
        targets::recovery_key,
        &[
            "000G", "-", " ", "o", "O", "i", "l", "U", "\u{131}", "\u{2013}", "\n", "40R4", "24G6",
        ],
    );
}

#[test]
fn r40_socket_frame() {
    fuzz(
        "socket_frame",
        targets::socket_frame,
        &[
            "\"v\":1",
            "\"id\":",
            "\"vault\":",
            "\"verb\":",
            "\"body\":",
            "{",
            "}",
            "[",
            "null",
            "\"default\"",
            "\"resolve\"",
            "\"secret_create\"",
            "\"token\"",
            "\"environment\":",
            "\"value\":",
            "\"base64\":",
            "-1",
            "18446744073709551616",
            "1e400",
            "\\ud800",
            "\"references\":",
            "\0\0\0\u{10}",
        ],
    );
}

#[test]
fn r40_vault_file() {
    fuzz(
        "vault_file",
        vaults::vault_file,
        &[
            "SQLite format 3\0",
            "\0\0\0",
            "\u{7f}",
            "secret",
            "environment",
            "x",
        ],
    );
}

#[test]
fn r40_vault_slots() {
    fuzz(
        "vault_slots",
        vaults::vault_slots,
        &[
            "os-keychain",
            "passphrase",
            "recovery",
            "\u{1}\u{2}",
            "\0",
            "P",
            "\u{1a}",
        ],
    );
}

#[test]
fn r40_import_env() {
    fuzz(
        "import_env",
        imports::import_env,
        &[
            "A=", "=", "\"", "'", "\\n", "#", "\n", "\r\n", "export ", "\u{feff}", "\0",
        ],
    );
}

#[test]
fn r40_import_json() {
    fuzz(
        "import_json",
        imports::import_json,
        &[
            "{",
            "}",
            "[",
            "]",
            "\":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "\"\"",
            "\\ud800",
            "\\u0000",
            "\u{feff}",
            "fuzz-canary",
            "\"format\":\"keyward-export\"",
            "\"version\":1",
        ],
    );
}

#[test]
fn r40_import_own() {
    fuzz(
        "import_own",
        imports::import_own,
        &[
            "{",
            "}",
            "[",
            "]",
            "\":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "\"\"",
            "\\ud800",
            "\\u0000",
            "\u{feff}",
            "fuzz-canary",
            "\"format\":\"keyward-export\"",
            "\"items\":",
            "\"variables\":",
            "\"value\":",
            "\"versions\":",
            "\"base64\":",
            "\"expires_at\":",
            "2026-11-22T09:00:00Z",
        ],
    );
}

#[test]
fn r40_import_csv() {
    fuzz(
        "import_csv",
        imports::import_csv,
        &[
            ",",
            ";",
            "\t",
            "\n",
            "\r\n",
            "\"",
            "\"\"",
            "Key",
            "Value",
            "Title",
            "Password",
            "Tags",
            "\u{feff}",
            "fuzz-canary",
        ],
    );
}

#[test]
fn r40_import_bitwarden() {
    fuzz(
        "import_bitwarden",
        imports::import_bitwarden,
        &[
            "{",
            "}",
            "[",
            "]",
            "\":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "\"\"",
            "\\ud800",
            "\\u0000",
            "\u{feff}",
            "fuzz-canary",
            "\"items\":",
            "\"login\":",
            "\"fields\":",
            "\"folders\":",
            "\"encrypted\":",
            "\"passwordHistory\":",
        ],
    );
}

#[test]
fn r40_import_1pux() {
    fuzz(
        "import_1pux",
        imports::import_1pux,
        &[
            "PK\u{3}\u{4}",
            "PK\u{1}\u{2}",
            "PK\u{5}\u{6}",
            "export.data",
            "../",
            "files/",
            "\u{8}\0",
            "\u{7f}\u{7f}\u{7f}\u{7f}",
            "\0\0\0\0",
        ],
    );
}

#[test]
fn r40_import_postman() {
    fuzz(
        "import_postman",
        imports::import_postman,
        &[
            "{",
            "}",
            "[",
            "]",
            "\":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "\"\"",
            "\\ud800",
            "\\u0000",
            "\u{feff}",
            "fuzz-canary",
            "\"values\":",
            "\"key\":",
            "\"value\":",
            "\"type\":\"secret\"",
        ],
    );
}

#[test]
fn r40_import_insomnia() {
    fuzz(
        "import_insomnia",
        imports::import_insomnia,
        &[
            "{",
            "}",
            "[",
            "]",
            "\":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "\"\"",
            "\\ud800",
            "\\u0000",
            "\u{feff}",
            "fuzz-canary",
            "\"__export_format\":4",
            "\"resources\":",
            "\"_type\":\"environment\"",
            "\"data\":",
        ],
    );
}

#[test]
fn r40_import_pass() {
    fuzz(
        "import_pass",
        imports::import_pass,
        &[
            "\n",
            ": ",
            "user: ",
            "url: ",
            "otpauth://",
            "-----BEGIN ",
            "---\n",
            "\0",
            "fuzz-canary",
        ],
    );
}

#[test]
fn r40_import_kdbx() {
    fuzz(
        "import_kdbx",
        imports::import_kdbx,
        &[
            "\u{3}",
            "\0\0\0\0",
            "\u{b}",
            "$UUID",
            "\u{7f}\u{7f}\u{7f}\u{7f}",
            "\u{1}\u{0}\u{0}\u{0}S",
            "M",
            "\r\n\r\n",
        ],
    );
}

#[test]
fn r40_import_kdbx_payload() {
    fuzz(
        "import_kdbx_payload",
        imports::import_kdbx_payload,
        &[
            "<Entry>",
            "</Entry>",
            "<Group>",
            "</Group>",
            "<String>",
            "<Key>",
            "</Key>",
            "<Value Protected=\"True\">",
            "<Value Ref=\"0\"/>",
            "<History>",
            "&amp;",
            "&#x41;",
            "&x;",
            "<![CDATA[",
            "]]>",
            "<!DOCTYPE a>",
            "AAAA",
            "<Times>",
            "fuzz-canary",
        ],
    );
}

#[test]
fn r40_import_age() {
    fuzz(
        "import_age",
        imports::import_age,
        &[
            "age-encryption.org/v1\n",
            "-> X25519 ",
            "-> scrypt ",
            "--- ",
            "\n",
            "AAAA",
            " 18\n",
        ],
    );
}
