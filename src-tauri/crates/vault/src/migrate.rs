//! Migrations: a vault of an older version becomes one of today's when it is unlocked (SECURITY.md §b.8).
//!
//! Forward only. All steps, the new version and the new MAC of the header are one transaction; a copy from before is
//! kept, and comes back when the vault does not verify afterwards.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use keyward_model::Timestamp;

use crate::{
    draft::{NO_OTHERS, copy_into, remove_with_sides, side},
    error::Result,
    files,
    header::Header,
    keys::Keys,
    lease::VaultLock,
    schema::{self, OnClose},
    session::{Inner, State},
    slot,
    table::audit,
    tx::WriteTx,
    unlock::open_slot,
    vault::{EXCHANGE, Place, Unlocking, event},
    verify,
};

/// What the next version needs of tables and records; runs inside the one transaction.
pub(crate) type Step = fn(&mut WriteTx<'_>) -> Result<()>;

/// Step n makes version n + 1 of version n. Only ever appended to: a vault of every released version opens for ever.
pub(crate) const STEPS: &[Step] = &[];

/// How long the copy from before a migration is kept after the first unlock that followed it.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The version that all of `steps` lead to.
pub(crate) const fn newest(steps: &[Step]) -> u32 {
    1 + steps.len() as u32
}

/// Brings the vault to the version that `steps` lead to. Others that have it open are waited for.
///
/// # Errors
/// [`Error::Busy`] names who has the vault open; as [`crate::unlock`]; what a step says. The vault is as it was then.
pub(crate) fn bring_up(place: &Place<'_>, with: Unlocking<'_>, now: Timestamp, steps: &[Step]) -> Result<()> {
    let _lock = VaultLock::exclusive(place.home, place.name, EXCHANGE)?;
    let file = place.home.vault_file(place.name);
    let db = schema::open(&file, OnClose::Checkpoint)?;
    let (from, to) = (schema::user_version(&db)?, newest(steps));
    if from >= to {
        return Ok(()); // somebody did it while we waited
    }
    let header = Header::read(&db)?;
    let (master, _) = open_slot(place, &header.vault_uuid, &slot::read_all(&db)?, with)?;
    let keys = Keys::derive(master, header.vault_uuid, header.epoch);
    schema::checkpoint(&db)?;
    let copy = keep(&file, to)?;

    let mut vault = Inner::new(db, keys, State::NoAnswer);
    let done = vault
        .write(NO_OTHERS, schema::BUSY, now, |tx| {
            run(tx, from, steps)?;
            audit::append(
                tx,
                &event(
                    now,
                    "keyward",
                    "vault.migrate",
                    &format!("version {from} to {to}"),
                ),
            )
        })
        .and_then(|()| vault.read(NO_OTHERS, verify::whole))
        .and_then(|_| vault.checkpoint());
    if let Err(error) = done {
        drop(vault);
        put_back(&copy, &file)?;
        return Err(error);
    }
    Ok(())
}

/// Takes the steps that a vault of version `from` still needs, and seals the header anew.
pub(crate) fn run(tx: &mut WriteTx<'_>, from: u32, steps: &[Step]) -> Result<()> {
    for step in &steps[from as usize - 1..] {
        step(tx)?;
    }
    tx.db.pragma_update(None, "user_version", newest(steps))?;
    Header::renew(tx)
}

/// Copies the file, log moved into it, to `vault.db.pre-vN`. A copy of a migration that was killed is made anew.
fn keep(file: &Path, to: u32) -> Result<PathBuf> {
    let copy = copy_path(file, to);
    remove_with_sides(&copy);
    let made = files::create_new_private(&copy)?;
    copy_into(file, &copy)?;
    // No unlock has followed yet.
    made.set_modified(SystemTime::UNIX_EPOCH)
        .map_err(|error| files::io_failed("keep", &copy, &error))?;
    files::sync_dir(file.parent().unwrap_or(Path::new(".")))?;
    Ok(copy)
}

fn put_back(copy: &Path, file: &Path) -> Result<()> {
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(side(file, suffix));
    }
    std::fs::rename(copy, file).map_err(|error| files::io_failed("put back", file, &error))?;
    files::sync_dir(file.parent().unwrap_or(Path::new(".")))
}

/// After an unlock: removes copies from before a migration whose time is over.
///
/// # Errors
/// [`Error::Storage`].
pub(crate) fn expire_copies(file: &Path, now: Timestamp, newest: u32) -> Result<()> {
    for copy in copies(file, newest) {
        let failed = |error: std::io::Error| files::io_failed("look after", &copy, &error);
        let stamped = copy
            .symlink_metadata()
            .and_then(|found| found.modified())
            .map_err(failed)?;
        if stamped == SystemTime::UNIX_EPOCH {
            let seconds = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0).max(1));
            let file = files::open_private(&copy)?;
            file.set_modified(SystemTime::UNIX_EPOCH + seconds)
                .map_err(failed)?;
        } else if now.since(at(stamped)) >= KEPT {
            std::fs::remove_file(&copy).map_err(failed)?;
        }
    }
    Ok(())
}

/// The copies from before migrations that are there.
fn copies(file: &Path, newest: u32) -> impl Iterator<Item = PathBuf> {
    (2..=newest)
        .map(|version| copy_path(file, version))
        .filter(|copy| copy.symlink_metadata().is_ok())
}

fn copy_path(file: &Path, to: u32) -> PathBuf {
    side(file, &format!(".pre-v{to}"))
}

fn at(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_model::{SecretValue, name::VaultName};

    use super::*;
    use crate::{
        error::Error,
        home::Home,
        keychain::{Keychain, NoKeychain},
        vault::Opening,
    };

    const NOW: Timestamp = Timestamp(1_800_000_000);

    struct World {
        _top: tempfile::TempDir,
        home: Home,
        name: VaultName,
        keychain: Arc<dyn Keychain>,
        passphrase: SecretValue,
    }

    impl World {
        /// The fixture of version 1, in a home of its own.
        fn new() -> Self {
            let top = tempfile::tempdir().unwrap();
            let home = Home::open(&top.path().join("home")).unwrap();
            let name = VaultName::default();
            home.create_vault_dir(&name).unwrap();
            drop(files::create_new_private(&home.vault_file(&name)).unwrap());
            let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v1.db");
            copy_into(Path::new(fixture), &home.vault_file(&name)).unwrap();
            Self {
                _top: top,
                home,
                name,
                keychain: Arc::new(NoKeychain),
                passphrase: SecretValue::from("correct horse battery staple 42"),
            }
        }

        fn place(&self) -> Place<'_> {
            Place {
                home: &self.home,
                name: &self.name,
                keychain: &self.keychain,
                opening: Opening::OneShot,
            }
        }

        fn bring_up(&self, steps: &[Step]) -> Result<()> {
            bring_up(&self.place(), Unlocking::Passphrase(&self.passphrase), NOW, steps)
        }

        fn unlock(&self, now: Timestamp) -> Result<crate::UnlockedVault> {
            crate::unlock(&self.place(), Unlocking::Passphrase(&self.passphrase), now)
        }

        fn file(&self) -> PathBuf {
            self.home.vault_file(&self.name)
        }

        fn version(&self) -> u32 {
            schema::user_version(&rusqlite::Connection::open(self.file()).unwrap()).unwrap()
        }
    }

    /// A table more, and every record sealed anew, as a step that changes bodies would do.
    fn next(tx: &mut WriteTx<'_>) -> Result<()> {
        tx.db
            .execute_batch("CREATE TABLE later(id INTEGER PRIMARY KEY) STRICT")?;
        let mut all = Vec::new();
        tx.each(crate::record::Kind::Secret, |record, plaintext| {
            all.push((record.uuid, record.name_bi, plaintext.to_vec()));
            Ok(())
        })?;
        assert!(!all.is_empty(), "the fixture holds secrets");
        for (uuid, name_bi, plaintext) in all {
            let record = tx.by_uuid(crate::record::Kind::Secret, &uuid)?;
            tx.replace(&record, name_bi, &plaintext)?;
        }
        Ok(())
    }

    fn fails(_: &mut WriteTx<'_>) -> Result<()> {
        Err(Error::Storage("a step that fails".to_owned()))
    }

    /// Leaves a row that no leaf vouches for, which only the whole verification finds.
    fn damages(tx: &mut WriteTx<'_>) -> Result<()> {
        tx.db
            .execute_batch("UPDATE rec SET version = version + 1 WHERE tbl = 'environment'")?;
        Ok(())
    }

    #[test]
    fn a_vault_is_brought_up_in_one_transaction_and_a_copy_is_kept() {
        let world = World::new();
        let before = std::fs::read(world.file()).unwrap();
        world.bring_up(&[next]).unwrap();
        assert_eq!(world.version(), 2);
        let copy = copy_path(&world.file(), 2);
        assert_eq!(std::fs::read(&copy).unwrap(), before, "the copy is from before");
        files::check_private(&copy).unwrap();
        // This very program reads version 1: what is newer is refused by name.
        let Err(Error::TooNew(what)) = world.unlock(NOW) else {
            panic!("a newer vault was opened");
        };
        assert!(what.contains("format 2"), "{what}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_vault_as_it_was() {
        for steps in [&[next as Step, fails][..], &[damages as Step]] {
            let world = World::new();
            let before = std::fs::read(world.file()).unwrap();
            world.bring_up(steps).unwrap_err();
            assert_eq!(std::fs::read(world.file()).unwrap(), before);
            assert!(
                copies(&world.file(), 3).next().is_none(),
                "a copy of what is there anyway"
            );
            world.unlock(NOW).unwrap().verify().unwrap();
        }
    }

    #[test]
    fn a_wrong_passphrase_migrates_nothing() {
        let world = World::new();
        let wrong = SecretValue::from("another one altogether");
        let refused = bring_up(&world.place(), Unlocking::Passphrase(&wrong), NOW, &[next]);
        assert_eq!(refused, Err(Error::WrongKey));
        assert_eq!(world.version(), 1);
        assert!(copies(&world.file(), 2).next().is_none());
    }

    #[test]
    fn a_copy_is_kept_seven_days_after_the_first_unlock_that_followed() {
        let world = World::new();
        let file = world.file();
        world.bring_up(&[next]).unwrap();
        let count = || copies(&file, 2).count();
        let long_after = NOW.after(KEPT * 10);
        expire_copies(&file, long_after, 2).unwrap();
        assert_eq!(count(), 1, "that was the first unlock");
        expire_copies(&file, long_after.after(KEPT / 2), 2).unwrap();
        assert_eq!(count(), 1);
        // A clock that fell back to 1970 ends no time.
        expire_copies(&file, Timestamp(0), 2).unwrap();
        assert_eq!(count(), 1);
        expire_copies(&file, long_after.after(KEPT), 2).unwrap();
        assert_eq!(count(), 0);
    }
}
