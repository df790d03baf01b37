//! `cargo xtask bench`: release builds of the command and of the floor, then the comparison of `tests/perf`.

use crate::sh::{Fallible, cargo, command, root, run};

/// `args` are the two sizes of the data sets; default 100 and 10 000.
pub fn bench(args: &[String]) -> Fallible {
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
