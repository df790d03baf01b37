//! The recovery key: made, typed back, used (SECURITY.md §b.2, ST2).
//!
//! Whatever makes one offers it first, and does its work once two groups of it were typed back: until then the vault
//! is as it was, so that nobody is left with a key that was never written down.

use std::sync::Arc;

use keyward_model::SecretValue;
use keyward_vault::{
    self as store, DeviceSecret, NewSlot, RecoveryKey, UnlockedVault, Unlocking,
    keychain::{self, KeychainError},
    rekey::Depth,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    error::sentence,
    lifecycle, passphrase, rekey,
};

/// A recovery key that counts once the groups asked for were typed back.
pub struct RecoveryOffer {
    /// Eight groups of four, joined by dashes.
    pub groups: SecretValue,
    /// Which to type back, from 0, ascending.
    pub ask: Vec<usize>,
}

/// The way in that a vault gets when its recovery key was used.
pub enum NewWay {
    /// A key in the OS keychain.
    Keychain,
    /// A passphrase.
    Passphrase(SecretValue, DeviceSecret),
}

/// What is on offer.
pub(crate) struct Offer {
    key: RecoveryKey,
    ask: Vec<usize>,
    then: Then,
}

/// What is done once the key was typed back.
enum Then {
    /// It becomes the vault's recovery key.
    Counts,
    /// The vault that the key before it opened gets a new way in.
    BeginsAnew(Box<UnlockedVault>, NewWay),
    /// The whole vault gets a new key.
    Rekeys(Depth, Option<SecretValue>),
}

/// Makes a recovery key for an unlocked vault; the one it has ends when this one is confirmed.
///
/// # Errors
/// [`Kind::Locked`] when the vault has a recovery key and a passphrase, and this is not the passphrase.
pub fn begin(engine: &Engine, passphrase: Option<&SecretValue>) -> Result<RecoveryOffer> {
    let vault = engine.unlocked()?;
    if vault.ways()?.recovery {
        passphrase::prove(engine, &vault, passphrase)?;
    }
    offer(engine, Then::Counts)
}

/// Opens the vault with its recovery key and offers a new one; confirming that gives the vault its new way in and
/// ends every other. The vault may be locked, and is unlocked then.
///
/// # Errors
/// [`Kind::Invalid`] for what is no recovery key, or a weak passphrase; [`Kind::Locked`] for another vault's;
/// [`Kind::Keychain`] when the new way needs a keychain that does not work.
pub fn begin_use(
    engine: &Engine,
    caller: &Caller,
    given: &SecretValue,
    way: NewWay,
) -> Result<RecoveryOffer> {
    access::authorize(caller, Act::Write)?;
    if !engine.home.vault_exists(&engine.name) {
        return Err(Error::no_vault(&engine.name, &engine.home));
    }
    let key = parse(given)?;
    match &way {
        NewWay::Passphrase(passphrase, _) => passphrase::check(passphrase)?,
        NewWay::Keychain => {}
    }
    if !matches!(way, NewWay::Passphrase(_, DeviceSecret::Without)) {
        keychain::probe(engine.ports.keychain.as_ref()).map_err(|error| no_keychain(&error))?;
    }
    let monotonic = engine.ports.clock.monotonic();
    hold(&engine.attempts).check(monotonic)?;
    match store::unlock(&engine.place(), Unlocking::Recovery(&key), engine.now()) {
        Ok(vault) => {
            hold(&engine.attempts).succeeded();
            offer(engine, Then::BeginsAnew(Box::new(vault), way))
        }
        Err(store::Error::WrongKey) => {
            hold(&engine.attempts).failed(monotonic);
            Err(Error::new(
                Kind::Locked,
                "That recovery key does not open this vault.",
                "It may belong to another vault, or have ended when a newer one was made.",
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// Offers the recovery key that a rekey will make count.
pub(crate) fn begin_rekey(
    engine: &Engine,
    depth: Depth,
    passphrase: Option<SecretValue>,
) -> Result<RecoveryOffer> {
    offer(engine, Then::Rekeys(depth, passphrase))
}

fn parse(given: &SecretValue) -> Result<RecoveryKey> {
    let text = given
        .expose_text()
        .ok_or_else(|| Error::invalid("A recovery key is text."))?;
    RecoveryKey::parse(text).map_err(|error| {
        Error::new(
            Kind::Invalid,
            sentence(&error.to_string()),
            "It has 8 groups of 4 letters and digits; I and L are read as 1, O as 0.",
        )
    })
}

fn no_keychain(error: &KeychainError) -> Error {
    Error::new(
        Kind::Keychain,
        error.plainly(),
        "Choose a passphrase instead, or mend the keychain first.",
    )
}

fn offer(engine: &Engine, then: Then) -> Result<RecoveryOffer> {
    let key = RecoveryKey::make().map_err(store::Error::from)?;
    let groups = text_of(&key);
    let ask = two_groups(&key);
    *hold(&engine.offered) = Some(Offer {
        key,
        ask: ask.clone(),
        then,
    });
    Ok(RecoveryOffer { groups, ask })
}

fn text_of(key: &RecoveryKey) -> SecretValue {
    SecretValue::new(key.to_groups().as_bytes().to_vec())
}

/// Which two groups to ask for: taken from the key itself, which is random.
fn two_groups(key: &RecoveryKey) -> Vec<usize> {
    let text = key.to_groups();
    let bytes = text.as_bytes();
    let first = usize::from(bytes[0]) % 8;
    let second = (first + 1 + usize::from(bytes[1]) % 7) % 8;
    vec![first.min(second), first.max(second)]
}

/// The key on offer, for Copy and Save in the window.
///
/// # Errors
/// [`Kind::NotFound`] when none is on offer.
pub fn offered(engine: &Engine) -> Result<SecretValue> {
    match &*hold(&engine.offered) {
        Some(offer) => Ok(text_of(&offer.key)),
        None => Err(nothing_offered()),
    }
}

/// Takes the offer back; nothing has changed.
pub fn decline(engine: &Engine) {
    *hold(&engine.offered) = None;
}

/// Does what the key on offer was made for, once the groups asked for were typed back.
///
/// # Errors
/// [`Kind::Invalid`] when they differ, and as the work says; the offer stands then.
pub fn confirm(engine: &Arc<Engine>, caller: &Caller, typed: &[&SecretValue]) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let now = engine.now();
    let mut offered = hold(&engine.offered);
    let offer = offered.as_ref().ok_or_else(nothing_offered)?;
    check(offer, typed)?;
    match &offer.then {
        Then::Counts => engine.unlocked()?.add_recovery_slot(&offer.key, now)?,
        Then::BeginsAnew(vault, way) => {
            let clock = Arc::clone(&engine.ports.clock);
            let way = match way {
                NewWay::Keychain => NewSlot::Keychain,
                NewWay::Passphrase(passphrase, device_secret) => NewSlot::Passphrase {
                    passphrase,
                    kdf: None,
                    device_secret: *device_secret,
                },
            };
            vault.begin_anew(way, &offer.key, now, &|| clock.monotonic())?;
        }
        Then::Rekeys(..) => {}
    }
    let offer = offered.take();
    drop(offered);
    match offer {
        Some(Offer {
            then: Then::BeginsAnew(vault, _),
            ..
        }) => lifecycle::install(engine, *vault),
        Some(Offer {
            key,
            then: Then::Rekeys(depth, passphrase),
            ..
        }) => rekey::start(engine, key, depth, passphrase)?,
        _ => {}
    }
    engine.changes.publish(ChangeKind::Vault, None);
    Ok(())
}

fn check(offer: &Offer, typed: &[&SecretValue]) -> Result<()> {
    let text = offer.key.to_groups();
    let groups: Vec<&str> = text.split('-').collect();
    let same = typed.len() == offer.ask.len()
        && offer.ask.iter().zip(typed).all(|(&index, typed)| {
            typed
                .expose_text()
                .is_some_and(|typed| RecoveryKey::group_matches(groups[index], typed))
        });
    if same {
        return Ok(());
    }
    Err(Error::new(
        Kind::Invalid,
        "The groups do not match the recovery key.",
        "Compare them with what you wrote down; 0 and O, 1 and I may be mixed up.",
    ))
}

fn nothing_offered() -> Error {
    Error::new(Kind::NotFound, "No recovery key is on offer.", "Make a new one.")
}
