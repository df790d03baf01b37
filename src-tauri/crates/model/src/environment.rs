//! Environments: named scopes inside a vault.

use crate::{Id, Timestamp, name::EnvironmentName};

/// The environment every new vault has.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// A named scope inside a vault; a Handle is unique within one (PV1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Identity of the record.
    pub id: Id,
    /// Unique in the vault.
    pub name: EnvironmentName,
    /// “Treat as production”: the window shows the red strip.
    pub production: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Colour of its dot; none: by its name. Production is red whatever was chosen.
    pub colour: Option<Colour>,
}

/// Colours of an environment's dot; never the only signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The quiet one.
    Grey,
    /// As development has it by itself.
    Blue,
    /// As staging has it by itself.
    Violet,
    /// Blue-green.
    Teal,
    /// Orange-yellow.
    Amber,
    /// Red-violet.
    Pink,
}

impl Colour {
    /// All of them, in the order faces offer them.
    pub const ALL: [Self; 6] = [
        Self::Grey,
        Self::Blue,
        Self::Violet,
        Self::Teal,
        Self::Amber,
        Self::Pink,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Blue => "blue",
            Self::Violet => "violet",
            Self::Teal => "teal",
            Self::Amber => "amber",
            Self::Pink => "pink",
        }
    }

    /// The colour of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.as_str() == name)
    }
}

/// What changes about an environment; its name never does, as References name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// “Treat as production”.
    pub production: Option<bool>,
    /// Colour of its dot; `Some(None)` leaves it to its name.
    pub colour: Option<Option<Colour>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_colour_is_read_by_its_own_name() {
        for colour in Colour::ALL {
            assert_eq!(Colour::parse(colour.as_str()), Some(colour));
        }
        let names: std::collections::HashSet<_> = Colour::ALL.map(Colour::as_str).into();
        assert_eq!(names.len(), Colour::ALL.len());
        assert_eq!(Colour::parse("Grey"), None);
    }
}
