//! What the environment says, read once.

use std::{env, path::PathBuf};

use keyward_api::wire::{Code, Error};

/// What was read.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Path of KEYWARD_HOME.
    pub home: PathBuf,
    /// XDG_RUNTIME_DIR.
    pub runtime: Option<PathBuf>,
    /// `$BROWSER`.
    pub browser: Option<String>,
    /// Whether there is somewhere to show a window; only Linux can be without.
    pub display: bool,
}

impl Surroundings {
    /// Reads the environment; touches no file.
    ///
    /// # Errors
    /// `usage` when there is no place for vaults.
    pub fn read() -> Result<Self, Error> {
        let path = |name| {
            env::var_os(name)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        let home = match path("KEYWARD_HOME") {
            Some(home) => {
                std::path::absolute(home).map_err(|error| Error::usage(format!("KEYWARD_HOME: {error}.")))?
            }
            None => keyward_engine::home::default_root(env::var_os("XDG_DATA_HOME"), env::home_dir())
                .ok_or_else(|| {
                    let hint = "Set KEYWARD_HOME to a folder.";
                    Error::new(Code::Usage, "There is no home folder to keep vaults in.", hint)
                })?,
        };
        Ok(Self {
            home,
            runtime: path("XDG_RUNTIME_DIR"),
            browser: env::var("BROWSER").ok().filter(|browser| !browser.is_empty()),
            display: !cfg!(target_os = "linux")
                || path("DISPLAY").is_some()
                || path("WAYLAND_DISPLAY").is_some(),
        })
    }
}

/// A release can be driven by WebDriver through one variable of the environment (§e): it is removed before anything
/// reads it. Builds for window tests have the feature `e2e` and keep it.
pub fn close_the_test_door() {
    if cfg!(feature = "e2e") {
        return;
    }
    for name in [
        "TAURI_WEBVIEW_AUTOMATION",
        "TAURI_AUTOMATION",
        "WEBKIT_INSPECTOR_SERVER",
        "WEBKIT_INSPECTOR_HTTP_SERVER",
    ] {
        #[expect(
            unsafe_code,
            reason = "called first in main: there is no other thread that could read the environment"
        )]
        unsafe {
            env::remove_var(name);
        }
    }
}
