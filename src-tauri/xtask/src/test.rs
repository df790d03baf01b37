//! `cargo xtask test`: everything that must hold on a clean clone, cheapest first.

use keyward_tests::place::{npm_ci, npm_support};

use crate::sh::{Fallible, cargo, has, npm, root, run};
use crate::stages::Stages;
use crate::{bindings, packages};

/// One selection for build, clippy, export and tests: another set of packages or features would build the tree twice.
const ALL: [&str; 3] = [
    "--workspace",
    "--features",
    "keyward-desktop/custom-protocol,keyward-desktop/e2e",
];

/// `cargo xtask test`; `args` go to nextest (a filter, for instance).
pub fn test(args: &[String]) -> Fallible {
    let mut stages = Stages::default();
    let result = every_stage(&mut stages, args);
    stages.finish(result)
}

/// `cargo xtask lint`
pub fn lint(_args: &[String]) -> Fallible {
    let mut stages = Stages::default();
    let result = format(&mut stages)
        .and_then(|()| house_rules(&mut stages))
        .and_then(|()| dependencies(&mut stages))
        .and_then(|()| user_interface(&mut stages))
        .and_then(|()| clippy(&mut stages));
    stages.finish(result)
}

fn every_stage(stages: &mut Stages, args: &[String]) -> Fallible {
    stages.stage("system packages", || packages::install(&packages::for_tests()))?;
    format(stages)?;
    house_rules(stages)?;
    dependencies(stages)?;
    user_interface(stages)?;
    stages.stage("ui: tests", || run(&mut npm("ui", &["run", "test"])))?;
    clippy(stages)?;
    // The app before its unit tests: both embed the page through the same files, which `generate_context!` writes where they are
    // not there yet. Compiled side by side on a clean clone, one of them may embed a half-written page.
    stages.stage("build", || run(cargo(&["build", "--bins"]).args(ALL)))?;
    stages.stage("build of the tests", || {
        run(cargo(&["build", "--tests"]).args(ALL))
    })?;
    stages.stage("bindings", || {
        let filter = [
            "--filterset",
            "package(keyward-api) & test(export_bindings)",
            "--status-level",
            "fail",
        ];
        bindings::check(cargo(&["nextest", "run"]).args(ALL).args(filter))
    })?;
    stages.stage("authorization server", || npm_support().map(drop))?;
    stages.stage("tests", || run(cargo(&["nextest", "run"]).args(ALL).args(args)))
}

fn format(stages: &mut Stages) -> Fallible {
    stages.stage("format", || {
        run(&mut cargo(&[
            "fmt",
            "--all",
            "--",
            "--check",
            "--files-with-diff",
        ]))
    })
}

fn house_rules(stages: &mut Stages) -> Fallible {
    stages.stage("house rules", || {
        run(&mut cargo(&[
            "test",
            "--quiet",
            "--package",
            "keyward-tests",
            "--test",
            "lints",
        ]))
    })
}

/// W-01: licences, sources and bans of the whole tree. The house rules know the bans alone.
fn dependencies(stages: &mut Stages) -> Fallible {
    stages.stage("dependencies", || {
        if !has("cargo-deny") {
            println!("Not checked: cargo-deny is not installed (cargo install --locked cargo-deny).");
            return Ok(());
        }
        run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]))
    })
}

/// The shell embeds `ui/dist`, so the UI is built before anything compiles the shell.
fn user_interface(stages: &mut Stages) -> Fallible {
    stages.stage("ui: packages", || npm_ci(&root().join("ui")))?;
    stages.stage("ui: lint", || run(&mut npm("ui", &["run", "lint"])))?;
    stages.stage("ui: types", || run(&mut npm("ui", &["run", "check"])))?;
    stages.stage("ui: build", || run(&mut npm("ui", &["run", "build"])))
}

fn clippy(stages: &mut Stages) -> Fallible {
    stages.stage("clippy", || {
        run(cargo(&["clippy", "--all-targets"])
            .args(ALL)
            .args(["--", "--deny", "warnings"]))
    })
}
