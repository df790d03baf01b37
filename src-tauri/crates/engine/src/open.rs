//! How much of the vault is open, and who gets it: everything, or what keeping tokens fresh needs while it is locked.

use std::sync::{Arc, PoisonError};

use keyward_model::{auth_client::AuthClient, connection::Connection};
use keyward_vault::{
    error as store,
    table::{auth_clients, connections},
    vault::{Opening, UnlockedVault},
};

use crate::{Engine, Error, Result, lifecycle, settings};

/// How much of a vault is open.
#[derive(Clone, Default)]
pub(crate) enum Open {
    /// Locked; no key is in memory.
    #[default]
    Nothing,
    /// “Locked, refreshing” (SECURITY.md §b.2, O-71): for everybody but the background it is locked.
    Refreshing(Arc<UnlockedVault>),
    /// Unlocked.
    Everything(Arc<UnlockedVault>),
}

impl Engine {
    /// The vault, while it is unlocked.
    ///
    /// # Errors
    /// [`crate::Kind::Locked`]; [`crate::Kind::NotFound`] when it was never made.
    pub(crate) fn unlocked(&self) -> Result<Arc<UnlockedVault>> {
        match self.open() {
            Open::Everything(vault) => self.up_to_date(vault),
            Open::Refreshing(_) | Open::Nothing => Err(self.not_open()),
        }
    }

    /// The vault as far as keeping tokens fresh needs it: unlocked, or “locked, refreshing”. For the background alone:
    /// nothing of it goes to whoever asks while the vault is locked.
    ///
    /// # Errors
    /// As [`Engine::unlocked`].
    pub(crate) fn refreshing(&self) -> Result<Arc<UnlockedVault>> {
        match self.open() {
            Open::Everything(vault) | Open::Refreshing(vault) => self.up_to_date(vault),
            Open::Nothing => Err(self.not_open()),
        }
    }

    fn open(&self) -> Open {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn up_to_date(&self, vault: Arc<UnlockedVault>) -> Result<Arc<UnlockedVault>> {
        if !vault.is_outdated() {
            return Ok(vault);
        }
        // Another process gave it keys that this one cannot have (SECURITY.md §b.8).
        drop(vault);
        lifecycle::close(self);
        Err(Error::locked())
    }

    fn not_open(&self) -> Error {
        match self.home.vault_exists(&self.name) {
            true => Error::locked(),
            false => Error::no_vault(&self.name, &self.home),
        }
    }

    /// Opens everything; what was open before is the caller's to close.
    pub(crate) fn opens(&self, vault: UnlockedVault) -> Open {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *open, Open::Everything(Arc::new(vault)))
    }

    /// From here on nobody gets the unlocked vault; `None` when it was locked.
    pub(crate) fn shuts(&self) -> Option<Arc<UnlockedVault>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *open) {
            Open::Everything(vault) => Some(vault),
            other => {
                *open = other;
                None
            }
        }
    }

    /// As [`Engine::shuts`], and the background gets nothing either.
    pub(crate) fn shuts_all(&self) -> Option<Arc<UnlockedVault>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *open) {
            Open::Everything(vault) | Open::Refreshing(vault) => Some(vault),
            Open::Nothing => None,
        }
    }

    /// Leaves to the background what refreshing needs, where the settings of `vault`, which was just shut, say so; whether
    /// it does.
    pub(crate) fn goes_on_refreshing(&self, vault: &UnlockedVault) -> bool {
        if self.opening != Opening::Host || !refreshes_while_locked(vault) {
            return false;
        }
        let narrowed = match vault.narrowed() {
            Ok(narrowed) => Arc::new(narrowed),
            Err(error) => {
                log::warn!("vault {} is locked and does not refresh: {error}", self.name);
                return false;
            }
        };
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have unlocked it meanwhile.
        if matches!(*open, Open::Nothing) {
            *open = Open::Refreshing(narrowed);
        }
        true
    }
}

/// Whether a locked vault keeps the keys for it: where the Owner wants it and there is something to keep fresh, here or
/// through an AuthClient of this vault (EL7). What cannot be read is no reason to keep a key.
fn refreshes_while_locked(vault: &UnlockedVault) -> bool {
    let is_wanted = settings::of(vault).is_ok_and(|settings| settings.refresh_while_locked);
    let read = || -> store::Result<(Vec<AuthClient>, Vec<Connection>)> {
        vault.read(|tx| Ok((auth_clients::list(tx)?, connections::list(tx, None)?)))
    };
    is_wanted
        && read().is_ok_and(|(clients, connections)| {
            !clients.is_empty() || connections.iter().any(|one| one.auth_client.is_some())
        })
}
