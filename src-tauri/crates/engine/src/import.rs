//! Import: what another program wrote, reviewed row by row, then stored whole or not at all.
//!
//! A file is read ([`source`]), staged in memory, planned as often as the person changes a choice ([`plan`]), and
//! applied in one transaction ([`apply`]). The plan that is shown is the plan that is carried out: it is made again
//! from the same choices inside the transaction.

pub mod source;

pub mod plan;

pub mod apply;

use std::collections::HashMap;

use keyward_foreign::{Sheet, own};
use keyward_model::{Id, SecretValue};
use zeroize::Zeroizing;

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    engine::hold,
};

pub use apply::{Summary, apply, undo};
pub use plan::{Action, Becomes, Choice, OnConflict, Plan, Row, Standing, Wish, plan};
pub use source::{Format, Reading, Source, read};

/// Most imports that wait for their review at once; the oldest gives way.
const MOST_STAGED: usize = 4;

/// Largest document that is received in parts, in bytes: twice what a file may have, as JSON.
const RECEIVED_BYTES: usize = 2 * keyward_foreign::limits::SOURCE_BYTES;

/// Imports under review, in the order they came. They hold values, so they go when the vault is locked.
#[derive(Default)]
pub(crate) struct Staging {
    staged: HashMap<Id, Staged>,
    order: Vec<Id>,
}

/// One import under review.
pub(crate) struct Staged {
    /// Parts of a document that is still being received.
    parts: Vec<SecretValue>,
    /// What was read.
    sheet: Sheet,
    /// The plan last shown.
    drawn: Option<plan::Drawn>,
    /// What was made of it; filled once it was applied.
    made: Option<Vec<apply::Made>>,
}

/// Whether more of a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// More follows.
    More,
    /// This is all.
    Last,
}

/// Stages what was read in this process.
///
/// # Errors
/// [`Kind::Locked`], [`Kind::Denied`].
pub fn stage(engine: &Engine, caller: &Caller, reading: Reading) -> Result<Id> {
    access::authorize(caller, Act::Write)?;
    insert(
        engine,
        Staged {
            parts: Vec::new(),
            sheet: reading.sheet,
            drawn: None,
            made: None,
        },
    )
}

/// Receives what another process read, in parts, as the document of our own export: whoever holds the keys parses
/// nothing else. Without `import` a new one begins.
///
/// # Errors
/// [`Kind::Locked`], [`Kind::NotFound`] for one that is not there any more, [`Kind::Invalid`].
pub fn receive(
    engine: &Engine,
    caller: &Caller,
    import: Option<Id>,
    bytes: SecretValue,
    part: Part,
) -> Result<Id> {
    access::authorize(caller, Act::Write)?;
    let id = match import {
        Some(id) => id,
        None => insert(
            engine,
            Staged {
                parts: Vec::new(),
                sheet: Sheet::default(),
                drawn: None,
                made: None,
            },
        )?,
    };
    let parts = {
        let mut staging = hold(&engine.imports);
        let staged = staging.find(id)?;
        let size: usize = staged.parts.iter().map(SecretValue::len).sum();
        if size + bytes.len() > RECEIVED_BYTES {
            staging.remove(id);
            return Err(Error::invalid("The import is larger than 256 MiB."));
        }
        staged.parts.push(bytes);
        if part == Part::More {
            return Ok(id);
        }
        std::mem::take(&mut staged.parts)
    };
    let sheet = {
        let mut document = Zeroizing::new(Vec::with_capacity(parts.iter().map(SecretValue::len).sum()));
        for part in &parts {
            document.extend_from_slice(part.expose());
        }
        own::parse(&document).map_err(|error| Error::invalid(format!("import: {error}.")))?
    };
    let mut staging = hold(&engine.imports);
    let staged = staging.find(id)?;
    staged.sheet = sheet;
    staged.drawn = None;
    Ok(id)
}

/// Forgets an import that was not applied, or that needs no undo any more.
pub fn discard(engine: &Engine, import: Id) {
    hold(&engine.imports).remove(import);
}

fn insert(engine: &Engine, staged: Staged) -> Result<Id> {
    let id = engine.unlocked()?.read(|tx| tx.new_id())?;
    let mut staging = hold(&engine.imports);
    if staging.order.len() >= MOST_STAGED {
        let oldest = staging.order[0];
        staging.remove(oldest);
    }
    staging.order.push(id);
    staging.staged.insert(id, staged);
    drop(staging);
    // Locked meanwhile? Then nothing may stay behind.
    if let Err(error) = engine.unlocked() {
        hold(&engine.imports).clear();
        return Err(error);
    }
    Ok(id)
}

impl Staging {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn find(&mut self, id: Id) -> Result<&mut Staged> {
        self.staged.get_mut(&id).ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                "This import is not there any more.",
                "Read the file again.",
            )
        })
    }

    /// Takes one off the desk.
    fn take(&mut self, id: Id) -> Result<Staged> {
        self.find(id)?;
        let staged = self.staged.remove(&id);
        staged.ok_or_else(|| Error::internal("import"))
    }

    /// What an import made, once: an undo is no second time.
    fn take_made(&mut self, id: Id) -> Result<Vec<apply::Made>> {
        let made = self.find(id)?.made.take();
        let made = made.ok_or_else(|| Error::new(Kind::NotFound, "This import was not carried out.", ""))?;
        self.remove(id);
        Ok(made)
    }

    /// Lays one back, unless the vault was locked meanwhile.
    fn put_back(&mut self, id: Id, staged: Staged) {
        if self.order.contains(&id) {
            self.staged.insert(id, staged);
        }
    }

    fn remove(&mut self, id: Id) {
        self.staged.remove(&id);
        self.order.retain(|other| *other != id);
    }
}
