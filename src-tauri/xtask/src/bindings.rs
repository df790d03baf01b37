//! The TypeScript shapes of `api/wire`, made by ts-rs, committed, and compared by the tests (ARCHITECTURE rule 9).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use keyward_tests::Trouble;

use crate::sh::{Fallible, cargo, root, run};

/// Where the committed bindings lie.
const FOLDER: &str = "ui/src/host/bindings";

/// `cargo xtask bindings [--check]`
pub fn bindings(args: &[String]) -> Fallible {
    let mut test = cargo(&[
        "test",
        "--quiet",
        "--package",
        "keyward-api",
        "--lib",
        "export_bindings",
    ]);
    match args.first().map(String::as_str) {
        None => {
            let made = make(&mut test)?;
            let folder = root().join(FOLDER);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            for (name, text) in &made {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().ok_or("a file lies in a folder")?)?;
                fs::write(path, text)?;
            }
            println!("{} files in {FOLDER}", made.len());
            Ok(())
        }
        Some("--check") => check(&mut test),
        Some(other) => Err(format!("bindings does not know {other}: --check").into()),
    }
}

/// Fails when the committed bindings differ from what `exporter` makes now.
pub fn check(exporter: &mut Command) -> Fallible {
    let made = make(exporter)?;
    let known = read(&root().join(FOLDER))?;
    let names: std::collections::BTreeSet<&String> = made.keys().chain(known.keys()).collect();
    let stale: Vec<&str> = names
        .into_iter()
        .filter(|name| made.get(*name) != known.get(*name))
        .map(String::as_str)
        .collect();
    if stale.is_empty() {
        println!("{} bindings are up to date", made.len());
        return Ok(());
    }
    Err(format!(
        "stale in {FOLDER}: {}; `cargo xtask bindings` writes them anew",
        stale.join(", ")
    )
    .into())
}

/// Runs the exporter (the tests that ts-rs derives) into a folder of its own and reads what it wrote.
fn make(exporter: &mut Command) -> Result<BTreeMap<String, String>, Trouble> {
    let dir = tempfile::tempdir()?;
    run(exporter.env("TS_RS_EXPORT_DIR", dir.path()))?;
    let made = read(dir.path())?;
    if made.is_empty() {
        Err("no bindings were made".into())
    } else {
        Ok(made)
    }
}

/// Every file below `dir` by its path, line ends made equal.
fn read(dir: &Path) -> Result<BTreeMap<String, String>, Trouble> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir)?.to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path)?.replace("\r\n", "\n"));
            }
        }
    }
    Ok(files)
}
