//! A screen nobody sees: Xvfb on a free display number.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Trouble;
use crate::process::{Guarded, Lines};

/// A running X server of 1280×800; it ends with this value.
#[derive(Debug)]
pub struct Display {
    number: u32,
    _server: Guarded,
}

impl Display {
    /// Starts Xvfb, which chooses the number itself (no race for one).
    ///
    /// # Errors
    /// When Xvfb is not installed or is not up within 20 s.
    pub fn start() -> Result<Self, Trouble> {
        let mut server = Guarded::start(
            Command::new("Xvfb")
                .args([
                    "-displayfd",
                    "1",
                    "-screen",
                    "0",
                    "1280x800x24",
                    "-nolisten",
                    "tcp",
                    "-noreset",
                ])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let mut lines = Lines::of(server.0.stdout.take().ok_or("stdout was asked for")?);
        let number = lines.find("display number", Duration::from_secs(20), |line| {
            line.trim().parse().ok()
        })?;
        Ok(Self {
            number,
            _server: server,
        })
    }

    /// What DISPLAY must be.
    #[must_use]
    pub fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// A picture of the whole screen as PNG (needs ImageMagick's `import`).
    ///
    /// # Errors
    /// When the picture cannot be taken.
    pub fn picture(&self, to: &Path) -> Result<(), Trouble> {
        let status = Command::new("import")
            .args(["-display", &self.name(), "-window", "root"])
            .arg(to)
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err("no picture of the screen".into())
        }
    }
}
