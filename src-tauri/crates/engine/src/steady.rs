//! Whether the clock has gone on evenly of late: what goes by age alone is not destroyed by a clock that leapt.

use std::time::Duration;

use keyward_model::{Timestamp, secret::TRASH_KEEPS};
use keyward_vault::{error as store, table::audit, tx::Tx};

/// A clock that moves on by more than this between two events has leapt, or nobody used the vault: then whoever comes
/// back finds the trash as they left it.
const LEAP: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whether the trash may be emptied by age. A clock set to 2099 makes everything in it seem old, and unlocking already
/// writes an event of 2099; so it is asked whether the log tells of a leap within the time that the trash keeps.
///
/// What it costs is the events of that time.
///
/// # Errors
/// [`store::Error::Corrupt`].
pub(crate) fn is_steady(tx: &Tx<'_>, now: Timestamp) -> store::Result<bool> {
    let mut later = now;
    let mut steady = true;
    audit::newest_first(tx, |_, event| {
        if later.since(event.at) > LEAP {
            steady = false;
            return false;
        }
        // Events of a time still to come were written by a clock that was put back since: they tell nothing.
        later = later.min(event.at);
        now.since(later) < TRASH_KEEPS
    })?;
    Ok(steady)
}
