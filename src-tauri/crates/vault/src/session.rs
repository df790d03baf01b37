//! One open connection: its transactions, and what it remembers between them.

use std::{path::Path, sync::Arc, time::Duration};

use keyward_model::{Timestamp, audit::AuditEvent};
use keyward_seal::equal;
use rusqlite::Connection;

use crate::{
    anchor::{self, Anchor, Found},
    error::{Error, Freshness, Result},
    keys::Keys,
    manifest::Manifest,
    schema,
    table::audit,
    tx::{Effects, Tx, WriteTx},
};

/// How long the event of a read waits for another writer (L-10).
pub(crate) const RELAXED: Duration = Duration::from_millis(250);

/// Takes the write lock at once.
pub(crate) const IMMEDIATELY: &str = "BEGIN IMMEDIATE";

/// What is known of the anchor.
#[derive(Clone, Copy)]
pub(crate) enum State {
    /// The keychain did not answer; it is not asked again.
    NoAnswer,
    /// There is none.
    Nothing,
    Written {
        generation: u64,
        at: Timestamp,
    },
}

impl State {
    pub(crate) fn of(found: &Found) -> Self {
        match found {
            Found::Anchor(Anchor {
                generation,
                written_at,
                ..
            }) => Self::Written {
                generation: *generation,
                at: *written_at,
            },
            Found::Nothing => Self::Nothing,
            Found::NoAnswer => Self::NoAnswer,
        }
    }
}

/// The connection and its memory; lives behind the Mutex of the vault.
pub(crate) struct Inner {
    pub(crate) db: Connection,
    /// Those of the epoch last seen.
    pub(crate) keys: Arc<Keys>,
    /// The state last verified, good for as long as nobody else commits.
    manifest: Option<Manifest>,
    /// `PRAGMA data_version` when it was verified: changes when another connection commits, not when we do.
    data_version: i64,
    /// Writes of this connection, log of reads left out.
    pub(crate) own_writes: u64,
    /// Generation and root last verified: nothing older is believed while this connection lives.
    pub(crate) seen: (u64, [u8; 32]),
    /// Generation and root of the last commit that is known to be on the disk.
    synced: Option<(u64, [u8; 32])>,
    pub(crate) anchor: State,
    anchor_due: bool,
    pub(crate) checkpoint_due: bool,
    /// Reads whose events could not be written.
    pub(crate) unlogged: u64,
    pub(crate) last_write: Option<Timestamp>,
    /// The end was tidied up, or there is nothing to tidy: a vault that is not believed leaves no trace.
    pub(crate) is_over: bool,
}

/// Finds the keys of a vault that was given new ones meanwhile, or says that it is locked (§b.8).
pub(crate) type Follow<'f> = &'f dyn Fn(&Connection) -> Result<Keys>;

/// Rolls back unless it was committed.
pub(crate) struct Transaction<'d>(&'d Connection);

impl<'d> Transaction<'d> {
    pub(crate) fn begin(db: &'d Connection, sql: &'static str) -> Result<Self> {
        db.prepare_cached(sql)?.execute([])?;
        Ok(Self(db))
    }

    pub(crate) fn commit(self) -> Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // An error here leaves nothing committed either.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

impl Inner {
    pub(crate) fn new(db: Connection, keys: Keys, anchor: State) -> Self {
        Self {
            db,
            keys: Arc::new(keys),
            manifest: None,
            data_version: 0,
            own_writes: 0,
            seen: (0, [0; 32]),
            synced: None,
            anchor,
            anchor_due: false,
            checkpoint_due: false,
            unlogged: 0,
            last_write: None,
            is_over: true, // until it is believed
        }
    }

    pub(crate) fn read<T>(&mut self, follow: Follow<'_>, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        let Self {
            db,
            keys,
            manifest,
            data_version,
            seen,
            ..
        } = self;
        let transaction = Transaction::begin(db, "BEGIN DEFERRED")?;
        let verified = current(db, keys, follow, manifest.take(), data_version, seen)?;
        let tx = Tx::new(db, keys, verified);
        let done = f(&tx);
        *manifest = Some(tx.manifest.into_inner());
        // An error goes before the commit: SQLite has ended the transaction itself after some of them.
        let done = done?;
        transaction.commit()?;
        Ok(done)
    }

    /// Waits up to `patience` for another writer.
    pub(crate) fn write<T>(
        &mut self,
        follow: Follow<'_>,
        patience: Duration,
        now: Timestamp,
        f: impl FnOnce(&mut WriteTx<'_>) -> Result<T>,
    ) -> Result<T> {
        let Self {
            db,
            keys,
            manifest,
            data_version,
            seen,
            unlogged,
            ..
        } = self;
        db.busy_timeout(patience)?;
        let begun = Transaction::begin(db, IMMEDIATELY);
        db.busy_timeout(schema::BUSY)?;
        let transaction = begun?;
        let verified = current(db, keys, follow, manifest.take(), data_version, seen)?;
        let before = verified.mark();
        let mut tx = WriteTx::new(Tx::new(db, keys, verified));
        let mut done = f(&mut tx);
        if done.is_ok()
            && tx.is_dirty()
            && *unlogged > 0
            && let Err(error) = audit::append(&mut tx, &reads_unlogged(now, *unlogged))
        {
            done = Err(error);
        }
        let Effects {
            manifest: mut verified,
            is_dirty,
            anchor_due,
            checkpoint_due,
        } = tx.into_effects();
        let done = match done {
            Ok(done) if is_dirty => done,
            other => {
                verified.go_back(before);
                *manifest = Some(verified);
                return other;
            }
        };
        // SQLite ends a transaction itself when a read or the memory fails. Whoever let such an error pass must not
        // have the rest of the work written row by row.
        if db.is_autocommit() {
            return Err(Error::Storage(
                "the disk failed while the vault was in use".to_owned(),
            ));
        }
        // From here on an error leaves no manifest in memory: the next transaction reads and verifies it anew.
        verified.flush(db, keys)?;
        transaction.commit()?;
        *seen = (verified.generation, verified.root);
        *manifest = Some(verified);
        *unlogged = 0;
        self.anchor_due |= anchor_due;
        self.checkpoint_due |= checkpoint_due;
        Ok(done)
    }

    /// What changes whenever anything but the log of reads did.
    pub(crate) fn edition(&mut self, follow: Follow<'_>) -> Result<(i64, u64)> {
        self.read(follow, |_| Ok(()))?;
        Ok((self.data_version, self.own_writes))
    }

    /// A write that is not waited for: it is in the file's log, and on the disk with the next synced commit.
    pub(crate) fn write_relaxed<T>(
        &mut self,
        follow: Follow<'_>,
        now: Timestamp,
        f: impl FnOnce(&mut WriteTx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.db.execute_batch("PRAGMA synchronous = NORMAL")?;
        let done = self.write(follow, RELAXED, now, f);
        self.db.execute_batch("PRAGMA synchronous = FULL")?;
        done
    }

    /// Goes on with the keys and the state of a commit that this process made through another connection.
    pub(crate) fn go_on_with(&mut self, keys: Keys, state: (u64, [u8; 32]), now: Timestamp) {
        self.keys = Arc::new(keys);
        self.manifest = None;
        self.seen = state;
        self.own_writes += 1;
        self.anchor_due = true;
        self.checkpoint_due = true;
        self.written(now);
    }

    /// A synced write came back: all that was committed before it is on the disk too.
    pub(crate) fn written(&mut self, now: Timestamp) {
        self.synced = Some(self.seen);
        self.last_write = Some(now);
    }

    pub(crate) fn checkpoint(&mut self) -> Result<()> {
        let state = self.seen;
        self.checkpoint_due = !schema::checkpoint(&self.db)?;
        if !self.checkpoint_due && self.manifest.is_some() {
            self.synced = Some(state);
        }
        Ok(())
    }

    /// A connection of its own to the same state of the same file, with less keys: nothing older is believed there either.
    pub(crate) fn narrowed(&self, db: Connection, keys: Keys) -> Self {
        Self {
            seen: self.seen,
            synced: self.synced,
            unlogged: self.unlogged,
            is_over: self.is_over,
            ..Self::new(db, keys, self.anchor)
        }
    }

    /// Moves the log into the file and closes it, in the mode a vault is used in; its keys remain.
    pub(crate) fn end(self, path: &Path) -> Result<Keys> {
        schema::use_log(&self.db, path)?;
        schema::checkpoint(&self.db)?;
        self.db.close().map_err(|(_, error)| error)?;
        Arc::into_inner(self.keys).ok_or(Error::Locked)
    }

    pub(crate) fn everything_is_synced(&mut self) {
        self.synced = Some(self.seen);
    }

    /// How the state last verified compares with what the keychain held.
    pub(crate) fn compare(&self, found: &Found) -> Freshness {
        match found {
            Found::Anchor(anchor) => anchor.compare(self.seen.0, &self.seen.1),
            Found::Nothing | Found::NoAnswer => Freshness::None,
        }
    }

    /// What the anchor would be raised to; `None` when that is what it says already, or nobody listens.
    pub(crate) fn to_anchor(&self) -> Option<(u64, [u8; 32])> {
        let synced = self.synced?;
        match self.anchor {
            State::NoAnswer => None,
            State::Written { generation, .. } if generation >= synced.0 => None,
            State::Nothing | State::Written { .. } => Some(synced),
        }
    }

    /// Whether a one-shot command that wrote should raise the anchor.
    pub(crate) fn is_anchor_due(&self, now: Timestamp) -> bool {
        self.last_write.is_some()
            && match self.anchor {
                State::NoAnswer => false,
                State::Nothing => true,
                // A clock that was put back must not keep the anchor from being written.
                State::Written { at, .. } => self.anchor_due || at > now || now.since(at) >= anchor::STALE,
            }
    }

    pub(crate) fn anchored(&mut self, generation: u64, now: Timestamp) {
        self.anchor = State::Written { generation, at: now };
        self.anchor_due = false;
    }
}

/// The verified manifest of the snapshot that the transaction has just opened, and the keys of its epoch.
fn current(
    db: &Connection,
    keys: &mut Arc<Keys>,
    follow: Follow<'_>,
    before: Option<Manifest>,
    data_version: &mut i64,
    seen: &mut (u64, [u8; 32]),
) -> Result<Manifest> {
    match verified(db, keys, before, data_version, seen) {
        // Another process gave the vault new keys: ours are dropped, whatever comes of it.
        Err(Error::Locked) => {
            *keys = Arc::new(follow(db)?);
            verified(db, keys, None, data_version, seen)
        }
        other => other,
    }
}

/// As [`current`], with the keys there are.
///
/// # Errors
/// [`Error::Locked`] when they are of another epoch.
fn verified(
    db: &Connection,
    keys: &Keys,
    before: Option<Manifest>,
    data_version: &mut i64,
    seen: &mut (u64, [u8; 32]),
) -> Result<Manifest> {
    // Inside the transaction: what it says is true of this snapshot.
    let version: i64 = db
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))?;
    let manifest = match before {
        Some(manifest) if version == *data_version => return Ok(manifest),
        before => Manifest::load(db, keys, before)?,
    };
    // T-04 while the vault is open: somebody may exchange the file under a host.
    if manifest.generation < seen.0 {
        return Err(Error::NotFresh(Freshness::Older {
            file: manifest.generation,
            seen: seen.0,
        }));
    }
    if manifest.generation == seen.0 && !equal(&manifest.root, &seen.1) {
        return Err(Error::NotFresh(Freshness::Forked));
    }
    *data_version = version;
    *seen = (manifest.generation, manifest.root);
    Ok(manifest)
}

fn reads_unlogged(now: Timestamp, count: u64) -> AuditEvent {
    AuditEvent {
        at: now,
        actor: "keyward".to_owned(),
        action: "audit.reads_unlogged".to_owned(),
        subject: format!("{count} reads are not in this log"),
        outcome: "ok".to_owned(),
        took: None,
    }
}
