//! Names a person can refer by: the grammar of CLI.md "Keys, names, references".
//!
//! Every type here can only be made through `parse`, so a value of the type is always well formed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The kind of name a [`NameError`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A [`Handle`].
    Key,
    /// An [`EnvironmentName`].
    Environment,
    /// An [`AppName`].
    App,
    /// A [`VaultName`].
    Vault,
}

impl NameKind {
    /// The whole rule in one sentence.
    pub fn rule(self) -> &'static str {
        match self {
            NameKind::Key => {
                "a key starts with a letter or _ and holds only A-Z a-z 0-9 _ and -, at most 128 characters"
            }
            NameKind::Environment => {
                "an environment starts with a-z and holds only a-z 0-9 and -, at most 32 characters"
            }
            NameKind::App => "an app starts with a-z and holds only a-z 0-9 and -, at most 64 characters",
            NameKind::Vault => {
                "a vault's name starts with a letter or _ and holds only A-Z a-z 0-9 _ and -, at most 128 characters"
            }
        }
    }

    fn longest(self) -> usize {
        match self {
            NameKind::Key | NameKind::Vault => 128,
            NameKind::Environment => 32,
            NameKind::App => 64,
        }
    }

    fn may_start(self, c: char) -> bool {
        match self {
            NameKind::Key | NameKind::Vault => c.is_ascii_alphabetic() || c == '_',
            NameKind::Environment | NameKind::App => c.is_ascii_lowercase(),
        }
    }

    fn may_hold(self, c: char) -> bool {
        match self {
            NameKind::Key | NameKind::Vault => c.is_ascii_alphanumeric() || c == '_' || c == '-',
            NameKind::Environment | NameKind::App => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        }
    }

    fn check(self, text: &str) -> Result<(), NameError> {
        let fault = |fault| Err(NameError { kind: self, fault });
        let mut length = 0;
        for c in text.chars() {
            length += 1;
            if length == 1 && !self.may_start(c) {
                return fault(NameFault::First(c));
            }
            if !self.may_hold(c) {
                return fault(NameFault::Character {
                    found: c,
                    position: length,
                });
            }
        }
        match length {
            0 => fault(NameFault::Empty),
            n if n > self.longest() => fault(NameFault::TooLong(n)),
            _ if self == NameKind::Vault && is_device_name(text) => fault(NameFault::Device),
            _ => Ok(()),
        }
    }
}

/// Windows opens a device instead of a folder of such a name; vaults move between systems, so it is refused everywhere.
fn is_device_name(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "con" | "prn" | "aux" | "nul")
        || (lower.len() == 4
            && (lower.starts_with("com") || lower.starts_with("lpt"))
            && matches!(lower.as_bytes()[3], b'1'..=b'9'))
}

/// Which part of the rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum NameFault {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// The first character may not start such a name.
    #[error("starts with {0:?}")]
    First(char),
    /// A later character is not allowed.
    #[error("has {found:?} as character {position}")]
    Character {
        /// The character.
        found: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// It has this many characters, more than the rule allows.
    #[error("has {0} characters")]
    TooLong(usize),
    /// The name means a device on Windows.
    #[error("is the name of a device on Windows")]
    Device,
}

/// A name that does not follow its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("{}: this one {fault}", kind.rule())]
pub struct NameError {
    /// What the name was meant for.
    pub kind: NameKind,
    /// What is wrong with it.
    pub fault: NameFault,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// Reads a name. Errors say which part of the rule was broken.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                $kind.check(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }
    };
}

name!(
    /// The unique, immutable, referable key of a thing: `[A-Za-z_][A-Za-z0-9_-]{0,127}`, case-sensitive.
    Handle,
    NameKind::Key
);
name!(
    /// The name of an environment: `[a-z][a-z0-9-]{0,31}`.
    EnvironmentName,
    NameKind::Environment
);
name!(
    /// The name of an application: `[a-z][a-z0-9-]{0,63}`.
    AppName,
    NameKind::App
);
name!(
    /// The name of a vault, which is also its folder's name: as a [`Handle`], but no device name of Windows.
    VaultName,
    NameKind::Vault
);

impl Default for EnvironmentName {
    /// `default`: the one environment of a new vault.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Default for VaultName {
    /// `default`: the vault used when none is named.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Handle {
    /// True when the two differ at most in the case of letters; such a second key is a conflict.
    pub fn same_ignoring_case(&self, other: &Handle) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Proposes a key for a thing named in free text: `Stripe live key` gives `STRIPE_LIVE_KEY`.
    /// `None` when the text has no letter or digit that a key could hold.
    pub fn propose(name: &str) -> Option<Handle> {
        let mut key = String::new();
        let mut gap = false;
        for c in name.chars() {
            let letters = spelled_in_ascii(c);
            if letters.is_empty() {
                // An apostrophe joins ("Bob's" gives BOBS); everything else separates.
                gap |= !matches!(c, '\'' | '\u{2019}');
                continue;
            }
            if gap && !key.is_empty() {
                key.push('_');
            }
            gap = false;
            if key.is_empty() && letters.starts_with(|c: char| c.is_ascii_digit()) {
                key.push('_');
            }
            key.push_str(&letters);
        }
        key.truncate(NameKind::Key.longest());
        Handle::parse(key.trim_end_matches('_')).ok()
    }
}

/// The capital ASCII spelling of a letter or digit; empty when it has none here.
fn spelled_in_ascii(c: char) -> String {
    if c.is_ascii_alphanumeric() {
        return c.to_ascii_uppercase().to_string();
    }
    let spelling = match c {
        'ä' | 'Ä' | 'æ' | 'Æ' => "AE",
        'à'..='å' | 'À'..='Å' | 'ā' | 'ą' | 'ă' => "A",
        'ç' | 'Ç' | 'ć' | 'č' | 'Č' => "C",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ę' | 'ě' => "E",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' => "I",
        'ł' | 'Ł' => "L",
        'ñ' | 'Ñ' | 'ń' | 'ň' => "N",
        'ö' | 'Ö' | 'œ' | 'Œ' => "OE",
        'ò'..='õ' | 'Ò'..='Õ' | 'ø' | 'Ø' | 'ō' | 'ő' => "O",
        'ř' | 'Ř' => "R",
        'ß' => "SS",
        'ś' | 'š' | 'Š' | 'ş' => "S",
        'ü' | 'Ü' => "UE",
        'ù'..='û' | 'Ù'..='Û' | 'ū' | 'ů' | 'ű' => "U",
        'ý' | 'ÿ' | 'Ý' => "Y",
        'ź' | 'ż' | 'ž' | 'Ž' => "Z",
        _ => "",
    };
    spelling.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<(), NameFault>) {
        assert_eq!(
            Handle::parse(text).map(drop).map_err(|e| e.fault),
            expect,
            "{text:?}"
        );
    }

    /// CLI.md: HANDLE = [A-Za-z_][A-Za-z0-9_-]{0,127}
    #[test]
    fn handles_follow_the_grammar() {
        check("STRIPE_KEY", Ok(()));
        check("_", Ok(()));
        check("a-b_C9", Ok(()));
        check(&"k".repeat(128), Ok(()));
        check("", Err(NameFault::Empty));
        check("9lives", Err(NameFault::First('9')));
        check("-a", Err(NameFault::First('-')));
        check("é", Err(NameFault::First('é')));
        check(
            "DB PASS",
            Err(NameFault::Character {
                found: ' ',
                position: 3,
            }),
        );
        check(
            "a.b",
            Err(NameFault::Character {
                found: '.',
                position: 2,
            }),
        );
        check(
            "a\u{0}",
            Err(NameFault::Character {
                found: '\0',
                position: 2,
            }),
        );
        check(&"k".repeat(129), Err(NameFault::TooLong(129)));
    }

    /// CLI.md: ENV = [a-z][a-z0-9-]{0,31}, APP = [a-z][a-z0-9-]{0,63}
    #[test]
    fn environments_apps_and_vaults_follow_theirs() {
        assert!(EnvironmentName::parse("prod-2").is_ok());
        assert!(EnvironmentName::parse(&"e".repeat(32)).is_ok());
        for bad in ["", "Prod", "2prod", "-p", "a_b", ".", &"e".repeat(33)] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(AppName::parse(&"a".repeat(64)).is_ok());
        for bad in ["", "GitHub", "a_b", "@a", &"a".repeat(65)] {
            assert!(AppName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(VaultName::parse("Work_2").is_ok());
        for bad in ["", ".", "..", "a/b", "a\\b", "CON", "lpt1"] {
            assert!(VaultName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(VaultName::parse("com0").is_ok());
        assert_eq!(EnvironmentName::parse("default"), Ok(EnvironmentName::default()));
        assert_eq!(VaultName::parse("default"), Ok(VaultName::default()));
    }

    #[test]
    fn the_message_names_the_rule_and_the_fault() {
        assert_eq!(
            Handle::parse("DB PASS").unwrap_err().to_string(),
            "a key starts with a letter or _ and holds only A-Z a-z 0-9 _ and -, at most 128 characters: \
             this one has ' ' as character 3"
        );
    }

    #[test]
    fn keys_that_differ_only_in_case_are_the_same_ignoring_case() {
        let key = |text| Handle::parse(text).unwrap();
        assert!(key("Db").same_ignoring_case(&key("DB")));
        assert!(!key("DB").same_ignoring_case(&key("DB_")));
    }

    #[test]
    fn proposals() {
        let check = |name: &str, expect: Option<&str>| {
            assert_eq!(
                Handle::propose(name).as_ref().map(Handle::as_str),
                expect,
                "{name:?}"
            );
        };
        check("Stripe live key", Some("STRIPE_LIVE_KEY"));
        check("  db-password (old) ", Some("DB_PASSWORD_OLD"));
        check("3rd party", Some("_3RD_PARTY"));
        check("Bob's token", Some("BOBS_TOKEN"));
        check("Clé secrète für Öl", Some("CLE_SECRETE_FUER_OEL"));
        check("密碼", None);
        check("--", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(text in "[A-Za-z_][A-Za-z0-9_-]{0,127}") {
            let handle = Handle::parse(&text).unwrap();
            prop_assert_eq!(Handle::parse(&handle.to_string()), Ok(handle));
        }

        #[test]
        fn nothing_panics_and_proposals_are_keys(text in any::<String>()) {
            let _ = (EnvironmentName::parse(&text), AppName::parse(&text), VaultName::parse(&text));
            let accepted = Handle::parse(&text).is_ok();
            let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
            let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            prop_assert_eq!(accepted, first && rest && text.len() <= 128);
            if let Some(handle) = Handle::propose(&text) {
                prop_assert!(Handle::parse(handle.as_str()).is_ok());
            }
        }
    }
}
