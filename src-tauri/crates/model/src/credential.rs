//! Custom credentials: several named values that belong together (AM11).

use std::time::Duration;

use crate::{Id, Timestamp, name::Handle, secret::TRASH_KEEPS};

/// How long a Credential in the trash, and a variable that was taken out of one, can be had back: 30 days.
pub const KEPT: Duration = TRASH_KEEPS;

/// Most variables of one Credential: its metadata stays far below the size of a record.
pub const MAX_VARIABLES: usize = 500;

/// A Credential's metadata; its values live in the versions of its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Identity of the record.
    pub id: Id,
    /// The referable key; never changes (PV5).
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// Free text, may hold many lines.
    pub description: String,
    /// The environment it belongs to.
    pub environment: Id,
    /// In the order the Owner gave them.
    pub variables: Vec<Variable>,
    /// What was taken out of it lately, oldest first: still to be had back.
    pub removed: Vec<Removed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a value or anything else last changed.
    pub updated_at: Timestamp,
    /// When it was put into the trash.
    pub deleted_at: Option<Timestamp>,
}

/// One named value of a Credential, without the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Identity, which its versions belong to; not that of a record.
    pub id: Id,
    /// The FIELD of references to it; unique in its Credential without regard to case.
    pub name: Handle,
    /// Free text for people.
    pub description: String,
    /// Whether faces hide the value until asked.
    pub masked: bool,
    /// Number of the current value, from 1.
    pub version: u32,
    /// Record of the current value.
    pub current: Id,
    /// Length of the current value, in bytes.
    pub bytes: u32,
    /// Name of the file that the current value was read from.
    pub file: Option<String>,
}

/// A variable that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// As it was.
    pub variable: Variable,
    /// When it was taken out.
    pub at: Timestamp,
}

impl Credential {
    /// The variable of this name.
    #[must_use]
    pub fn variable(&self, name: &Handle) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == *name)
    }

    /// The variable that was taken out of it last under this name.
    #[must_use]
    pub fn removed(&self, name: &Handle) -> Option<&Variable> {
        let found = self
            .removed
            .iter()
            .rev()
            .find(|removed| removed.variable.name == *name)?;
        Some(&found.variable)
    }
}

/// Two names of one Credential that differ at most in the case of letters.
///
/// Environment variables of some systems and columns of most databases do not tell such names apart, so they are
/// refused, as such keys are (CLI.md).
#[must_use]
pub fn repeated<'a>(names: impl IntoIterator<Item = &'a Handle>) -> Option<(&'a Handle, &'a Handle)> {
    let mut seen: std::collections::HashMap<String, &Handle> = std::collections::HashMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.as_str().to_ascii_lowercase(), name) {
            return Some((first, name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<Handle> {
        texts.iter().map(|text| Handle::parse(text).unwrap()).collect()
    }

    #[test]
    fn am11_names_that_differ_only_in_case_are_the_same() {
        let check = |texts: &[&str], expect: Option<(&str, &str)>| {
            let names = names(texts);
            let found = repeated(&names).map(|(one, other)| (one.as_str(), other.as_str()));
            assert_eq!(found, expect, "{texts:?}");
        };
        check(&[], None);
        check(&["host", "port", "HOST_"], None);
        check(&["host", "port", "Host"], Some(("host", "Host")));
        check(&["a", "a"], Some(("a", "a")));
    }

    /// AM11: a variable is found by its name; of several that were taken out under one name, the last one counts.
    #[test]
    fn am11_variables_are_found_by_name() {
        let variable = |text: &str, bytes: u32| Variable {
            id: Id::from_bytes([1; 16]),
            name: Handle::parse(text).unwrap(),
            description: String::new(),
            masked: true,
            version: 1,
            current: Id::from_bytes([2; 16]),
            bytes,
            file: None,
        };
        let removed = |text: &str, bytes: u32, at: i64| Removed {
            variable: variable(text, bytes),
            at: Timestamp(at),
        };
        let credential = Credential {
            id: Id::from_bytes([3; 16]),
            key: Handle::parse("DB").unwrap(),
            name: String::new(),
            description: String::new(),
            environment: Id::from_bytes([4; 16]),
            variables: vec![variable("host", 1), variable("port", 2)],
            removed: vec![removed("user", 3, 1), removed("user", 4, 2)],
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            deleted_at: None,
        };
        let name = |text: &str| Handle::parse(text).unwrap();
        let bytes = |found: Option<&Variable>| found.map(|variable| variable.bytes);
        assert_eq!(bytes(credential.variable(&name("port"))), Some(2));
        assert_eq!(bytes(credential.variable(&name("user"))), None);
        assert_eq!(bytes(credential.removed(&name("user"))), Some(4));
        assert_eq!(bytes(credential.removed(&name("host"))), None);
    }
}
