//! The checkout as text, and how a broken rule is told.

use std::fs;
use std::path::Path;

use keyward_tests::place::root;

/// A file with its path from the top of the checkout.
pub struct Text {
    pub path: String,
    pub text: String,
}

impl Text {
    /// Lines with their numbers, without whole-line comments.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, line)| {
                let line = line.trim_start();
                !(line.starts_with("//")
                    || line.starts_with('*')
                    || line.starts_with("/*")
                    || line.starts_with("<!--"))
            })
    }
}

/// One file; panics when it is missing.
pub fn file(path: &str) -> Text {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Text {
        path: path.to_owned(),
        text,
    }
}

/// Every file below `folder` whose name ends in one of `endings`, sorted; what is built or installed is left out.
pub fn files(folder: &str, endings: &[&str]) -> Vec<Text> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut |path| {
        if endings.iter().any(|ending| path.ends_with(ending)) {
            found.push(file(path));
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&str)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !matches!(
                &*name,
                "node_modules" | "target" | "dist" | "gen" | ".git" | ".svelte-kit"
            ) {
                walk(&path, visit);
            }
        } else {
            visit(
                &path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/"),
            );
        }
    }
}

/// Fails with every breach at once.
pub fn verdict(rule: &str, breaches: Vec<String>) {
    assert!(breaches.is_empty(), "{rule}\n  {}", breaches.join("\n  "));
}

/// ARCHITECTURE §2: the top level stays as drawn.
#[test]
fn top_level_is_as_drawn() {
    const ALLOWED: &[&str] = &[
        "Cargo.toml",
        "Cargo.lock",
        "src-tauri",
        "ui",
        "icons",
        "tests",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        // Hidden configuration.
        ".cargo",
        ".ci",
        ".clippy.toml",
        ".config",
        ".deny.toml",
        ".git",
        ".gitattributes",
        ".gitignore",
        ".rustfmt.toml",
        // Built, not kept.
        "target",
    ];
    let names = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let breaches = names
        .filter(|name| !ALLOWED.contains(&name.as_str()) && !name.ends_with(".log"))
        .collect();
    verdict("ARCHITECTURE §2: nothing else lies at the top", breaches);
}
