//! Secrets: metadata in one record, each value in a version of its own (SECURITY.md §b.4).

use std::time::Duration;

use keyward_model::{
    Id, SecretValue, Timestamp,
    name::Handle,
    secret::{Changes, Secret, Version},
};
use keyward_seal::trash_index;

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::{Kind, Record},
    table::{self, items, versions},
    tx::{Tx, WriteTx},
};

// Numbers of the fields (FORMAT.md).
const KEY: u8 = 1;
const NAME: u8 = 2;
const DESCRIPTION: u8 = 3;
const TAGS: u8 = 4;
const MASKED: u8 = 5;
const ENVIRONMENT: u8 = 6;
const VERSION: u8 = 7;
const CURRENT: u8 = 8;
const CREATED_AT: u8 = 9;
const UPDATED_AT: u8 = 10;
const DELETED_AT: u8 = 11;
const NOTES: u8 = 12;
const EXPIRES_AT: u8 = 13;
const ROTATE_EVERY: u8 = 14;
const FAVOURITE: u8 = 15;
const VALUE_CHANGED_AT: u8 = 16;

/// Whether faces hide the value until asked (PV2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// Hidden until asked.
    Masked,
    /// Shown at once.
    Plain,
}

/// What a new Secret is made of.
pub struct New<'a> {
    /// The referable key; never changes.
    pub key: &'a Handle,
    /// Free text for people.
    pub name: &'a str,
    /// Free text, may hold many lines.
    pub description: &'a str,
    /// Free words.
    pub tags: &'a [String],
    /// Whether faces hide the value.
    pub masked: Masking,
    /// Where it belongs.
    pub environment: Id,
    /// Its first value.
    pub value: &'a SecretValue,
    /// What its Owner wants to remember about it.
    pub notes: &'a str,
    /// From when on whoever issued the value refuses it.
    pub expires_at: Option<Timestamp>,
    /// How old a value may become before it should be replaced.
    pub rotate_every: Option<Duration>,
    /// Whether the Owner wants it at hand.
    pub favourite: bool,
    /// When the value was made, which may be long before the Secret was.
    pub value_changed_at: Timestamp,
}

/// Makes a Secret with its first version.
///
/// # Errors
/// [`Error::Conflict`] when the key is taken, in whatever case, [`Error::NotFound`] without such an
/// environment, [`Error::TooLarge`].
pub fn insert(tx: &mut WriteTx<'_>, new: New<'_>, now: Timestamp) -> Result<Secret> {
    items::check_free(tx, new.environment, new.key)?;
    tx.expect_environment(new.environment)?;
    let id = tx.new_id()?;
    let current = versions::insert(tx, place(id, 1), new.value, "", now)?;
    let secret = Secret {
        id,
        key: new.key.clone(),
        name: new.name.to_owned(),
        description: new.description.to_owned(),
        tags: new.tags.to_vec(),
        masked: new.masked == Masking::Masked,
        environment: new.environment,
        version: 1,
        current,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        notes: new.notes.to_owned(),
        expires_at: new.expires_at,
        rotate_every: new.rotate_every,
        favourite: new.favourite,
        value_changed_at: new.value_changed_at,
    };
    let name_bi = name_bi(tx, &secret)?;
    tx.insert(Kind::Secret, *id.as_bytes(), name_bi, &encode(&secret))?;
    Ok(secret)
}

/// The Secret of this key; what lies in the trash has none.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<Secret> {
    match items::find(tx, environment, key)? {
        items::Item::Secret(secret) => Ok(secret),
        items::Item::Credential(_) | items::Item::Connection(_) => {
            Err(Error::NotFound(format!("the secret {}", key.as_str())))
        }
    }
}

/// The Secret of this identity, in the trash or not.
///
/// # Errors
/// [`Error::NotFound`].
pub fn read(tx: &Tx<'_>, id: Id) -> Result<Secret> {
    open(tx, id).map(|(_, secret)| secret)
}

/// The Secrets of an environment, without the trash, in the order they were made. Opens no value.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>, environment: Id) -> Result<Vec<Secret>> {
    select(tx, |secret| {
        secret.environment == environment && secret.deleted_at.is_none()
    })
}

/// The Secrets of every environment, without the trash, in the order they were made. Opens no value.
///
/// # Errors
/// As [`list`].
pub fn everywhere(tx: &Tx<'_>) -> Result<Vec<Secret>> {
    select(tx, |secret| secret.deleted_at.is_none())
}

/// The Secrets in the trash of an environment.
///
/// # Errors
/// As [`list`].
pub fn trashed(tx: &Tx<'_>, environment: Id) -> Result<Vec<Secret>> {
    select(tx, |secret| {
        secret.environment == environment && secret.deleted_at.is_some()
    })
}

/// What the trash has kept for its time, in every environment.
///
/// # Errors
/// As [`list`].
pub fn spent(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<Secret>> {
    select(tx, |secret| secret.is_spent(now))
}

fn select(tx: &Tx<'_>, wanted: impl Fn(&Secret) -> bool) -> Result<Vec<Secret>> {
    let mut secrets = Vec::new();
    tx.each(Kind::Secret, |record, plaintext| {
        let secret = decode(tx, record, plaintext)?;
        if wanted(&secret) {
            secrets.push(secret);
        }
        Ok(())
    })?;
    Ok(secrets)
}

/// Changes metadata; makes no version.
///
/// # Errors
/// [`Error::NotFound`], [`Error::TooLarge`].
pub fn update(tx: &mut WriteTx<'_>, id: Id, changes: &Changes, now: Timestamp) -> Result<Secret> {
    let (record, mut secret) = open(tx, id)?;
    let Changes {
        name,
        description,
        tags,
        masked,
        notes,
        expires_at,
        rotate_every,
        favourite,
    } = changes.clone();
    secret.name = name.unwrap_or(secret.name);
    secret.description = description.unwrap_or(secret.description);
    secret.tags = tags.unwrap_or(secret.tags);
    secret.masked = masked.unwrap_or(secret.masked);
    secret.notes = notes.unwrap_or(secret.notes);
    secret.expires_at = expires_at.unwrap_or(secret.expires_at);
    secret.rotate_every = rotate_every.unwrap_or(secret.rotate_every);
    secret.favourite = favourite.unwrap_or(secret.favourite);
    secret.updated_at = now;
    store(tx, &record, secret)
}

/// Gives a Secret a new value: a new version, which is the current one from now on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::TooLarge`], [`Error::Conflict`] for a Secret in the trash.
pub fn set_value(
    tx: &mut WriteTx<'_>,
    id: Id,
    value: &SecretValue,
    note: &str,
    now: Timestamp,
) -> Result<Secret> {
    let (record, mut secret) = open(tx, id)?;
    if secret.deleted_at.is_some() {
        return Err(Error::Conflict(format!(
            "{} is in the trash",
            secret.key.as_str()
        )));
    }
    secret.version += 1;
    secret.current = versions::insert(tx, place(id, secret.version), value, note, now)?;
    secret.value_changed_at = now;
    secret.updated_at = now;
    store(tx, &record, secret)
}

/// The current value.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the metadata says.
pub fn value(tx: &Tx<'_>, secret: &Secret) -> Result<SecretValue> {
    versions::current(tx, place(secret.id, secret.version), secret.current)
}

/// The value of one version.
///
/// # Errors
/// [`Error::NotFound`] without such a number.
pub fn version_value(tx: &Tx<'_>, secret: &Secret, number: u32) -> Result<SecretValue> {
    versions::value(tx, place(secret.id, number))?
        .ok_or_else(|| Error::NotFound(format!("version {number} of {}", secret.key.as_str())))
}

/// All versions, newest first.
///
/// # Errors
/// [`Error::Corrupt`] when one is missing.
pub fn versions(tx: &Tx<'_>, secret: &Secret) -> Result<Vec<Version>> {
    // One that is verified not to be there was removed, or lost to a salvage.
    let describe = |number| versions::describe(tx, place(secret.id, number)).transpose();
    (1..=secret.version).rev().filter_map(describe).collect()
}

/// Puts a Secret into the trash; its key is free at once. One that is there already stays as it is.
///
/// # Errors
/// [`Error::NotFound`].
pub fn trash(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<Secret> {
    let (record, mut secret) = open(tx, id)?;
    if secret.deleted_at.is_some() {
        return Ok(secret);
    }
    secret.deleted_at = Some(now);
    store(tx, &record, secret)
}

/// Takes a Secret out of the trash, under the key it had.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when something else has the key now.
pub fn restore(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<Secret> {
    let (record, mut secret) = open(tx, id)?;
    if secret.deleted_at.is_none() {
        return Ok(secret);
    }
    items::check_free(tx, secret.environment, &secret.key)?;
    secret.deleted_at = None;
    secret.updated_at = now;
    store(tx, &record, secret)
}

/// Takes a Secret to another environment with all its versions, under its key.
///
/// # Errors
/// [`Error::NotFound`], also for the environment; [`Error::Conflict`] when the key is taken there.
pub fn relocate(tx: &mut WriteTx<'_>, id: Id, environment: Id, now: Timestamp) -> Result<Secret> {
    let (record, mut secret) = open(tx, id)?;
    tx.expect_environment(environment)?;
    items::check_free(tx, environment, &secret.key)?;
    secret.environment = environment;
    secret.updated_at = now;
    store(tx, &record, secret)
}

/// Removes a Secret and all its versions for good; the bytes go with the checkpoint after the commit.
///
/// # Errors
/// [`Error::NotFound`].
pub fn purge(tx: &mut WriteTx<'_>, id: Id) -> Result<()> {
    let (record, secret) = open(tx, id)?;
    for number in 1..=secret.version {
        versions::remove(tx, place(id, number))?;
    }
    tx.remove(&record)
}

fn place(parent: Id, number: u32) -> versions::Place {
    versions::Place {
        kind: Kind::SecretVersion,
        parent,
        number,
    }
}

pub(crate) fn name_bi(tx: &Tx<'_>, secret: &Secret) -> Result<[u8; 16]> {
    match secret.deleted_at {
        None => tx.name_bi(items::SCOPE, Some(secret.environment), secret.key.as_str()),
        Some(_) => Ok(trash_index(&tx.keys.owner()?.index, secret.id.as_bytes())),
    }
}

fn open(tx: &Tx<'_>, id: Id) -> Result<(Record, Secret)> {
    let record = tx.by_uuid(Kind::Secret, id.as_bytes())?;
    let secret = decode(tx, &record, &tx.open(&record)?)?;
    Ok((record, secret))
}

fn store(tx: &mut WriteTx<'_>, record: &Record, secret: Secret) -> Result<Secret> {
    let name_bi = name_bi(tx, &secret)?;
    tx.replace(record, name_bi, &encode(&secret))?;
    Ok(secret)
}

fn encode(secret: &Secret) -> zeroize::Zeroizing<Vec<u8>> {
    body::encode(&[
        (KEY, Item::Text(secret.key.as_str())),
        (NAME, Item::Text(&secret.name)),
        (DESCRIPTION, Item::Text(&secret.description)),
        (TAGS, Item::Texts(&secret.tags)),
        (MASKED, Item::Bool(secret.masked)),
        (ENVIRONMENT, Item::id(&secret.environment)),
        (VERSION, Item::Unsigned(secret.version.into())),
        (CURRENT, Item::id(&secret.current)),
        (CREATED_AT, Item::time(secret.created_at)),
        (UPDATED_AT, Item::time(secret.updated_at)),
        (DELETED_AT, Item::maybe(secret.deleted_at, Item::time)),
        (NOTES, Item::maybe(written(&secret.notes), Item::Text)),
        (EXPIRES_AT, Item::maybe(secret.expires_at, Item::time)),
        (
            ROTATE_EVERY,
            Item::maybe(secret.rotate_every, |every| Item::Unsigned(every.as_secs())),
        ),
        (
            FAVOURITE,
            Item::maybe(secret.favourite.then_some(true), Item::Bool),
        ),
        (VALUE_CHANGED_AT, Item::time(secret.value_changed_at)),
    ])
}

/// A text, unless it is empty.
fn written(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Secret> {
    let map = Map::parse(plaintext, VALUE_CHANGED_AT.into())?;
    let created_at = map.time(CREATED_AT.into())?;
    let secret = Secret {
        id: Id::from_bytes(record.uuid),
        key: table::name(Handle::parse(map.text(KEY.into())?))?,
        name: map.string(NAME.into())?,
        description: map.string(DESCRIPTION.into())?,
        tags: map.texts(TAGS.into())?,
        masked: map.flag(MASKED.into())?,
        environment: map.id(ENVIRONMENT.into())?,
        version: map.u32(VERSION.into())?,
        current: map.id(CURRENT.into())?,
        created_at,
        updated_at: map.time(UPDATED_AT.into())?,
        deleted_at: map.maybe(DELETED_AT.into(), Map::time)?,
        notes: map.maybe(NOTES.into(), Map::string)?.unwrap_or_default(),
        expires_at: map.maybe(EXPIRES_AT.into(), Map::time)?,
        rotate_every: map
            .maybe(ROTATE_EVERY.into(), Map::unsigned)?
            .map(Duration::from_secs),
        favourite: map.maybe(FAVOURITE.into(), Map::flag)?.unwrap_or_default(),
        // Absent where nothing was known of it yet: at least the value is not made younger than it is.
        value_changed_at: map
            .maybe(VALUE_CHANGED_AT.into(), Map::time)?
            .unwrap_or(created_at),
    };
    table::check_name(tx, record, Kind::Secret, || name_bi(tx, &secret))?;
    Ok(secret)
}
