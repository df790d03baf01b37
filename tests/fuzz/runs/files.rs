//! Runs over files: those of other programs, and those of a vault.

use super::fuzz;
use crate::{imports, vaults};

#[test]
fn r40_vault_file() {
    vaults::prepare();
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
    vaults::prepare();
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
