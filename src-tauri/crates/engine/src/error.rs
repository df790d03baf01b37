//! Why an act did not happen, and what the person can do.

use keyward_model::name::VaultName;
use keyward_oauth::error as oauth;
use keyward_vault::{error as vault, home::Home};

/// What the caller can do next; each has its exit status (CLI.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Report it: a fault of ours.
    Internal,
    /// Correct the input.
    Invalid,
    /// Ask for something else.
    NotFound,
    /// Unlock.
    Locked,
    /// Nothing: somebody said no.
    Denied,
    /// Look again: exists, in use, or changed meanwhile.
    Conflict,
    /// Ask a person for consent.
    NeedsConsent,
    /// Try later: the provider or the network failed.
    Provider,
    /// Restore: the file is damaged, forged, old or open to others.
    Corrupt,
    /// Mend the OS keychain, or use another way to unlock.
    Keychain,
}

impl Kind {
    /// The code of CLI.md, as the audit log writes it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Invalid => "usage",
            Self::NotFound => "not_found",
            Self::Locked => "locked",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::NeedsConsent => "needs_consent",
            Self::Provider => "provider",
            Self::Corrupt => "corrupt",
            Self::Keychain => "keychain",
        }
    }
}

/// An error with its explanation; no text in it ever holds a value, a token or a response body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What the caller can do next.
    pub kind: Kind,
    /// What happened, in one sentence.
    pub message: String,
    /// What the person can do; may be empty.
    pub hint: String,
}

/// Results of acts.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a hint.
    pub fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Invalid input.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message, "")
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(
            Kind::Internal,
            message,
            "This is a fault in Keyward. `keyward doctor` may tell more.",
        )
    }

    /// The vault is locked.
    #[must_use]
    pub fn locked() -> Self {
        Self::new(
            Kind::Locked,
            "The vault is locked.",
            "Unlock it in the app or with `keyward unlock`.",
        )
    }

    /// The vault was never made, or its file is gone: then the copies beside it are what there is.
    pub(crate) fn no_vault(name: &VaultName, home: &Home) -> Self {
        let copies = keyward_vault::backup::list(home, name).unwrap_or_default();
        // What a restore replaced may be what was damaged: a copy of a day goes before it.
        let daily = copies
            .iter()
            .find(|copy| copy.reason == keyward_vault::backup::Reason::Daily);
        let hint = match daily.or(copies.first()) {
            Some(newest) => format!(
                "Its file is gone; the newest copy of it is there: keyward --vault {name} restore {}",
                home.backups_dir(name).join(&newest.name).display()
            ),
            None => "Make one with `keyward init`.".to_owned(),
        };
        Self::new(
            Kind::NotFound,
            format!("There is no vault “{name}” in {}.", home.root().display()),
            hint,
        )
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        use vault::Error as V;
        let message = sentence(&error.to_string());
        let (kind, hint) = match &error {
            V::Locked => return Self::locked(),
            V::WrongKey => (
                Kind::Locked,
                "Check the keyboard layout and Caps Lock, then try again.",
            ),
            V::NotFound(_) => (Kind::NotFound, ""),
            V::Conflict(_) => (Kind::Conflict, ""),
            V::Exists(_) => (
                Kind::Conflict,
                "Choose another name with --vault, or use the vault that is there.",
            ),
            V::KeychainUnavailable(cause) => return Self::new(Kind::Keychain, message, cause.hint()),
            V::NotFresh(_) => (
                Kind::Corrupt,
                "If you restored an old copy on purpose, restore the newest one instead; otherwise somebody exchanged the file.",
            ),
            V::Corrupt(_) => (
                Kind::Corrupt,
                "Put the newest copy back (`keyward restore FILE`; a host keeps daily ones in backups/ beside the vault). `keyward doctor` names what is damaged.",
            ),
            V::Unsafe(_) => (
                Kind::Corrupt,
                "`keyward doctor --fix` puts modes right; an owner is changed with chown.",
            ),
            V::TooNew(_) => (
                Kind::Corrupt,
                "Update Keyward; the file was written by a newer version.",
            ),
            V::TooLarge => (Kind::Invalid, "A value may have up to 1 MiB."),
            V::Stopped => (Kind::Conflict, ""),
            V::Busy(_) => (Kind::Conflict, "Try again in a moment."),
            V::ReadOnly(_) => (
                Kind::Internal,
                "The disk or the file is read-only; reading goes on.",
            ),
            V::Storage(_) => (
                Kind::Internal,
                "Check free space and permissions of KEYWARD_HOME.",
            ),
            _ => (Kind::Internal, ""),
        };
        Self::new(kind, message, hint)
    }
}

impl From<oauth::Error> for Error {
    fn from(error: oauth::Error) -> Self {
        use oauth::Error as O;
        let clause = match &error {
            // O-33: their own words say most: which of an AADSTS number's hundreds it is.
            O::Permanent {
                description: Some(words),
                ..
            }
            | O::Config {
                description: Some(words),
                ..
            }
            | O::Denied {
                description: Some(words),
                ..
            } => format!("{error} ({words})"),
            _ => error.to_string(),
        };
        let message = sentence(&clause);
        let (kind, hint) = match &error {
            O::Transient { .. } => (Kind::Provider, "Nothing was lost; try again in a moment."),
            O::Permanent { .. } => (Kind::NeedsConsent, "Connect it again."),
            O::Config { oauth_error, .. } if oauth_error.starts_with("http_") => (
                Kind::Provider,
                "Compare the address with the provider's documentation; a redirect is not followed.",
            ),
            O::Config { .. } => (
                Kind::Provider,
                "Compare client id, secret, scopes and redirect address with the provider's page.",
            ),
            O::Denied { .. } => (
                Kind::Denied,
                "Connect again and approve, or ask the provider's administrator.",
            ),
            O::TimedOut => (
                Kind::Provider,
                "The provider did not answer in time; try again in a moment.",
            ),
            O::BadResponse { .. } => (
                Kind::Provider,
                "The provider's answer could not be read; check the token address.",
            ),
            O::BadEndpoint(_) | O::BadParameter(_) => (Kind::Invalid, ""),
            _ => (Kind::Internal, ""),
        };
        Self::new(kind, message, hint)
    }
}

/// Lower floors speak in clauses; people read sentences.
pub(crate) fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let mut text: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
