//! `cargo xtask systems`: the sources against the systems that no test of ours runs on. Types and lints alone: nothing
//! is linked, so that neither their linkers nor their C compilers are needed.

use crate::sh::{Fallible, cargo, command, run};

/// Target, as rustc names it, and what of the workspace must hold there.
const SYSTEMS: [(&str, &[&str]); 2] = [
    (
        "aarch64-apple-darwin",
        &["--package", "keyward", "--package", "keyward-desktop"],
    ),
    (
        "x86_64-pc-windows-gnu",
        &["--package", "keyward", "--package", "keyward-desktop"],
    ),
];

/// Checks each of them; those that `args` name, where it names any.
pub fn systems(args: &[String]) -> Fallible {
    let mut missing = Vec::new();
    for (target, packages) in SYSTEMS {
        if !args.is_empty() && !args.iter().any(|wanted| wanted == target) {
            continue;
        }
        if !is_installed(target) {
            missing.push(target);
            continue;
        }
        println!("\n== {target}");
        let variable = |tool: &str| format!("{tool}_{}", target.replace('-', "_"));
        run(cargo(&["clippy", "--target", target])
            .args(packages)
            .args(["--", "--deny", "warnings"])
            // Stands in for the C compiler and the archiver, whose work nobody reads.
            .env(variable("CC"), "true")
            .env(variable("AR"), "true"))?;
    }
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(format!(
            "not checked; their standard library is missing: rustup target add {}",
            missing.join(" ")
        )
        .into()),
    }
}

fn is_installed(target: &str) -> bool {
    let library = command("rustc", &["--print", "target-libdir", "--target", target]).output();
    library.is_ok_and(|told| std::path::Path::new(String::from_utf8_lossy(&told.stdout).trim()).is_dir())
}
