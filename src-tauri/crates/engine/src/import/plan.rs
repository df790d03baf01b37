//! The plan: what would become of each entry, before anything is written.

pub(super) mod clients;

mod desk;

mod fitness;

use std::sync::Arc;

use keyward_foreign::Sheet;
use keyward_model::{Id, environment::Environment, name::Handle};
use keyward_vault::{error as store, table::environments, tx::Tx, vault::Edition};

use crate::{Engine, Result, engine::hold, environments as environment_acts};

pub(super) use desk::is_same;
use desk::{Desk, exact};
pub(super) use fitness::{names, one_line};

/// What to do where a key is taken by something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// Ask the person.
    Ask,
    /// Keep what is there.
    Skip,
    /// Store the value as a new version of what is there.
    Version,
    /// Store it beside, under another key.
    Rename,
}

/// How an entry compares with the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its key is free.
    New,
    /// The same values are there.
    Same,
    /// The key is there with another value.
    Changed,
    /// The key belongs to a thing of another kind.
    Taken,
    /// It cannot be stored; the row says why.
    Unusable,
}

/// What is done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Made new.
    Add,
    /// Left out.
    Skip,
    /// Stored as a new version.
    Version,
    /// Made new under another key.
    Rename,
    /// Undecided.
    Ask,
}

/// What the person decided of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Number of the row, from 0.
    pub row: u32,
    /// What to do; `None` leaves it to the rule.
    pub action: Option<Action>,
    /// Another key.
    pub key: Option<String>,
}

/// Everything that a plan is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Where entries go that name no environment of their own.
    pub environment: String,
    /// The rule for taken keys.
    pub on_conflict: OnConflict,
    /// What was decided otherwise, row by row.
    pub choices: Vec<Choice>,
}

/// The kind of thing that an entry becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// One value.
    Secret,
    /// Several that belong together.
    Credential,
    /// An app credential.
    Connection,
}

/// What becomes of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number, from 0, in the order of the file.
    pub number: u32,
    /// What it is called in the file.
    pub found: String,
    /// Folders it lay in, joined by `/`.
    pub folder: String,
    /// What it becomes.
    pub kind: Becomes,
    /// Names of its variables; empty for a Secret.
    pub variables: Vec<String>,
    /// The environment it goes to.
    pub environment: String,
    /// The key it gets; empty when none can be had.
    pub key: String,
    /// Whether the key was proposed, because its own name is none or is taken twice.
    pub is_proposed: bool,
    /// Against the vault.
    pub standing: Standing,
    /// What is done.
    pub action: Action,
    /// The number of the version it would become, of a Secret.
    pub next_version: Option<u32>,
    /// Why it cannot be stored, or what is special; may be empty.
    pub remark: String,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One row for each entry.
    pub rows: Vec<Row>,
    /// Environments that would be made.
    pub environments: Vec<String>,
    /// What the reader left out, and what comes along.
    pub remarks: Vec<String>,
}

/// The plan drawn last. A face asks for it page by page, and drawing it compares every entry with the vault: ten pages of
/// ten thousand entries were drawn ten times (P7).
pub(super) struct Drawn {
    edition: Edition,
    wish: Wish,
    plan: Arc<Plan>,
}

/// Plans an import; writes nothing.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the import or the environment.
pub fn plan(engine: &Engine, import: Id, wish: &Wish) -> Result<Arc<Plan>> {
    let environment = environment_acts::find(engine, &wish.environment)?;
    let vault = engine.unlocked()?;
    let edition = vault.edition()?;
    let mut staging = hold(&engine.imports);
    let staged = staging.find(import)?;
    if let Some(drawn) = &staged.drawn
        && drawn.edition == edition
        && drawn.wish == *wish
    {
        return Ok(Arc::clone(&drawn.plan));
    }
    // A write between the two reads only makes the plan newer than its edition: it is then drawn once more.
    let plan = Arc::new(vault.read(|tx| draw(tx, &staged.sheet, &environment, wish))?);
    staged.drawn = Some(Drawn {
        edition,
        wish: wish.clone(),
        plan: Arc::clone(&plan),
    });
    Ok(plan)
}

/// Draws the plan on one state of the vault.
pub(super) fn draw(
    tx: &Tx<'_>,
    sheet: &Sheet,
    environment: &Environment,
    wish: &Wish,
) -> store::Result<Plan> {
    let there = environments::list(tx)?;
    let mut desk = Desk::new(tx, &there, environment, wish.on_conflict);
    for told in &sheet.environments {
        desk.wants(&told.name);
    }
    let mut remarks = sheet.remarks.clone();
    let mut auth_clients = Vec::new();
    for client in &sheet.auth_clients {
        match clients::fit(tx, client)? {
            Ok(key) => {
                desk.wants(&client.environment);
                auth_clients.push(key);
            }
            Err(why) => remarks.push(format!(
                "The auth client {} stays out: {why}.",
                one_line(&client.key)
            )),
        }
    }
    if !auth_clients.is_empty() {
        let keys: Vec<&str> = auth_clients.iter().map(Handle::as_str).collect();
        remarks.push(format!("Auth clients that come along: {}.", keys.join(", ")));
    }
    let mut choices: Vec<Option<&Choice>> = vec![None; sheet.entries.len()];
    for choice in &wish.choices {
        if let Some(place) = choices.get_mut(choice.row as usize) {
            *place = Some(choice);
        }
    }
    // Names that are keys already keep them: what must be called otherwise steps aside.
    let mut rows: Vec<Option<Row>> = sheet.entries.iter().map(|_| None).collect();
    for first in [true, false] {
        for (at, found) in sheet.entries.iter().enumerate() {
            let is_exact = choices[at].is_some_and(|choice| choice.key.is_some()) || exact(found).is_some();
            if is_exact == first {
                rows[at] = Some(desk.row(at, found, choices[at])?);
            }
        }
    }
    Ok(Plan {
        rows: rows.into_iter().flatten().collect(),
        environments: desk.to_make,
        remarks,
    })
}
