//! The project's own commands. `cargo xtask` alone lists them.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: it reads arguments, environment and clock"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a face: it speaks to a person"
)]

mod bench;
mod bindings;
mod demo;
mod packages;
mod run;
mod sh;
mod soak;
mod stages;
mod systems;
mod test;

use std::process::ExitCode;

use sh::Fallible;

type Act = fn(&[String]) -> Fallible;

const MENU: [(&str, &str, Act); 9] = [
    (
        "run",
        "system packages, UI, then the desktop app; without a display the demo",
        run::run,
    ),
    ("test", "everything that must hold, cheapest first", test::test),
    (
        "demo",
        "the main job without a screen, on real parts, in a temporary home",
        demo::demo,
    ),
    (
        "bench",
        "compares whole processes with the least a program could do; sizes as arguments (100 10000)",
        bench::bench,
    ),
    (
        "soak",
        "the fuzz targets for long; minutes as argument (10), then a seed to repeat",
        soak::soak,
    ),
    ("lint", "format, house rules and clippy", test::lint),
    (
        "systems",
        "types and lints for macOS and Windows, where nothing is run; targets as arguments",
        systems::systems,
    ),
    (
        "bindings",
        "writes the TypeScript of api/wire; --check compares only",
        bindings::bindings,
    ),
    (
        "packages",
        "installs the system packages that are missing: build | test (default both)",
        packages::packages,
    ),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted = args.first().map(String::as_str).unwrap_or_default();
    let Some((_, _, act)) = MENU.iter().find(|(name, _, _)| *name == wanted) else {
        eprintln!("cargo xtask COMMAND\n");
        for (name, what, _) in MENU {
            eprintln!("  {name:<10}{what}");
        }
        return if matches!(wanted, "" | "help" | "-h" | "--help") {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    };
    match act(&args[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("xtask: {trouble}");
            ExitCode::FAILURE
        }
    }
}
