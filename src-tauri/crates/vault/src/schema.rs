//! The database file: opening it, its pragmas, its tables and their migrations (SECURITY.md §b.5).

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit};

use crate::{
    error::{Error, Result},
    migrate, platform,
};

impl From<rusqlite::Error> for Error {
    // SQLite's own texts may quote a value that broke a rule: only the code is told.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let Some(code) = error.sqlite_error_code() else {
            // A column that holds something else than it should: whoever wrote it, it was not Keyward.
            return Error::Corrupt("the database does not hold what a vault holds".to_owned());
        };
        match code {
            Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed => {
                Error::Busy("the vault".to_owned())
            }
            Code::ReadOnly => Error::ReadOnly("its file or folder is read-only".to_owned()),
            Code::PermissionDenied | Code::CannotOpen => {
                Error::Storage("the vault's file cannot be opened".to_owned())
            }
            Code::DiskFull => Error::Storage("the disk is full; nothing was changed".to_owned()),
            Code::SystemIoFailure => Error::Storage("the disk failed while the vault was in use".to_owned()),
            Code::OutOfMemory => Error::Storage("not enough memory".to_owned()),
            Code::TooBig => Error::TooLarge,
            Code::DatabaseCorrupt | Code::NotADatabase | Code::TypeMismatch | Code::ConstraintViolation => {
                Error::Corrupt("the database file".to_owned())
            }
            // "No such table" and the like: the statements are ours, so the schema is not.
            Code::Unknown | Code::SchemaChanged => Error::Corrupt("the tables of the vault".to_owned()),
            other => Error::Storage(format!("SQLite says {other:?}")),
        }
    }
}

impl From<keyward_seal::Error> for Error {
    fn from(error: keyward_seal::Error) -> Self {
        use keyward_seal::Error as Seal;
        match error {
            Seal::Open | Seal::Padding => Error::Corrupt("a record".to_owned()),
            Seal::TooLong => Error::TooLarge,
            Seal::KdfTooWeak | Seal::KdfTooCostly => Error::Corrupt(error.to_string()),
            Seal::PassphraseText => Error::WrongKey,
            other => Error::Storage(other.to_string()),
        }
    }
}

/// `PRAGMA application_id`: "KWV1".
const APPLICATION_ID: i32 = 0x4B57_5631;

/// `PRAGMA user_version` of a vault written today, and the newest that is read.
pub(crate) const USER_VERSION: u32 = migrate::newest(migrate::STEPS);

/// How long a statement waits for another process's write.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// A checkpoint is worth its syncs from here on: whoever opens first reads the whole log (§b.5).
pub(crate) const WAL_WORTH_A_CHECKPOINT: u64 = 512 * 1024;

/// The largest row: a record of 1 MiB + 64 KiB, padded and sealed. A hostile file cannot ask for more memory.
const LONGEST_ROW: i32 = 2 * 1024 * 1024;

/// The tables of version 1; what came later are the steps of [`migrate`].
const TABLES: &str = "
    CREATE TABLE header(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        vault_uuid BLOB NOT NULL, epoch INTEGER NOT NULL, min_reader INTEGER NOT NULL,
        features_critical BLOB NOT NULL, features_compat BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
    CREATE TABLE slot(
        slot_id BLOB PRIMARY KEY NOT NULL, type TEXT NOT NULL,
        params BLOB NOT NULL, blob BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE rec(
        record_uuid BLOB PRIMARY KEY NOT NULL, tbl TEXT NOT NULL,
        version INTEGER NOT NULL, epoch INTEGER NOT NULL,
        wrapped BLOB NOT NULL, body BLOB NOT NULL, name_bi BLOB NOT NULL UNIQUE) STRICT;
    CREATE INDEX rec_tbl ON rec(tbl);
    CREATE TABLE bucket(n INTEGER PRIMARY KEY, leaves BLOB NOT NULL) STRICT;
    CREATE TABLE node(m INTEGER PRIMARY KEY, digests BLOB NOT NULL) STRICT;
    CREATE TABLE manifest(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL, audit_seq INTEGER NOT NULL, audit_head BLOB NOT NULL,
        nodes BLOB NOT NULL, root BLOB NOT NULL) STRICT;
    CREATE TABLE audit(seq INTEGER PRIMARY KEY, body BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
";

/// Who checkpoints: a one-shot command leaves that to the next one that finds a long log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnClose {
    Leave,
    Checkpoint,
}

/// Makes the tables in the empty file at `path`, which exists with the mode it shall have.
pub(crate) fn create(path: &Path) -> Result<Connection> {
    let db = connect(path, OnClose::Checkpoint)?;
    use_log(&db, path)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = 1; COMMIT;"
    ))?;
    Ok(db)
}

/// Readers and one writer at once, where the file system can (§b.5); the file remembers it.
pub(crate) fn use_log(db: &Connection, path: &Path) -> Result<()> {
    if !platform::lies_on_a_network(path) {
        db.pragma_update(None, "journal_mode", "WAL")?;
    }
    Ok(())
}

/// Opens a vault of a version that is known here.
///
/// # Errors
/// [`Error::TooNew`] before anything else of the file is believed; [`Error::Corrupt`] when it is no vault.
pub(crate) fn open(path: &Path, on_close: OnClose) -> Result<Connection> {
    let db = connect(path, on_close)?;
    if platform::lies_on_a_network(path) {
        // WAL needs memory that processes share, which a network file system does not. With the exclusive lock,
        // set before the first read, SQLite opens even a WAL file without it.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.pragma_update(None, "journal_mode", "DELETE")?;
    }
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Error::Corrupt("the file is no Keyward vault".to_owned()));
    }
    let version = user_version(&db)?;
    if version > USER_VERSION {
        return Err(Error::TooNew(format!(
            "this vault, of format {version} (this program reads up to {USER_VERSION}),"
        )));
    }
    if version < 1 {
        return Err(Error::Corrupt("the version of the file".to_owned()));
    }
    Ok(db)
}

/// `PRAGMA user_version`; part of what header.mac covers.
pub(crate) fn user_version(db: &Connection) -> Result<u32> {
    let version: i64 = db
        .prepare_cached("PRAGMA user_version")?
        .query_row([], |row| row.get(0))?;
    u32::try_from(version).map_err(|_| Error::Corrupt("the version of the file".to_owned()))
}

fn connect(path: &Path, on_close: OnClose) -> Result<Connection> {
    // SQLite refuses a symbolic link anywhere in the path, the folders above the home included: those are
    // resolved first, the file itself is not.
    let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else {
        return Err(Error::Storage("the path of the vault".to_owned()));
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| Error::Storage(error.to_string()))?;
    let path = folder.join(file);
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX // UnlockedVault has a Mutex of its own
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = if nobody_can_write(&path) {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(immutable(&path), flags)?
    } else {
        Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?
    };
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        // The schema belongs to whoever wrote the file: none of ours has a trigger or a view.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (
            DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
            on_close == OnClose::Leave,
        ),
    ] {
        db.set_db_config(option, on)?;
    }
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?; // 0 breaks VACUUM
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_ROW)?;
    // A one-shot command never checkpoints inside its write (P5); a host has SQLite's 1 000 pages as a backstop.
    let autocheckpoint = if on_close == OnClose::Leave { 0 } else { 1000 };
    db.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
         PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = {autocheckpoint};"
    ))?;
    Ok(db)
}

/// Whether the file lies on a read-only disk with all of it in the file: without a log beside it SQLite would make
/// one, even to read. With a log it reads both.
fn nobody_can_write(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    platform::is_read_only_disk(path) && Path::new(&log).symlink_metadata().is_err()
}

/// The address by which SQLite opens a file that cannot change.
fn immutable(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => address.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address + "?immutable=1"
}

/// Moves the log into the file and cuts it to nothing. `false` when readers were in the way: try again later.
pub(crate) fn checkpoint(db: &Connection) -> Result<bool> {
    db.busy_timeout(Duration::from_millis(100))?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    db.busy_timeout(BUSY)?;
    match busy.map_err(Error::from) {
        Ok(busy) => Ok(busy == 0),
        Err(Error::Busy(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite would read as part of an address is no part of a path.
    #[test]
    fn an_address_holds_any_path() {
        let address = immutable(Path::new("/a b/%41?x#y/ü.db"));
        assert_eq!(address, "file:/a%20b/%2541%3Fx%23y/%C3%BC.db?immutable=1");
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("a b?%41#ü.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (a)")
            .unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(immutable(&path), flags).unwrap();
        let tables: u32 = db
            .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
    }
}
