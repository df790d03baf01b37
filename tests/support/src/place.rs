//! Where things lie: the checkout, the built binaries, the npm folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Trouble;

/// The top of the checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"))
}

/// The folder of built binaries that this very program came from (`target/debug` as a rule).
///
/// # Errors
/// When the running program's own path cannot be told.
pub fn bin_dir() -> Result<PathBuf, Trouble> {
    let exe = std::env::current_exe()?;
    let dir = exe.parent().ok_or("a program lies in a folder")?;
    Ok(if dir.ends_with("deps") {
        dir.parent().unwrap_or(dir).to_path_buf()
    } else {
        dir.to_path_buf()
    })
}

/// A built binary of the workspace. Built now when it is missing; `cargo xtask test` has built it before.
///
/// # Errors
/// When the build fails.
pub fn binary(package: &str, name: &str) -> Result<PathBuf, Trouble> {
    let path = bin_dir()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let built = Command::new("cargo")
            .current_dir(root())
            .args(["build", "--quiet", "--package", package, "--bin", name])
            .status()?;
        if !built.success() || !path.exists() {
            return Err(format!(
                "{name} is not built and `cargo build --package {package}` did not build it"
            )
            .into());
        }
    }
    Ok(path)
}

/// The built `keyward`.
///
/// # Errors
/// When it is missing and its build fails.
pub fn keyward() -> Result<&'static Path, Trouble> {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = PATH.get() {
        return Ok(path);
    }
    let path = binary("keyward", "keyward")?;
    Ok(PATH.get_or_init(|| path))
}

/// The folder of the npm package that carries the authorization server, installed when it is not yet.
///
/// # Errors
/// When npm is missing or fails.
pub fn npm_support() -> Result<PathBuf, Trouble> {
    let dir = root().join("tests/support");
    npm_ci(&dir)?;
    Ok(dir)
}

/// Runs `npm ci` in `dir`, unless `node_modules` already comes from this very lock file.
///
/// # Errors
/// When npm is missing or fails.
pub fn npm_ci(dir: &Path) -> Result<(), Trouble> {
    // Tests are processes of their own and may come here at once: one installs, the others wait and find it done.
    let gate = std::fs::File::open(dir.join("package-lock.json"))?;
    gate.lock()?;
    let lock = std::fs::read(dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.keyward-lock");
    if std::fs::read(&stamp).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    let status = Command::new("npm")
        .current_dir(dir)
        .env("npm_config_loglevel", "error")
        .args(["ci", "--no-audit", "--no-fund"])
        .stdout(std::process::Stdio::null())
        .status()
        .map_err(|error| format!("npm does not start ({error}); Node 20 or newer is needed"))?;
    if !status.success() {
        return Err(format!("`npm ci` in {} failed", dir.display()).into());
    }
    std::fs::write(stamp, lock)?;
    Ok(())
}
