//! Runs over what people write, and what asks at the door.

use super::fuzz;
use crate::texts;

#[test]
fn r40_template() {
    fuzz(
        "template",
        texts::template,
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
        texts::reference,
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
        texts::env_file,
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
        texts::provider_entry,
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
fn r40_recovery_key() {
    fuzz(
        "recovery_key",
        texts::recovery_key,
        &[
            "000G", "-", " ", "o", "O", "i", "l", "U", "\u{131}", "\u{2013}", "\n", "40R4", "24G6",
        ],
    );
}

#[test]
fn r40_socket_frame() {
    fuzz(
        "socket_frame",
        texts::socket_frame,
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
