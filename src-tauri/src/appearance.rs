//! `KEYWARD_HOME/config.toml`: looks and nothing else (settings that protect are sealed, SECURITY §b.5).

use std::path::PathBuf;

use keyward_api::wire::Error;
use keyward_engine::home::{Home, write_private_atomic};
use serde::{Deserialize, Serialize};

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Where the window was, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// From the left of all displays; absent where the system does not tell (Wayland).
    pub x: Option<f64>,
    /// From the top.
    pub y: Option<f64>,
    /// Width of the content.
    pub width: f64,
    /// Height of the content.
    pub height: f64,
    /// Whether it filled its display; the rest is then the size to go back to.
    pub maximized: bool,
}

/// The content of `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looks {
    /// The theme.
    pub theme: Theme,
    /// Whether the sentence about closing without a tray was shown.
    pub close_notice_seen: bool,
    /// The vault that was shown last; absent before there was one.
    pub last_vault: Option<String>,
    /// Where the window was last.
    pub window: Option<Place>,
    /// What other versions wrote: kept.
    #[serde(flatten)]
    pub other: toml::Table,
}

impl Looks {
    /// Reads the file; one that is missing or damaged is as good as none: looks protect nothing.
    #[must_use]
    pub fn read(home: &Home) -> Self {
        let text = std::fs::read_to_string(path(home)).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Writes it (0600, atomically).
    ///
    /// # Errors
    /// `corrupt` when the folder is not ours alone, `internal` when the disk fails.
    pub fn write(&self, home: &Home) -> Result<(), Error> {
        let text = toml::to_string(self).map_err(|error| Error::usage(format!("config.toml: {error}")))?;
        Ok(write_private_atomic(&path(home), text.as_bytes()).map_err(keyward_engine::Error::from)?)
    }
}

fn path(home: &Home) -> PathBuf {
    home.root().join("config.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_survive_and_foreign_keys_stay() {
        let looks: Looks = toml::from_str("theme = \"dark\"\nlater = \"kept\"\n").unwrap();
        assert_eq!(looks.theme, Theme::Dark);
        let place = Place {
            x: Some(3.0),
            y: None,
            width: 900.0,
            height: 600.0,
            maximized: false,
        };
        let looks = Looks {
            window: Some(place),
            close_notice_seen: true,
            last_vault: Some("work".to_owned()),
            ..looks
        };
        let text = toml::to_string(&looks).unwrap();
        assert!(text.contains("later"), "{text}");
        assert_eq!(toml::from_str::<Looks>(&text).unwrap(), looks);
        assert_eq!(toml::from_str::<Looks>("").unwrap(), Looks::default());
    }
}
