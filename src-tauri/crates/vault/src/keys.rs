//! The keys of an open vault, with the two facts that they were derived from.

use keyward_model::{Id, environment::Environment};
use keyward_seal::{Key, KeyRing, MasterKey, OwnerKeys, RefreshKeys, derive_keys};

use crate::error::{Error, Result};

/// What sealing and opening needs. Wiped when dropped.
pub(crate) struct Keys {
    pub(crate) uuid: [u8; 16],
    pub(crate) epoch: u32,
    pub(crate) refreshing: RefreshKeys,
    reach: Reach,
}

/// How far the keys at hand reach.
enum Reach {
    Everything(Owner),
    /// As far as “locked, refreshing” goes. Environments are sealed out of its reach; the log names them, so they are
    /// remembered as they were when the vault was locked.
    Refreshing(Vec<Environment>),
}

/// The keys that locking drops.
struct Owner {
    keys: OwnerKeys,
    /// Kept for adding slots.
    master: MasterKey,
}

impl Keys {
    pub(crate) fn derive(master: MasterKey, uuid: [u8; 16], epoch: u32) -> Self {
        let KeyRing { refreshing, owner } = derive_keys(&master, &uuid, epoch);
        Self {
            uuid,
            epoch,
            refreshing,
            reach: Reach::Everything(Owner { keys: owner, master }),
        }
    }

    /// Those of “locked, refreshing” (§b.2), apart from these: no master key, nothing that opens a value.
    pub(crate) fn narrowed(&self, environments: Vec<Environment>) -> Result<Self> {
        let KeyRing { refreshing, owner: _ } = derive_keys(self.master()?, &self.uuid, self.epoch);
        Ok(Self {
            uuid: self.uuid,
            epoch: self.epoch,
            refreshing,
            reach: Reach::Refreshing(environments),
        })
    }

    /// The keys that locking drops.
    ///
    /// # Errors
    /// [`Error::Locked`] while “locked, refreshing”.
    pub(crate) fn owner(&self) -> Result<&OwnerKeys> {
        self.everything().map(|owner| &owner.keys)
    }

    /// As [`Keys::owner`].
    pub(crate) fn master(&self) -> Result<&MasterKey> {
        self.everything().map(|owner| &owner.master)
    }

    fn everything(&self) -> Result<&Owner> {
        match &self.reach {
            Reach::Everything(owner) => Ok(owner),
            Reach::Refreshing(_) => Err(Error::Locked),
        }
    }

    /// Whether the vault is “locked, refreshing”.
    pub(crate) fn is_narrowed(&self) -> bool {
        matches!(self.reach, Reach::Refreshing(_))
    }

    /// An environment that is remembered while its record is out of reach.
    pub(crate) fn remembered(&self, environment: Id) -> Option<&Environment> {
        match &self.reach {
            Reach::Everything(_) => None,
            Reach::Refreshing(environments) => environments.iter().find(|one| one.id == environment),
        }
    }

    /// Whether the operating system keeps every one of them out of swap.
    pub(crate) fn locked_in_memory(&self) -> bool {
        let RefreshKeys {
            wrap_oauth,
            manifest,
            audit,
            audit_enc,
        } = &self.refreshing;
        let rest_is_locked = match &self.reach {
            Reach::Refreshing(_) => true,
            Reach::Everything(Owner { keys, master }) => {
                let OwnerKeys {
                    wrap_main,
                    header,
                    index,
                } = keys;
                master.is_locked() && [wrap_main, header, index].into_iter().all(Key::is_locked)
            }
        };
        rest_is_locked
            && [wrap_oauth, manifest, audit, audit_enc]
                .into_iter()
                .all(Key::is_locked)
    }
}
