//! Rules about Rust sources.

use std::collections::BTreeSet;

use crate::tree::{Text, file, files, verdict};

/// A text that may stand only in files whose path begins with one of the given.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (
        "tauri::",
        &["src-tauri/src/", "src-tauri/build.rs", "src-tauri/tests/"],
        "ARCHITECTURE rule 1",
    ),
    ("rusqlite::", &["src-tauri/crates/vault/"], "ARCHITECTURE rule 2"),
    (
        "keyring_core",
        &["src-tauri/crates/vault/"],
        "ARCHITECTURE rule 2",
    ),
    ("aes_gcm", &["src-tauri/crates/seal/"], "ARCHITECTURE rule 2"),
    (
        "argon2::",
        &["src-tauri/crates/seal/", "src-tauri/crates/foreign/"],
        "ARCHITECTURE rule 2",
    ),
    ("oauth2::", &["src-tauri/crates/oauth/"], "ARCHITECTURE rule 2"),
    ("reqwest::", &["src-tauri/crates/oauth/"], "ARCHITECTURE rule 2"),
    (
        "keyward_seal",
        &["src-tauri/crates/seal/", "src-tauri/crates/vault/"],
        "ARCHITECTURE §2: keys stay in the vault",
    ),
    ("extern \"C\"", &[], "unsafe code is denied"),
];

/// Every Rust source of the product (not the black box, whose rules name these words).
fn sources() -> Vec<Text> {
    files("src-tauri", &[".rs"])
}

#[test]
fn words_stay_in_their_rooms() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (line, text) in source.code() {
            for (word, rooms, rule) in ONLY_IN {
                if text.contains(word) && !rooms.iter().any(|room| source.path.starts_with(room)) {
                    breaches.push(format!("{rule}: {}:{line}: {word}", source.path));
                }
            }
        }
    }
    verdict("a word outside its room", breaches);
}

/// ARCHITECTURE rule 3: plaintext leaves by `expose()`; the files that may call it are listed, each for a reason.
/// A new file is a decision: add its line to tests/lints/expose.txt with why.
#[test]
fn expose_is_called_where_listed() {
    let list = file("tests/lints/expose.txt");
    let listed: BTreeSet<&str> = list
        .text
        .lines()
        .filter(|line| !line.starts_with("//"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let unsaid: Vec<String> = list
        .text
        .lines()
        .filter(|line| {
            !line.starts_with("//") && !line.trim().is_empty() && line.split_whitespace().count() < 3
        })
        .map(|line| format!("no reason: {line}"))
        .collect();
    let sources = sources();
    let calls = |source: &Text| {
        product_code(source).any(|line| {
            line.contains(".expose()") || line.contains(".expose_text()") || line.contains("::expose")
        })
    };
    let calling: BTreeSet<&str> = sources
        .iter()
        .filter(|source| !source.path.contains("/tests") && calls(source))
        .map(|source| source.path.as_str())
        .collect();
    let mut breaches = unsaid;
    breaches.extend(
        calling
            .difference(&listed)
            .map(|path| format!("calls expose and is not listed: {path}")),
    );
    breaches.extend(
        listed
            .difference(&calling)
            .map(|path| format!("listed and does not call it any more: {path}")),
    );
    verdict("ARCHITECTURE rule 3: tests/lints/expose.txt", breaches);
}

/// The lines of a source before its unit tests, without comments.
fn product_code(source: &Text) -> impl Iterator<Item = &str> {
    let end = source
        .text
        .lines()
        .position(|line| line.trim() == "#[cfg(test)]")
        .unwrap_or(usize::MAX);
    source
        .code()
        .take_while(move |(line, _)| *line <= end)
        .map(|(_, text)| text)
}

/// ARCHITECTURE rule 5: `lib.rs` is the crate's doc, its modules and few re-exports.
#[test]
fn lib_files_hold_no_logic() {
    let mut breaches = Vec::new();
    for source in sources()
        .into_iter()
        .filter(|source| source.path.ends_with("src/lib.rs"))
    {
        if !source.text.starts_with("//!") {
            breaches.push(format!("{}: no crate doc", source.path));
        }
        for (line, text) in source.code() {
            let word = text
                .trim_start()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ");
            if ["fn ", "struct ", "enum ", "impl ", "trait ", "static "]
                .iter()
                .any(|start| word.starts_with(start))
            {
                breaches.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    verdict(
        "ARCHITECTURE rule 5: lib.rs holds the doc, `mod` lines and few re-exports",
        breaches,
    );
}

/// ARCHITECTURE §6: a file over 400 lines explains itself in its header, with the word “long”.
#[test]
fn long_files_explain_themselves() {
    let long = sources()
        .into_iter()
        .chain(files("tests", &[".rs"]))
        .chain(files("ui/src", &[".svelte", ".ts"]));
    let breaches = long
        .filter(|source| !source.path.contains("/bindings/"))
        .filter(|source| product_code(source).count() > 400)
        .filter(|source| {
            !source.text.lines().take(40).any(|line| {
                line.trim_start().starts_with(['/', '*', '<']) && line.to_lowercase().contains("long")
            })
        })
        .map(|source| format!("{}: {} lines", source.path, source.text.lines().count()))
        .collect();
    verdict("ARCHITECTURE §6: over 400 lines and no word why", breaches);
}

/// A test that is switched off proves nothing; one that needs more than a plain machine says what (`#[ignore = "…"]`).
#[test]
fn no_test_is_switched_off() {
    let mut breaches = Vec::new();
    let marks = [
        concat!("#[ign", "ore]"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    for source in sources().into_iter().chain(files("tests", &[".rs"])) {
        for (line, text) in source.code() {
            if marks.iter().any(|mark| text.contains(mark)) {
                breaches.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    verdict("no test switched off without a reason, no stub", breaches);
}
