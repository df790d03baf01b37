//! Arranging the variables of a Credential: which there are, in which order, with which values.

use keyward_model::{
    Id, SecretValue, Timestamp,
    credential::{Credential, KEPT, Removed, Variable, repeated},
    name::Handle,
};

use super::{Masking, place, remove_versions};
use crate::{
    error::{Error, Result},
    table::versions,
    tx::WriteTx,
};

/// A variable as it shall be.
pub struct Draft<'a> {
    /// Which one; `None` makes a new one.
    pub id: Option<Id>,
    /// Its name.
    pub name: &'a Handle,
    /// Free text.
    pub description: &'a str,
    /// Whether faces hide it.
    pub masking: Masking,
    /// Its new value; `None` keeps the one it has.
    pub value: Option<&'a SecretValue>,
    /// The file that the new value was read from.
    pub file: Option<&'a str>,
}

/// All variables of a Credential as they shall be. Whoever asks for it says of each that there is what becomes of it,
/// so that one that came meanwhile is not lost.
pub struct Arrangement<'a> {
    /// In order.
    pub kept: &'a [Draft<'a>],
    /// Those to take out.
    pub removed: &'a [Id],
}

pub(super) fn arrange(
    tx: &mut WriteTx<'_>,
    credential: &mut Credential,
    arrangement: &Arrangement<'_>,
    now: Timestamp,
) -> Result<()> {
    let mut old = std::mem::take(&mut credential.variables);
    let mut take = |id: Id| {
        let at = old.iter().position(|variable| variable.id == id);
        at.map(|at| old.remove(at)).ok_or_else(changed_meanwhile)
    };
    for id in arrangement.removed {
        let variable = take(*id)?;
        credential.removed.push(Removed { variable, at: now });
    }
    for draft in arrangement.kept {
        let variable = match draft.id {
            Some(id) => take(id)?,
            None => empty(tx.new_id()?, draft.name),
        };
        credential.variables.push(amend(tx, variable, draft, now)?);
    }
    if !old.is_empty() {
        return Err(changed_meanwhile());
    }
    check_names(credential)
}

fn changed_meanwhile() -> Error {
    Error::Conflict("the credential changed meanwhile".to_owned())
}

pub(super) fn check_names(credential: &Credential) -> Result<()> {
    match repeated(credential.variables.iter().map(|variable| &variable.name)) {
        None => Ok(()),
        Some((one, other)) => Err(Error::Conflict(format!(
            "the variables {one} and {other} differ at most in case"
        ))),
    }
}

/// A variable before its first value: version 0 is never stored, as a draft without an id has a value.
fn empty(id: Id, name: &Handle) -> Variable {
    Variable {
        id,
        name: name.clone(),
        description: String::new(),
        masked: true,
        version: 0,
        current: id,
        bytes: 0,
        file: None,
    }
}

fn amend(tx: &mut WriteTx<'_>, variable: Variable, draft: &Draft<'_>, now: Timestamp) -> Result<Variable> {
    let variable = Variable {
        name: draft.name.clone(),
        description: draft.description.to_owned(),
        masked: draft.masking == Masking::Masked,
        ..variable
    };
    match draft.value {
        Some(value) => give(tx, variable, value, draft.file, "", now),
        None if variable.version == 0 => Err(Error::Conflict(format!(
            "the new variable {} has no value",
            variable.name
        ))),
        None => Ok(variable),
    }
}

/// A new version, which is the current one from now on.
pub(super) fn give(
    tx: &mut WriteTx<'_>,
    mut variable: Variable,
    value: &SecretValue,
    file: Option<&str>,
    note: &str,
    now: Timestamp,
) -> Result<Variable> {
    variable.version += 1;
    variable.current = versions::insert(tx, place(&variable, variable.version), value, note, now)?;
    variable.bytes = u32::try_from(value.len()).map_err(|_| Error::TooLarge)?;
    variable.file = file.map(str::to_owned);
    Ok(variable)
}

/// What was taken out more than 30 days ago goes for good.
pub(super) fn forget_removed(
    tx: &mut WriteTx<'_>,
    credential: &mut Credential,
    now: Timestamp,
) -> Result<()> {
    let removed = std::mem::take(&mut credential.removed);
    let (gone, kept): (Vec<_>, Vec<_>) = removed
        .into_iter()
        .partition(|removed| now.since(removed.at) > KEPT);
    credential.removed = kept;
    for removed in gone {
        remove_versions(tx, &removed.variable)?;
    }
    Ok(())
}
