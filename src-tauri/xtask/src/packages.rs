//! The system packages: known by name, checked, and installed in one apt call.

use std::process::Stdio;

use crate::sh::{Fallible, command, has, run};

/// To build the window.
pub const BUILD: &[&str] = &[
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libssl-dev",
    "pkg-config",
];

/// To test it without a screen and with a real keychain.
pub const TEST: &[&str] = &[
    "age",
    "gnupg",
    "pass",
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "dbus",
    "dbus-x11",
    "gnome-keyring",
    "libsecret-tools",
    "xdotool",
    "x11-utils",
    "imagemagick",
    "fonts-dejavu-core",
    "openbox",
    "xclip",
    "chromium",
    "chromium-driver",
    "python3-cryptography",
    "python3-argon2",
    "strace",
];

/// What tests use where it is there, and what a machine of CI has: where an init runs, this package starts a server of
/// its own, which nobody wants on a desk.
const CI: &[&str] = &["dbconfig-sqlite3", "glewlwyd"];

/// All that the tests want of this machine.
pub fn for_tests() -> Vec<&'static str> {
    match std::env::var_os("CI") {
        Some(_) => [BUILD, TEST, CI].concat(),
        None => [BUILD, TEST].concat(),
    }
}

/// `cargo xtask packages [build|test]`
pub fn packages(args: &[String]) -> Fallible {
    match args.first().map(String::as_str) {
        None => install(&for_tests()),
        Some("build") => install(BUILD),
        Some("test") => install(TEST),
        Some(other) => Err(format!("no group of packages is called {other}: build, test").into()),
    }
}

/// Installs what is missing of `wanted`; silent when nothing is.
pub fn install(wanted: &[&str]) -> Fallible {
    if !has("dpkg-query") {
        if cfg!(target_os = "linux") {
            eprintln!(
                "This is no Debian or Ubuntu; what these packages bring must be there: {}",
                wanted.join(" ")
            );
        }
        return Ok(());
    }
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    // The lock time-out: another apt call that runs now would otherwise make ours fail at once.
    let line = format!(
        "apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends {}",
        missing.join(" ")
    );
    println!("{line}");
    let script = format!("apt-get -o DPkg::Lock::Timeout=300 update && {line}");
    let refused = || format!("system packages are missing; install them as root, then try again:\n  {line}");
    if command("id", &["-u"]).output()?.stdout == b"0\n" {
        run(command("sh", &["-c", &script]).env("DEBIAN_FRONTEND", "noninteractive"))
            .map_err(|_| refused())?;
    } else if has("sudo") {
        let silent = command("sudo", &["-n", "true"])
            .stderr(Stdio::null())
            .status()?
            .success();
        if !silent && std::env::var_os("CI").is_some() {
            // Nobody is there to type a password.
            return Err(refused().into());
        }
        let words = ["env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", &script];
        run(&mut command("sudo", &words)).map_err(|_| refused())?;
    } else {
        return Err(refused().into());
    }
    match wanted.iter().find(|package| !installed(package)) {
        None => Ok(()),
        Some(package) => Err(format!("{package} is still missing after its installation").into()),
    }
}

fn installed(package: &str) -> bool {
    command("dpkg-query", &["-W", "-f", "${db:Status-Status}", package])
        .output()
        .is_ok_and(|answer| answer.status.success() && answer.stdout == b"installed")
}
