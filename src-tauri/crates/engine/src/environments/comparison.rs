//! Two environments side by side: which keys exist where, and whether their values are the same.

use std::collections::BTreeMap;

use keyward_model::{credential::Credential, name::Handle};
use keyward_vault::{
    error as store,
    table::{
        credentials,
        items::{self, Item},
        secrets,
    },
    tx::Tx,
};

use super::find;
use crate::{
    Engine, Result,
    access::{self, Act, Caller},
};

/// Kinds of things that a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// One value.
    Secret,
    /// Values that belong together.
    Credential,
    /// Tokens that are kept fresh.
    Connection,
}

/// Whether two values are the same; the values themselves are told to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Byte for byte.
    Same,
    /// In at least one byte.
    Different,
}

/// One key in two environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The key.
    pub key: Handle,
    /// What it names in the first environment, if anything.
    pub first: Option<ItemKind>,
    /// What it names in the second.
    pub second: Option<ItemKind>,
    /// How the values compare, where both are of a kind whose values can be compared: tokens differ always.
    pub values: Option<Values>,
}

/// Which part of a comparison is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Only keys that come after this one; empty: from the first on.
    pub after: &'a str,
    /// At most so many.
    pub limit: usize,
}

impl Page<'_> {
    /// All of it.
    pub const WHOLE: Self = Self {
        after: "",
        limit: usize::MAX,
    };
}

/// Compares two environments, by key. Values are compared in here and leave as “same” or “different” alone.
///
/// # Errors
/// [`crate::Kind::NotFound`] for an environment.
pub fn compare(
    engine: &Engine,
    caller: &Caller,
    first: &str,
    second: &str,
    page: Page<'_>,
) -> Result<Vec<Compared>> {
    access::authorize(caller, Act::Read)?;
    let (first, second) = (find(engine, first)?, find(engine, second)?);
    let compared = engine.unlocked()?.read(|tx| {
        let mut keys: BTreeMap<Handle, [Option<Item>; 2]> = BTreeMap::new();
        for (side, environment) in [&first, &second].into_iter().enumerate() {
            for item in items::list(tx, environment.id)? {
                let key = item.key().clone();
                keys.entry(key).or_default()[side] = Some(item);
            }
        }
        keys.into_iter()
            .filter(|(key, _)| key.as_str() > page.after)
            .take(page.limit)
            .map(|(key, [one, other])| {
                Ok(Compared {
                    key,
                    values: values(tx, one.as_ref(), other.as_ref())?,
                    first: one.as_ref().map(kind),
                    second: other.as_ref().map(kind),
                })
            })
            .collect::<store::Result<Vec<_>>>()
    })?;
    let subject = format!("environments {} and {}", first.name, second.name);
    let event = crate::audit::event(engine, caller.actor(), "environment.compare", subject, "ok");
    // No value leaves: where the log cannot take the event, the answer is given all the same (L-10).
    engine.reads.record(engine, vec![event])?;
    Ok(compared)
}

fn kind(item: &Item) -> ItemKind {
    match item {
        Item::Secret(_) => ItemKind::Secret,
        Item::Credential(_) => ItemKind::Credential,
        Item::Connection(_) => ItemKind::Connection,
    }
}

fn values(tx: &Tx<'_>, one: Option<&Item>, other: Option<&Item>) -> store::Result<Option<Values>> {
    let is_same = match (one, other) {
        (Some(Item::Secret(one)), Some(Item::Secret(other))) => {
            secrets::value(tx, one)?.is_same(&secrets::value(tx, other)?)
        }
        (Some(Item::Credential(one)), Some(Item::Credential(other))) => have_same_variables(tx, one, other)?,
        _ => return Ok(None),
    };
    Ok(Some(if is_same { Values::Same } else { Values::Different }))
}

/// Whether two Credentials have variables of the same names with the same values, in whatever order.
fn have_same_variables(tx: &Tx<'_>, one: &Credential, other: &Credential) -> store::Result<bool> {
    if one.variables.len() != other.variables.len() {
        return Ok(false);
    }
    for variable in &one.variables {
        let Some(counterpart) = other.variable(&variable.name) else {
            return Ok(false);
        };
        if !credentials::value(tx, variable)?.is_same(&credentials::value(tx, counterpart)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
