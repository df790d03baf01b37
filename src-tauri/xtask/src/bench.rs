//! `cargo xtask bench`: release builds of the command and of the floor, then the comparison of `tests/perf`.

use crate::sh::{Fallible, cargo, command, npm, root, run};

/// `args` are the two sizes of the data sets; default 100 and 10 000. `window` first holds the window against an empty one
/// instead, at sizes of 10 000 and 100 000.
pub fn bench(args: &[String]) -> Fallible {
    if let Some((first, sizes)) = args.split_first()
        && first == "window"
    {
        return window(sizes);
    }
    run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "keyward",
        "--package",
        "keyward-perf",
    ]))?;
    let bins = root().join("target/release");
    let bench = bins.join("keyward-bench");
    run(command(&bench.to_string_lossy(), &[&bins.to_string_lossy()]).args(args))
}

/// A release shuts WebDriver out: what is typed is typed into the app that the tests drive. Its pages are the same.
fn window(sizes: &[String]) -> Fallible {
    run(&mut npm("ui", &["run", "build"]))?;
    run(&mut cargo(&[
        "build",
        "--package",
        "keyward-desktop",
        "--features",
        "custom-protocol,e2e",
    ]))?;
    run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "keyward",
        "--package",
        "keyward-desktop",
        "--package",
        "keyward-perf",
        "--features",
        "keyward-desktop/custom-protocol,keyward-perf/window",
    ]))?;
    let target = root().join("target");
    let bench = target.join("release/keyward-window");
    let driven = target.join("debug/keyward-desktop");
    run(command(&bench.to_string_lossy(), &[&driven.to_string_lossy()]).args(sizes))
}
