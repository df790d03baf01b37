//! How much of the vault is open, and who gets it: everything, or what keeping tokens fresh needs while it is locked.

use std::sync::{Arc, PoisonError};

use keyward_model::auth_client::Visibility;
use keyward_vault::{
    table::{auth_clients, connections, revocations},
    vault::{Opening, UnlockedVault},
};

use crate::{Engine, Error, Result, engine::hold, lifecycle, settings};

/// How much of a vault is open.
#[derive(Clone, Default)]
pub(crate) enum Open {
    /// Locked; no key is in memory.
    #[default]
    Nothing,
    /// Being locked: nobody gets it any more, and whoever locks it has it in hand. The mark tells one lock from another.
    Shutting(Arc<()>),
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
            Open::Refreshing(_) | Open::Shutting(_) | Open::Nothing => Err(self.not_open()),
        }
    }

    /// The vault as far as keeping tokens fresh needs it: unlocked, or “locked, refreshing”. For the background, and for
    /// vaults beside it that use its AuthClients (EL7): nothing of it goes to whoever asks this one while it is locked.
    ///
    /// # Errors
    /// As [`Engine::unlocked`].
    pub(crate) fn refreshing(&self) -> Result<Arc<UnlockedVault>> {
        match self.open() {
            Open::Everything(vault) | Open::Refreshing(vault) => self.up_to_date(vault),
            Open::Shutting(_) | Open::Nothing => Err(self.not_open()),
        }
    }

    /// Whether it is “locked, refreshing”.
    pub(crate) fn is_locked_refreshing(&self) -> bool {
        matches!(self.open(), Open::Refreshing(_))
    }

    fn open(&self) -> Open {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn up_to_date(&self, vault: Arc<UnlockedVault>) -> Result<Arc<UnlockedVault>> {
        if !vault.is_outdated() {
            return Ok(vault);
        }
        // Another process gave it keys that this one cannot have (SECURITY.md §b.8).
        lifecycle::close_outdated(self, &vault);
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

    /// From here on nobody gets the unlocked vault but the caller, who says at the end what becomes of it
    /// ([`Engine::goes_on_refreshing`]); `None` when it was locked.
    pub(crate) fn shuts(&self) -> Option<(Arc<UnlockedVault>, Arc<()>)> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let mark = Arc::default();
        match std::mem::replace(&mut *open, Open::Shutting(Arc::clone(&mark))) {
            Open::Everything(vault) => Some((vault, mark)),
            other => {
                *open = other;
                None
            }
        }
    }

    /// From here on nobody gets anything, and a lock under way leaves nothing to the background either.
    pub(crate) fn shuts_all(&self) -> Option<Arc<UnlockedVault>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *open) {
            Open::Everything(vault) | Open::Refreshing(vault) => Some(vault),
            Open::Shutting(_) | Open::Nothing => None,
        }
    }

    /// As [`Engine::shuts_all`], if it is still `this` that is open.
    pub(crate) fn shuts_this(&self, this: &Arc<UnlockedVault>) -> Option<Arc<UnlockedVault>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        match &*open {
            Open::Everything(vault) | Open::Refreshing(vault) if Arc::ptr_eq(vault, this) => {}
            _ => return None,
        }
        *open = Open::Nothing;
        Some(Arc::clone(this))
    }

    /// Ends the lock of `mark`: leaves to the background what refreshing needs, where the settings of `vault` say so;
    /// whether it does.
    pub(crate) fn goes_on_refreshing(&self, vault: &UnlockedVault, mark: &Arc<()>) -> bool {
        let narrowed = self.narrowed(vault);
        let refreshes = narrowed.is_some();
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        match &*open {
            Open::Shutting(current) if Arc::ptr_eq(current, mark) => {
                *open = narrowed.map_or(Open::Nothing, Open::Refreshing);
                refreshes
            }
            // Somebody unlocked or closed it meanwhile, and that counts.
            _ => false,
        }
    }

    fn narrowed(&self, vault: &UnlockedVault) -> Option<Arc<UnlockedVault>> {
        if self.opening != Opening::Host || !refreshes_while_locked(self, vault) {
            return None;
        }
        vault
            .narrowed()
            .map(Arc::new)
            .inspect_err(|error| log::warn!("vault {} is locked and does not refresh: {error}", self.name))
            .ok()
    }
}

/// Whether a locked vault keeps the keys for it: where the Owner wants it and there is something to do with them: tokens
/// to keep fresh or to revoke, here or through an AuthClient of this vault (EL7). What cannot be read is no reason to keep
/// a key.
fn refreshes_while_locked(engine: &Engine, vault: &UnlockedVault) -> bool {
    let is_wanted = settings::of(vault).is_ok_and(|settings| settings.refresh_while_locked);
    let has_work = || {
        vault.read(|tx| {
            let has_tokens = connections::list(tx, None)?
                .iter()
                .any(|connection| connection.next_refresh_at().is_some());
            let is_used_elsewhere = auth_clients::list(tx)?
                .iter()
                .any(|client| client.visibility == Visibility::Machine && client.oauth2().is_some());
            Ok(has_tokens || is_used_elsewhere || !revocations::list(tx)?.is_empty())
        })
    };
    is_wanted && (!hold(&engine.unsaved).is_empty() || has_work().unwrap_or_default())
}
