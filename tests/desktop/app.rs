//! The built app in a home of its own, on a screen of its own.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::display::Display;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::place;
use keyward_tests::process::{Guarded, wait_for};
use keyward_tests::webdriver::{Element, Window, again_if_stale};
use serde_json::Value;

/// How long anything of the window may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running window. Fields in the order of their end: the app, its home, its screen.
pub struct App {
    pub window: Window,
    pub home: Home,
    pub display: Display,
}

impl App {
    /// Starts the app in `home`; its browser is a person who consents at once.
    pub fn start(home: Home) -> Result<Self, Trouble> {
        Self::start_on(Display::start()?, home)
    }

    /// The same, on a screen that is there already.
    pub fn start_on(display: Display, home: Home) -> Result<Self, Trouble> {
        let browser = place::bin_dir()?.join("keyward-consent");
        Self::run(display, home, &browser.to_string_lossy())
    }

    /// The same, with another program as the browser.
    pub fn start_with(home: Home, browser: &str) -> Result<Self, Trouble> {
        Self::run(Display::start()?, home, browser)
    }

    fn run(display: Display, home: Home, browser: &str) -> Result<Self, Trouble> {
        if let Ok(theme) = std::env::var("KEYWARD_TEST_THEME") {
            // For a person who looks at the pictures.
            looks(&home, &format!("theme = \"{theme}\"\n"))?;
        }
        let home = home.var("BROWSER", browser);
        let window = Window::open(&display, &binary()?, &[], &home.environment())?;
        Ok(Self {
            window,
            home,
            display,
        })
    }

    /// Starts the app once more, as a person would who forgot that it runs.
    pub fn start_again(&self) -> Result<Guarded, Trouble> {
        start_plain(&self.home, &self.display)
    }

    /// The process of the host, as `keyward status` names it.
    pub fn pid(&self) -> Result<u32, Trouble> {
        host(&self.home)
    }

    /// Presses the button whose text or label begins with `name` (keys may be drawn behind it).
    pub fn press(&self, name: &str) -> Result<(), Trouble> {
        let mut last = None;
        // A dialog that fades still lies over everything for a moment.
        wait_for(
            "a button that nothing covers",
            Duration::from_secs(3),
            || match again_if_stale(|| self.window.click(&self.button(name)?)) {
                Err(error) if error.to_string().contains("intercepted") => {
                    last = Some(error);
                    None
                }
                done => Some(done),
            },
        )
        .unwrap_or_else(|error| Err(last.unwrap_or(error)))
    }

    /// Presses the button that shows a value, and proves to be the Owner: a vault with a passphrase asks for it (T-20).
    pub fn reveal(&self, name: &str) -> Result<(), Trouble> {
        self.press(name)?;
        self.window.find("[role=dialog] input[type=password]")?;
        self.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}"))
    }

    /// The value that stands in the open, once it has faded in: WebDriver reads nothing of what is still invisible.
    pub fn revealed(&self) -> Result<String, Trouble> {
        let shown = self.window.find(".well.clear .v")?;
        wait_for("a revealed value", PATIENCE, || {
            self.window.text(&shown).ok().filter(|text| !text.is_empty())
        })
    }

    /// The button whose text or label begins with `name`, once it can be pressed.
    pub fn button(&self, name: &str) -> Result<Element, Trouble> {
        self.window.find_xpath(&format!(
            "//*[(self::button or self::a or @role='button' or starts-with(@role,'menuitem')) and (starts-with(normalize-space(.),'{name}') or starts-with(@aria-label,'{name}')) and not(@aria-disabled='true') and not(@disabled)]"
        ))
    }

    /// Types into the field named `name`.
    pub fn fill(&self, name: &str, text: &str) -> Result<(), Trouble> {
        again_if_stale(|| self.window.keys(&self.window.field(name)?, text))
    }

    /// Everything the document holds, attributes included.
    pub fn markup(&self) -> Result<String, Trouble> {
        let markup = self
            .window
            .script("return document.documentElement.outerHTML", &[])?;
        Ok(markup.as_str().unwrap_or_default().to_owned())
    }

    /// Calls a command as the page does; the answer, or the error it was refused with.
    pub fn invoke(&self, command: &str, request: &Value) -> Result<Value, Trouble> {
        let answer = self.window.script(
            "return window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then((ok) => ({ ok }), (error) => ({ error }))",
            &[Value::from(command), request.clone()],
        )?;
        match answer.get("error") {
            Some(error) => Err(error.to_string().into()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// What the X clipboard holds, as any program sees it; `None` when nobody owns it.
    pub fn clipboard(&self, target: &str) -> Option<String> {
        let output = Command::new("xclip")
            .args(["-o", "-selection", "clipboard", "-t", target])
            .env("DISPLAY", self.display.name())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Another program copies `text`.
    pub fn copy_elsewhere(&self, text: &str) -> Result<(), Trouble> {
        let mut other = Command::new("xclip")
            .args(["-i", "-selection", "clipboard"])
            .env("DISPLAY", self.display.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        std::io::Write::write_all(
            &mut other.stdin.take().ok_or("stdin was asked for")?,
            text.as_bytes(),
        )?;
        // It goes on in the background, as the owner of what was copied, until the screen ends.
        other.wait()?;
        Ok(())
    }

    /// Keeps a picture of the screen in `$KEYWARD_TEST_PICTURES`, when a person wants to look.
    pub fn picture(&self, name: &str) -> Result<(), Trouble> {
        let Some(folder) = std::env::var_os("KEYWARD_TEST_PICTURES").map(PathBuf::from) else {
            return Ok(());
        };
        // Fades take up to 260 ms.
        std::thread::sleep(Duration::from_millis(600));
        std::fs::create_dir_all(&folder)?;
        self.display.picture(&folder.join(format!("{name}.png")))
    }
}

/// The built app. `cargo xtask test` builds it with the feature `e2e`, without which WebDriver is shut out.
pub fn binary() -> Result<PathBuf, Trouble> {
    let path = place::bin_dir()?.join("keyward-desktop");
    if !path.exists() {
        let built = Command::new("cargo")
            .current_dir(place::root())
            .args([
                "build",
                "--quiet",
                "--package",
                "keyward-desktop",
                "--features",
                "e2e,custom-protocol",
            ])
            .status()?;
        if !built.success() {
            return Err("the app is not built, and its build failed".into());
        }
    }
    Ok(path)
}

/// Writes `config.toml`, private as it must be.
pub fn looks(home: &Home, text: &str) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt;
    let path = home.keyward_home().join("config.toml");
    std::fs::write(&path, text)?;
    Ok(std::fs::set_permissions(
        &path,
        std::fs::Permissions::from_mode(0o600),
    )?)
}

/// The app without a driver.
pub fn start_plain(home: &Home, display: &Display) -> Result<Guarded, Trouble> {
    Guarded::start(
        Command::new(binary()?)
            .env_clear()
            .envs(home.environment())
            .env("DISPLAY", display.name())
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )
}

/// The process that serves `home`.
pub fn host(home: &Home) -> Result<u32, Trouble> {
    let status = home
        .keyward(&["status", "--json"])
        .passphrase(None)
        .output()?
        .json()?;
    let pid = status["host"]["pid"]
        .as_u64()
        .ok_or_else(|| format!("no host: {status}"))?;
    Ok(u32::try_from(pid)?)
}

/// Waits for a process that is not our child to end.
pub fn ended(pid: u32, limit: Duration) -> Result<(), Trouble> {
    let stat = format!("/proc/{pid}/stat");
    wait_for("the end of the app", limit, || {
        match std::fs::read_to_string(&stat) {
            // A zombie has ended; its parent, the driver, reaps it later.
            Ok(line) => line.rsplit(") ").next()?.starts_with('Z').then_some(()),
            Err(_) => Some(()),
        }
    })
}

/// Waits for a child to end.
pub fn exit_of(child: &mut Guarded, limit: Duration) -> Result<ExitStatus, Trouble> {
    wait_for("the end of the process", limit, || {
        child.0.try_wait().ok().flatten()
    })
}
