//! Credentials: metadata of all variables in one record, each value in a version of its variable (SECURITY.md §b.4).

mod arrange;
mod fields;

use keyward_model::{
    Id, SecretValue, Timestamp,
    credential::{Credential, KEPT, Variable},
    name::Handle,
    secret::Version,
};
use keyward_seal::trash_index;

use super::secrets::Masking;
use crate::{
    error::{Error, Result},
    record::{Kind, Record},
    table::{items, versions},
    tx::{Tx, WriteTx},
};

pub use arrange::{Arrangement, Draft};
use arrange::{arrange, check_names, forget_removed, give};
pub(crate) use fields::decode;

/// What a new Credential is made of.
pub struct New<'a> {
    /// The referable key; never changes.
    pub key: &'a Handle,
    /// Free text for people.
    pub name: &'a str,
    /// Free text, may hold many lines.
    pub description: &'a str,
    /// Where it belongs.
    pub environment: Id,
    /// In order; each new and with a value.
    pub variables: &'a [Draft<'a>],
}

/// What shall change; `None` stays.
#[derive(Default)]
pub struct Changes<'a> {
    /// New name.
    pub name: Option<&'a str>,
    /// New description.
    pub description: Option<&'a str>,
    /// All variables there shall be.
    pub variables: Option<Arrangement<'a>>,
}

/// Makes a Credential with the first version of each variable.
///
/// # Errors
/// [`Error::Conflict`] when the key is taken, in whatever case, or two variables have one name;
/// [`Error::NotFound`] without such an environment, [`Error::TooLarge`].
pub fn insert(tx: &mut WriteTx<'_>, new: New<'_>, now: Timestamp) -> Result<Credential> {
    items::check_free(tx, new.environment, new.key)?;
    tx.expect_environment(new.environment)?;
    let id = tx.new_id()?;
    let mut credential = Credential {
        id,
        key: new.key.clone(),
        name: new.name.to_owned(),
        description: new.description.to_owned(),
        environment: new.environment,
        variables: Vec::new(),
        removed: Vec::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    arrange(
        tx,
        &mut credential,
        &Arrangement {
            kept: new.variables,
            removed: &[],
        },
        now,
    )?;
    let name_bi = name_bi(tx, &credential)?;
    tx.insert(
        Kind::Credential,
        *id.as_bytes(),
        name_bi,
        &fields::encode(&credential),
    )?;
    Ok(credential)
}

/// The Credential of this key; what lies in the trash has none.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<Credential> {
    match items::find(tx, environment, key)? {
        items::Item::Credential(credential) => Ok(credential),
        _ => Err(Error::NotFound(format!("the credential {key}"))),
    }
}

/// The Credential of this identity, in the trash or not.
///
/// # Errors
/// [`Error::NotFound`].
pub fn read(tx: &Tx<'_>, id: Id) -> Result<Credential> {
    open(tx, id).map(|(_, credential)| credential)
}

/// The Credentials of an environment, without the trash, in the order they were made. Opens no value.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>, environment: Id) -> Result<Vec<Credential>> {
    select(tx, |credential| {
        credential.environment == environment && credential.deleted_at.is_none()
    })
}

/// The Credentials of every environment, without the trash, in the order they were made. Opens no value.
///
/// # Errors
/// As [`list`].
pub fn everywhere(tx: &Tx<'_>) -> Result<Vec<Credential>> {
    select(tx, |credential| credential.deleted_at.is_none())
}

/// The Credentials in the trash of an environment.
///
/// # Errors
/// As [`list`].
pub fn trashed(tx: &Tx<'_>, environment: Id) -> Result<Vec<Credential>> {
    select(tx, |credential| {
        credential.environment == environment && credential.deleted_at.is_some()
    })
}

/// The Credentials of all environments that have lain in the trash for their time.
///
/// # Errors
/// As [`list`].
pub fn spent(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<Credential>> {
    select(tx, |credential| {
        credential.deleted_at.is_some_and(|at| now.since(at) >= KEPT)
    })
}

fn select(tx: &Tx<'_>, wanted: impl Fn(&Credential) -> bool) -> Result<Vec<Credential>> {
    let mut credentials = Vec::new();
    tx.each(Kind::Credential, |record, plaintext| {
        let credential = decode(tx, record, plaintext)?;
        if wanted(&credential) {
            credentials.push(credential);
        }
        Ok(())
    })?;
    Ok(credentials)
}

/// Changes names, descriptions, masking, order and values. A variable without a new value gets no version.
///
/// # Errors
/// [`Error::NotFound`], [`Error::TooLarge`]; [`Error::Conflict`] for a Credential in the trash, for two variables of one
/// name, and when there are other variables than the arrangement speaks of.
pub fn update(tx: &mut WriteTx<'_>, id: Id, changes: &Changes<'_>, now: Timestamp) -> Result<Credential> {
    let (record, mut credential) = open_live(tx, id)?;
    if let Some(name) = changes.name {
        name.clone_into(&mut credential.name);
    }
    if let Some(description) = changes.description {
        description.clone_into(&mut credential.description);
    }
    if let Some(arrangement) = &changes.variables {
        arrange(tx, &mut credential, arrangement, now)?;
    }
    forget_removed(tx, &mut credential, now)?;
    credential.updated_at = now;
    store(tx, &record, credential)
}

/// Makes an old value of a variable the current one, as a new version. A variable that was taken out comes back, last.
///
/// # Errors
/// [`Error::NotFound`] without such a variable or number; [`Error::Conflict`] for a revoked version, a Credential in the
/// trash, or a variable whose name is taken meanwhile.
pub fn restore_version(
    tx: &mut WriteTx<'_>,
    id: Id,
    variable: Id,
    number: u32,
    now: Timestamp,
) -> Result<Credential> {
    let (record, mut credential) = open_live(tx, id)?;
    let at = match credential.variables.iter().position(|one| one.id == variable) {
        Some(at) => at,
        None => {
            let removed = &mut credential.removed;
            let at = removed
                .iter()
                .position(|removed| removed.variable.id == variable)
                .ok_or_else(|| Error::NotFound("the variable".to_owned()))?;
            credential.variables.push(removed.remove(at).variable);
            check_names(&credential)?;
            credential.variables.len() - 1
        }
    };
    let variable = credential.variables[at].clone();
    let missing = || Error::NotFound(format!("version {number} of {}", variable.name));
    let place = place(&variable, number);
    if versions::describe(tx, place)?.ok_or_else(missing)?.revoked {
        return Err(Error::Conflict(format!(
            "version {number} of {} was revoked",
            variable.name
        )));
    }
    let value = versions::value(tx, place)?.ok_or_else(missing)?;
    // The file is the one of the current value: whether an older one came from it was not kept.
    let file = variable.file.clone();
    let note = format!("Restored from version {number}");
    credential.variables[at] = give(tx, variable, &value, file.as_deref(), &note, now)?;
    credential.updated_at = now;
    store(tx, &record, credential)
}

/// The current value of a variable.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the metadata says.
pub fn value(tx: &Tx<'_>, variable: &Variable) -> Result<SecretValue> {
    versions::current(tx, place(variable, variable.version), variable.current)
}

/// The value of one version of a variable.
///
/// # Errors
/// [`Error::NotFound`] without such a number.
pub fn version_value(tx: &Tx<'_>, variable: &Variable, number: u32) -> Result<SecretValue> {
    versions::value(tx, place(variable, number))?
        .ok_or_else(|| Error::NotFound(format!("version {number} of {}", variable.name)))
}

/// What is known about the current value of a variable.
///
/// # Errors
/// [`Error::Corrupt`] when it is missing.
pub fn current_version(tx: &Tx<'_>, variable: &Variable) -> Result<Version> {
    versions::describe(tx, place(variable, variable.version))?
        .ok_or_else(|| Error::Corrupt("a version is missing".to_owned()))
}

/// All versions of a variable, newest first.
///
/// # Errors
/// [`Error::Corrupt`] when one is missing.
pub fn versions(tx: &Tx<'_>, variable: &Variable) -> Result<Vec<Version>> {
    let describe = |number| {
        versions::describe(tx, place(variable, number))?
            .ok_or_else(|| Error::Corrupt("a version is missing".to_owned()))
    };
    (1..=variable.version).rev().map(describe).collect()
}

/// Puts a Credential into the trash; its key is free at once. One that is there already stays as it is.
///
/// # Errors
/// [`Error::NotFound`].
pub fn trash(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<Credential> {
    let (record, mut credential) = open(tx, id)?;
    if credential.deleted_at.is_some() {
        return Ok(credential);
    }
    credential.deleted_at = Some(now);
    store(tx, &record, credential)
}

/// Takes a Credential out of the trash, under the key it had.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when something else has the key now.
pub fn restore(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<Credential> {
    let (record, mut credential) = open(tx, id)?;
    if credential.deleted_at.is_none() {
        return Ok(credential);
    }
    items::check_free(tx, credential.environment, &credential.key)?;
    credential.deleted_at = None;
    credential.updated_at = now;
    store(tx, &record, credential)
}

/// Removes a Credential and all versions of its variables for good; the bytes go with the checkpoint after the commit.
///
/// # Errors
/// [`Error::NotFound`].
pub fn purge(tx: &mut WriteTx<'_>, id: Id) -> Result<()> {
    let (record, credential) = open(tx, id)?;
    let removed = credential.removed.iter().map(|removed| &removed.variable);
    for variable in credential.variables.iter().chain(removed) {
        remove_versions(tx, variable)?;
    }
    tx.remove(&record)
}

fn remove_versions(tx: &mut WriteTx<'_>, variable: &Variable) -> Result<()> {
    (1..=variable.version).try_for_each(|number| versions::remove(tx, place(variable, number)))
}

/// A variable is the parent of its versions (SECURITY.md §b.4).
fn place(variable: &Variable, number: u32) -> versions::Place {
    versions::Place {
        kind: Kind::CredentialVersion,
        parent: variable.id,
        number,
    }
}

pub(crate) fn name_bi(tx: &Tx<'_>, credential: &Credential) -> Result<[u8; 16]> {
    match credential.deleted_at {
        None => tx.name_bi(
            items::SCOPE,
            Some(credential.environment),
            credential.key.as_str(),
        ),
        Some(_) => Ok(trash_index(&tx.keys.owner()?.index, credential.id.as_bytes())),
    }
}

fn open(tx: &Tx<'_>, id: Id) -> Result<(Record, Credential)> {
    let record = tx.by_uuid(Kind::Credential, id.as_bytes())?;
    let credential = decode(tx, &record, &tx.open(&record)?)?;
    Ok((record, credential))
}

fn open_live(tx: &Tx<'_>, id: Id) -> Result<(Record, Credential)> {
    match open(tx, id)? {
        (_, credential) if credential.deleted_at.is_some() => {
            Err(Error::Conflict(format!("{} is in the trash", credential.key)))
        }
        found => Ok(found),
    }
}

fn store(tx: &mut WriteTx<'_>, record: &Record, credential: Credential) -> Result<Credential> {
    let name_bi = name_bi(tx, &credential)?;
    tx.replace(record, name_bi, &fields::encode(&credential))?;
    Ok(credential)
}
