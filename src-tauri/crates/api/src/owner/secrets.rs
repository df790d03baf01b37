//! Secrets.

use std::{sync::Arc, time::Duration};

use keyward_engine::{
    Engine,
    access::Caller,
    secrets::{self, Masking, Removal, Transfer},
};
use keyward_model::{
    Timestamp,
    environment::Environment,
    secret::{Changes, Secret},
};

use super::{Result, from_engine};
use crate::wire::{self, Done, Plaintext};

/// So many bytes of texts fill a page, however few entries have them: with what JSON adds (six bytes for a control
/// character) they fit a frame.
const PAGE_BYTES: usize = 512 * 1024;

/// The next entries of a list: with a limit at least one where there is one, and no more than a frame holds.
struct Page {
    limit: Option<u32>,
    bytes: usize,
    entries: u32,
}

impl Page {
    fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            bytes: 0,
            entries: 0,
        }
    }

    /// Whether it has room for one more; counts it then.
    fn takes(&mut self, secret: &Secret) -> bool {
        self.bytes += secret.name.len() + secret.description.len() + secret.notes.len();
        self.bytes += secret.tags.iter().map(String::len).sum::<usize>();
        let fits = self
            .limit
            .is_none_or(|limit| self.entries < limit && (self.entries == 0 || self.bytes <= PAGE_BYTES));
        self.entries += u32::from(fits);
        fits
    }
}

/// Secrets of an environment, by key.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::SecretList) -> Result<Vec<wire::Secret>> {
    let mut list = Vec::new();
    each(engine, &request, |secret, environment| {
        list.push(from_engine::secret(secret, environment));
    })?;
    Ok(list)
}

/// As [`list`], by lines.
///
/// # Errors
/// As [`list`].
pub fn lines(engine: &Arc<Engine>, _: &Caller, request: wire::SecretLines) -> Result<wire::SecretPage> {
    let mut page = wire::SecretPage::default();
    each(engine, &request.0, |secret, _| {
        page.push(&from_engine::secret_line(secret));
    })?;
    Ok(page)
}

fn each(
    engine: &Engine,
    request: &wire::SecretList,
    mut take: impl FnMut(&Secret, &Environment),
) -> Result<()> {
    let wanted = secrets::Wanted {
        search: request.search.as_deref().unwrap_or_default(),
        tag: request.tag.as_deref(),
        after: request.after.as_deref().unwrap_or_default(),
    };
    let mut page = Page::new(request.limit);
    secrets::each(engine, &request.environment, &wanted, |secret, environment| {
        let takes = page.takes(secret);
        if takes {
            take(secret, environment);
        }
        takes
    })?;
    Ok(())
}

/// Fails when a new Secret could not have this key.
///
/// # Errors
/// `usage`, `conflict`.
pub fn check_key(engine: &Arc<Engine>, _: &Caller, request: wire::SecretCheckKey) -> Result<Done> {
    secrets::check_key(engine, &request.environment, &request.key)?;
    Ok(Done {})
}

/// Makes a Secret; the reply has no value in it.
///
/// # Errors
/// `usage`, `conflict`.
pub fn create(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretCreate) -> Result<wire::Secret> {
    let new = secrets::New {
        key: &request.key,
        name: request.name.as_deref(),
        description: request.description.as_deref().unwrap_or_default(),
        tags: request.tags.as_deref().unwrap_or_default(),
        masking: if request.masked == Some(false) {
            Masking::Plain
        } else {
            Masking::Masked
        },
        value: &request.value.0,
        notes: request.notes.as_deref().unwrap_or_default(),
        expires_at: request.expires_at.as_deref().map(expiry).transpose()?.flatten(),
        rotate_every: request.rotate_every.and_then(rotation),
        favourite: request.favourite == Some(true),
        value_changed_at: None,
    };
    let (secret, environment) = secrets::create(engine, caller, &request.environment, &new)?;
    Ok(from_engine::secret(&secret, &environment))
}

/// One Secret's metadata.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::SecretShow) -> Result<wire::Secret> {
    let (secret, environment) = secrets::find(engine, &request.environment, &request.secret)?;
    Ok(from_engine::secret(&secret, &environment))
}

/// Changes metadata.
///
/// # Errors
/// `not_found`, `usage`.
pub fn update(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretUpdate) -> Result<wire::Secret> {
    let changes = Changes {
        name: request.name,
        description: request.description,
        tags: request.tags,
        masked: request.masked,
        notes: request.notes,
        expires_at: request.expires_at.as_deref().map(expiry).transpose()?,
        rotate_every: request.rotate_every.map(rotation),
        favourite: request.favourite,
    };
    let (secret, environment) = match &request.value {
        Some(value) => {
            let (environment, secret) = (&request.environment, &request.secret);
            secrets::renew(engine, caller, environment, secret, &changes, &value.0)?
        }
        None => secrets::update(engine, caller, &request.environment, &request.secret, &changes)?,
    };
    Ok(from_engine::secret(&secret, &environment))
}

/// A moment; none for an empty text.
fn expiry(text: &str) -> Result<Option<Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    Timestamp::parse_rfc3339(text)
        .map(Some)
        .ok_or_else(|| wire::Error::usage("expires_at: write it as 2027-01-31T00:00:00Z."))
}

/// A time between rotations; none for no seconds.
fn rotation(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// Stores a new value.
///
/// # Errors
/// `not_found`, `usage`.
pub fn set_value(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretSetValue,
) -> Result<wire::Secret> {
    let note = request.note.unwrap_or_default();
    let (secret, environment) = secrets::set_value(
        engine,
        caller,
        &request.environment,
        &request.secret,
        &request.value.0,
        &note,
    )?;
    Ok(from_engine::secret(&secret, &environment))
}

/// Deletes Secrets: into the trash, or for good.
///
/// # Errors
/// `not_found`; then none was deleted.
pub fn delete(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretDelete,
) -> Result<Vec<wire::Secret>> {
    let removal = match request.purge {
        Some(true) => Removal::Purge,
        _ => Removal::Trash,
    };
    let gone = secrets::delete(engine, caller, &request.environment, &request.secrets, removal)?;
    Ok(shown(&gone))
}

fn shown(all: &[(Secret, Environment)]) -> Vec<wire::Secret> {
    all.iter()
        .map(|(secret, environment)| from_engine::secret(secret, environment))
        .collect()
}

/// What lies in the trash of an environment, newest first.
///
/// # Errors
/// `not_found` for the environment.
pub fn trash(engine: &Arc<Engine>, _: &Caller, request: wire::SecretTrash) -> Result<Vec<wire::Secret>> {
    let (trashed, environment) = secrets::trashed(engine, &request.environment)?;
    let rest = match request.after {
        None => &trashed[..],
        Some(last) => trashed
            .iter()
            .position(|secret| secret.id.to_string() == last)
            .map_or(&[][..], |at| &trashed[at + 1..]),
    };
    let mut page = Page::new(request.limit);
    let fitting = rest.iter().take_while(|secret| page.takes(secret));
    Ok(fitting
        .map(|secret| from_engine::secret(secret, &environment))
        .collect())
}

/// Empties the trash of an environment; answers how many are gone for good.
///
/// # Errors
/// `not_found` for the environment.
pub fn empty_trash(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretEmptyTrash,
) -> Result<wire::Purged> {
    let gone = secrets::empty(engine, caller, &request.environment)?;
    Ok(wire::Purged {
        purged: u32::try_from(gone.len()).unwrap_or(u32::MAX),
    })
}

/// A second Secret under another key.
///
/// # Errors
/// `not_found`, `usage`, `conflict`.
pub fn duplicate(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretDuplicate,
) -> Result<wire::Secret> {
    let (secret, environment) = secrets::duplicate(
        engine,
        caller,
        &request.environment,
        &request.secret,
        &request.key,
    )?;
    Ok(from_engine::secret(&secret, &environment))
}

/// Moves or copies Secrets to another environment.
///
/// # Errors
/// `not_found`, `conflict`, `usage`; then nothing was done.
pub fn transfer(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretMove,
) -> Result<Vec<wire::Secret>> {
    let how = match request.copy {
        Some(true) => Transfer::Copy,
        _ => Transfer::Move,
    };
    let done = secrets::transfer(
        engine,
        caller,
        &request.environment,
        &request.secrets,
        &request.to,
        how,
    )?;
    Ok(shown(&done))
}

/// Whether a value is the one that is stored.
///
/// # Errors
/// `not_found`, `denied`.
pub fn is_current(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretIsCurrent,
) -> Result<wire::Sameness> {
    let same = secrets::is_current(
        engine,
        caller,
        &request.environment,
        &request.secret,
        &request.value.0,
    )?;
    Ok(wire::Sameness { same })
}

/// Out of the trash, or an old value made current.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn restore(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretRestore) -> Result<wire::Secret> {
    let (secret, environment) = match request.version {
        None => secrets::restore(engine, caller, &request.environment, &request.secret)?,
        Some(number) => {
            secrets::restore_version(engine, caller, &request.environment, &request.secret, number)?
        }
    };
    Ok(from_engine::secret(&secret, &environment))
}

/// Versions, newest first, without values.
///
/// # Errors
/// `not_found`.
pub fn history(engine: &Arc<Engine>, _: &Caller, request: wire::SecretHistory) -> Result<Vec<wire::Version>> {
    let (secret, versions) = secrets::history(engine, &request.environment, &request.secret)?;
    Ok(versions
        .into_iter()
        .map(|version| from_engine::version(version, secret.version))
        .collect())
}

/// Reveals one value.
///
/// # Errors
/// `not_found`, `denied`; `locked` where the passphrase is needed again.
pub fn reveal(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretReveal) -> Result<wire::Revealed> {
    let (environment, secret) = (&request.environment, &request.secret);
    let passphrase = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
    let (value, notice) = match request.version {
        None => secrets::reveal(engine, caller, environment, secret, passphrase)?,
        Some(number) => secrets::reveal_version(engine, caller, environment, secret, number, passphrase)?,
    };
    Ok(wire::Revealed {
        value: Plaintext(value),
        notice,
    })
}
