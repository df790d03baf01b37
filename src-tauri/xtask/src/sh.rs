//! Running other programs at the top of the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_tests::Trouble;
pub use keyward_tests::place::root;

/// What an act gives: nothing, or why it did not work.
pub type Fallible = Result<(), Trouble>;

/// A command that runs at the top of the checkout.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).args(args);
    command
}

/// The cargo that started us.
pub fn cargo(args: &[&str]) -> Command {
    command(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        args,
    )
}

/// npm in the folder `dir`, quiet about everything but errors.
pub fn npm(dir: &str, args: &[&str]) -> Command {
    let mut command = command("npm", args);
    command
        .current_dir(root().join(dir))
        .env("npm_config_loglevel", "error");
    command
}

/// Runs it with our own stdin, stdout and stderr.
pub fn run(command: &mut Command) -> Fallible {
    let said = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    let status = command
        .status()
        .map_err(|error| format!("`{said}` does not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{said}` ended with {status}").into())
    }
}

/// Whether a program of that name is on PATH.
pub fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// The folder cargo builds into.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(Path::new(&dir)))
}
