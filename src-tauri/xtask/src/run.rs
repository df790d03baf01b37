//! `cargo xtask run`: from a clean clone to the window, or to the demo where there is no screen.

use keyward_tests::place::npm_ci;

use crate::sh::{Fallible, cargo, command, npm, root, run as sh, target_dir};
use crate::{demo, packages};

/// Builds and starts the desktop app; `args` go to it.
pub fn run(args: &[String]) -> Fallible {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        println!(
            "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so this is the demo instead of the window."
        );
        return demo::demo(&[]);
    }
    packages::install(packages::BUILD)?;
    npm_ci(&root().join("ui"))?;
    sh(&mut npm("ui", &["run", "build"]))?;
    sh(&mut cargo(&[
        "build",
        "--package",
        "keyward-desktop",
        "--features",
        "custom-protocol",
    ]))?;
    let app = target_dir().join("debug/keyward-desktop");
    sh(command(&app.to_string_lossy(), &[]).args(args))
}
