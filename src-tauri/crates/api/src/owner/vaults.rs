//! The vaults of a home.

use keyward_engine::{
    access::Caller,
    vaults::{self, Deleted, Vaults},
};
use keyward_model::name::VaultName;

use super::Result;
use crate::wire::{self, Done, Error};

/// The vaults there are.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(all: &Vaults, _: &Caller, _: wire::VaultList) -> Result<Vec<wire::Vault>> {
    Ok(vaults::list(all)?.into_iter().map(Into::into).collect())
}

/// Gives a vault another name.
///
/// # Errors
/// `not_found`; `conflict` when the name is taken or another process has the vault open.
pub fn rename(all: &Vaults, caller: &Caller, request: wire::VaultRename) -> Result<Done> {
    vaults::rename(all, caller, &name(&request.name)?, &name(&request.new_name)?)?;
    Ok(Done {})
}

/// Deletes a vault for good.
///
/// # Errors
/// `not_found`; `conflict` when another process has the vault open.
pub fn delete(all: &Vaults, caller: &Caller, request: wire::VaultDelete) -> Result<wire::VaultDeleted> {
    Ok(wire::VaultDeleted {
        keys_left: match vaults::delete(all, caller, &name(&request.name)?)? {
            Deleted::Whole => None,
            Deleted::KeysLeft(error) => Some(format!("{} {}", error.plainly(), error.hint())),
        },
    })
}

fn name(text: &str) -> Result<VaultName> {
    VaultName::parse(text).map_err(|error| Error::usage(format!("vault: {error}")))
}
