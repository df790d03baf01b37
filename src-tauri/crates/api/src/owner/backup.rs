//! Copies of the vault.

use std::{path::Path, sync::Arc};

use keyward_engine::{Engine, access::Caller, backup};

use super::Result;
use crate::wire::{self, Error, Plaintext};

/// The copies that lie beside the vault.
///
/// # Errors
/// `corrupt` when their folder is open to others.
pub fn list(engine: &Arc<Engine>, _: &Caller, _: wire::BackupList) -> Result<Vec<wire::BackupCopy>> {
    let folder = engine.home().backups_dir(engine.name());
    let copy = |copy: backup::BackupFile| wire::BackupCopy {
        path: folder.join(&copy.name).display().to_string(),
        made_at: copy.made_at.to_rfc3339(),
        reason: match copy.reason {
            backup::Reason::Daily => wire::BackupReason::Daily,
            backup::Reason::Replaced => wire::BackupReason::Replaced,
        },
        size: copy.size,
        name: copy.name,
    };
    Ok(backup::list(engine)?.into_iter().map(copy).collect())
}

/// A comparison as the window is told of it.
#[must_use]
pub fn compared(comparison: backup::Comparison) -> wire::BackupComparison {
    wire::BackupComparison {
        lost: comparison.lost,
        older: comparison.older,
        back: comparison.back,
    }
}

/// Copies the vault into a new file.
///
/// # Errors
/// `conflict` when the file is there and no copy of this vault, `corrupt`, `locked`.
pub fn make(engine: &Arc<Engine>, caller: &Caller, request: wire::BackupMake) -> Result<wire::BackupMade> {
    let made = backup::make(engine, caller, absolute(&request.file)?)?;
    Ok(wire::BackupMade {
        path: request.file,
        records: made.records,
        events: made.audit_rows,
    })
}

/// Puts a copy in the vault's place.
///
/// # Errors
/// `corrupt` when it does not verify, `locked`, `keychain`, `conflict`.
pub fn restore(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::VaultRestore,
) -> Result<wire::VaultRestored> {
    let passphrase = request.passphrase.as_ref().map(|Plaintext(text)| text);
    let restored = backup::restore(engine, caller, absolute(&request.file)?, passphrase)?;
    Ok(wire::VaultRestored {
        records: restored.verified.records,
        replaced: restored.replaced,
        doubtful: restored.doubtful,
    })
}

/// Saves what a damaged file still gives.
///
/// # Errors
/// `corrupt` when nothing can be opened or saved, `locked`, `keychain`, `conflict` when the new file is there.
pub fn salvage(engine: &Arc<Engine>, caller: &Caller, request: wire::VaultSalvage) -> Result<wire::Salvaged> {
    let passphrase = request.passphrase.as_ref().map(|Plaintext(text)| text);
    let (file, out) = (absolute(&request.file)?, absolute(&request.out)?);
    let salvaged = backup::salvage(engine, caller, file, out, passphrase)?;
    let named = |counts: std::collections::BTreeMap<&str, usize>| {
        counts
            .into_iter()
            .map(|(kind, count)| (kind.to_owned(), count))
            .collect()
    };
    Ok(wire::Salvaged {
        saved: named(salvaged.saved),
        lost: named(salvaged.lost),
        missing: salvaged.missing,
        list_damaged: salvaged.list_damaged,
        recovered: salvaged.recovered,
        without_value: salvaged.without_value,
        unvouched: salvaged.unvouched,
        events: salvaged.events,
        lost_events: salvaged.lost_events,
    })
}

/// The host has a working folder of its own, so a path says all of where it leads.
fn absolute(path: &str) -> Result<&Path> {
    let path = Path::new(path);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Error::usage(format!("{} is no absolute path.", path.display())))
    }
}
