//! The freshness anchor: the newest state this machine has seen, kept in the keychain (SECURITY.md §b.6).

use std::time::Duration;

use keyward_model::{Id, Timestamp};
use keyward_seal::equal;

use crate::{
    error::{Freshness, Result},
    home::Home,
    keychain::{self, Keychain, KeychainError},
    lease,
};

/// An anchor this old is written again by a one-shot command that wrote something.
pub(crate) const STALE: Duration = Duration::from_secs(60);

/// In passphrase mode the keychain is not needed, so nobody waits for it longer than this.
const OPTIONAL_DEADLINE: Duration = Duration::from_secs(1);

/// Whether a vault can be opened without the keychain; then an anchor is welcome, not demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Demanded,
    Welcome,
}

/// `u64be(generation) || root || u64be(Unix seconds when written)`.
#[derive(Clone, Copy)]
pub(crate) struct Anchor {
    pub(crate) generation: u64,
    pub(crate) root: [u8; 32],
    pub(crate) written_at: Timestamp,
}

/// What the keychain said when the vault was unlocked.
pub(crate) enum Found {
    Anchor(Anchor),
    /// It answered, and there is none: the next synced write makes it.
    Nothing,
    /// It did not answer: nobody asks again while this vault is open.
    NoAnswer,
}

impl Anchor {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (generation, rest) = bytes.split_first_chunk::<8>()?;
        let (root, written_at) = rest.split_first_chunk::<32>()?;
        Some(Self {
            generation: u64::from_be_bytes(*generation),
            root: *root,
            written_at: Timestamp(i64::from_be_bytes(written_at.try_into().ok()?)),
        })
    }

    fn to_bytes(self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes[..8].copy_from_slice(&self.generation.to_be_bytes());
        bytes[8..40].copy_from_slice(&self.root);
        bytes[40..].copy_from_slice(&self.written_at.seconds().max(0).to_be_bytes());
        bytes
    }

    /// How a vault of this generation and root compares with the anchor.
    pub(crate) fn compare(&self, generation: u64, root: &[u8; 32]) -> Freshness {
        match generation.cmp(&self.generation) {
            std::cmp::Ordering::Less => Freshness::Older {
                file: generation,
                seen: self.generation,
            },
            std::cmp::Ordering::Equal if !equal(root, &self.root) => Freshness::Forked,
            _ => Freshness::Ok,
        }
    }
}

fn account(vault_uuid: &[u8; 16]) -> String {
    format!("{}:anchor", Id::from_bytes(*vault_uuid))
}

fn deadline(need: Need) -> Duration {
    match need {
        Need::Demanded => keychain::DEADLINE,
        Need::Welcome => OPTIONAL_DEADLINE,
    }
}

fn get(keychain: &dyn Keychain, vault_uuid: &[u8; 16], need: Need) -> Result<Option<Anchor>> {
    match keychain.get(&account(vault_uuid), deadline(need))? {
        None => Ok(None),
        // Whatever else lies there: an anchor that cannot be read proves nothing, and must not go unnoticed.
        Some(bytes) => match Anchor::parse(&bytes) {
            Some(anchor) => Ok(Some(anchor)),
            None => Err(KeychainError::Failed("its freshness mark cannot be read".to_owned()).into()),
        },
    }
}

/// Asks the keychain, before the read transaction begins.
pub(crate) fn find(keychain: &dyn Keychain, vault_uuid: &[u8; 16], need: Need) -> Result<Found> {
    match (get(keychain, vault_uuid, need), need) {
        (Ok(Some(anchor)), _) => Ok(Found::Anchor(anchor)),
        (Ok(None), _) => Ok(Found::Nothing),
        (Err(_), Need::Welcome) => Ok(Found::NoAnswer),
        (Err(error), Need::Demanded) => Err(error),
    }
}

/// Writes the anchor, only ever upwards. The commit of `to` was synced.
pub(crate) fn raise(
    home: &Home,
    keychain: &dyn Keychain,
    vault_uuid: &[u8; 16],
    need: Need,
    to: Anchor,
) -> Result<()> {
    let _turn = lease::anchor_lock(home)?;
    // Upwards alone; at the same generation only to renew the time, never to bless another history.
    let there = get(keychain, vault_uuid, need)?;
    if there.is_none_or(|there| there.compare(to.generation, &to.root) == Freshness::Ok) {
        keychain.set(&account(vault_uuid), &to.to_bytes(), deadline(need))?;
    }
    Ok(())
}
