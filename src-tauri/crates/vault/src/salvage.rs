//! Salvage: a damaged file gives up every record that opens, into a new file that is whole (ST4).
//!
//! A record is taken only when it opens under its own place (uuid, kind, version, epoch) and lies under the name
//! that its body asks for; rows are taken as they are, so the new file opens with the same keys. What the manifest of
//! the damaged file could not vouch for is told: it may be older than what was there last. An environment that is lost
//! gets a replacement, so that what belongs to it can be reached.

mod carve;
mod list;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use keyward_model::{Id, Timestamp, name::EnvironmentName};

use self::{
    carve::{Row, Value},
    list::List,
};
use crate::{
    draft::{Draft, side},
    error::{Error, Result},
    files,
    header::Header,
    keys::Keys,
    manifest::Manifest,
    migrate,
    record::{Kind, Record},
    schema,
    slot::Slot,
    table::{audit, connections, credentials, environments, secrets},
    tx::{Tx, WriteTx},
    unlock::open_slot,
    vault::{Place, Unlocking, event},
    verify,
};

/// Name of an environment that takes the place of a lost one; the next are numbered.
const RECOVERED: &str = "recovered";

/// What a damaged file gave up, and what it did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Records that were saved, by kind.
    pub saved: BTreeMap<&'static str, usize>,
    /// Records that are there and do not open, by the kind they claim.
    pub lost: BTreeMap<&'static str, usize>,
    /// Records that the manifest names and that are not there at all.
    pub missing: usize,
    /// Whether the manifest itself is damaged: records may be gone that nothing names.
    pub list_damaged: bool,
    /// Names of new environments, each in the place of one that is lost.
    pub recovered: Vec<String>,
    /// Keys of things that were saved without their value.
    pub without_value: Vec<String>,
    /// Saved records that the manifest did not vouch for: they may be older than what was there last.
    pub unvouched: usize,
    /// Events of the activity log that were saved.
    pub events: u64,
    /// Events that are gone; `None` when nothing tells how many there were.
    pub lost_events: Option<u64>,
}

/// Everything that was found, by its shape.
#[derive(Default)]
struct Found {
    headers: Vec<Header>,
    slots: Vec<Slot>,
    /// Each with its place among the rows, which is the order they were made in.
    records: Vec<(i64, Record)>,
    list: List,
    events: BTreeMap<u64, Vec<u8>>,
    audit_seq: Option<u64>,
}

/// Saves what opens of `file`, and of the log beside it, into the new vault file `out`.
///
/// # Errors
/// [`Error::Corrupt`] when header or slots are gone, so that nothing can be opened, or when no record opens;
/// [`Error::WrongKey`]; [`Error::KeychainUnavailable`]; [`Error::Exists`] when `out` is there; [`Error::Storage`].
/// There is no new file then.
pub fn salvage(
    place: &Place<'_>,
    file: &Path,
    out: &Path,
    with: Unlocking<'_>,
    now: Timestamp,
) -> Result<Salvaged> {
    if out.symlink_metadata().is_ok() {
        return Err(Error::Exists(out.display().to_string()));
    }
    let read = |path: &Path| std::fs::read(path).map_err(|error| files::io_failed("read", path, &error));
    let bytes = read(file)?;
    let log = match read(&side(file, "-wal")) {
        Err(Error::NotFound(_)) => Vec::new(),
        other => other?,
    };
    let found = Found::sort(carve::rows(&bytes, &log));
    let keys = found.unlock(place, with)?;

    let draft = Draft::beside(out)?;
    let db = schema::create(draft.path())?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    for slot in &found.slots {
        slot.insert(&db)?;
    }
    let header = Header::new(keys.uuid, keys.epoch);
    header.write(&db)?;
    let mut manifest = Manifest::empty(&keys, header.mac);
    manifest.generation = found.list.generation();
    let mut tx = WriteTx::new(Tx::new(&db, &keys, manifest));
    let mut salvaged = Salvaged::default();
    found.save_records(&mut tx, &mut salvaged)?;
    if salvaged.saved.is_empty() {
        return Err(Error::Corrupt(
            "nothing in this file can be saved: none of its records opens".to_owned(),
        ));
    }
    migrate::run(&mut tx, 1, migrate::STEPS)?;
    salvaged.recovered = replace_environments(&mut tx, now)?;
    found.save_events(&mut tx, &mut salvaged)?;
    audit::append(
        &mut tx,
        &event(now, "owner", "vault.salvage", place.name.as_str()),
    )?;
    salvaged.without_value = without_value(&tx)?;
    tx.into_effects().manifest.flush(&db, &keys)?;
    db.execute_batch("COMMIT")?;
    schema::checkpoint(&db)?;
    verify::whole(&Tx::new(&db, &keys, Manifest::load(&db, &keys, None)?))?;
    db.close().map_err(|(_, error)| error)?;
    draft.place(out)?;
    Ok(salvaged)
}

impl Found {
    /// The columns of each table differ enough to tell which one a row was in.
    fn sort(rows: Vec<Row>) -> Self {
        let mut found = Self::default();
        for Row { rowid, values } in rows {
            found.take(rowid, values);
        }
        found
    }

    fn take(&mut self, rowid: Option<i64>, values: Vec<Value>) {
        match (rowid, values.as_slice()) {
            (
                Some(rowid),
                [
                    Value::Blob(uuid),
                    Value::Text(kind),
                    Value::Integer(version),
                    Value::Integer(epoch),
                    Value::Blob(wrapped),
                    Value::Blob(body),
                    Value::Blob(name_bi),
                ],
            ) => {
                let record = record(uuid, kind, *version, *epoch, wrapped, body, name_bi);
                self.records.extend(record.map(|record| (rowid, record)));
            }
            (
                Some(_),
                [
                    _,
                    Value::Blob(uuid),
                    Value::Integer(epoch),
                    Value::Integer(_),
                    Value::Blob(_),
                    Value::Blob(_),
                    Value::Blob(_),
                ],
            ) => {
                if let (Ok(uuid), Ok(epoch)) = (uuid.as_slice().try_into(), u32::try_from(*epoch)) {
                    self.headers.push(Header::new(uuid, epoch));
                }
            }
            (
                None,
                [
                    Value::Blob(id),
                    Value::Text(kind),
                    Value::Blob(params),
                    Value::Blob(blob),
                ],
            ) => {
                let slot = Slot::from_parts(id, kind, params, blob);
                let is_new = |slot: &Slot| !self.slots.iter().any(|known| known.id == slot.id);
                self.slots.extend(slot.filter(is_new));
            }
            (Some(seq), [Value::Null, Value::Blob(body), Value::Blob(_)]) => {
                if let Ok(seq) = u64::try_from(seq) {
                    self.events.insert(seq, body.clone());
                }
            }
            (Some(number), [Value::Null, Value::Blob(digests)]) => self.list.add(number, digests),
            (
                Some(_),
                [
                    _,
                    Value::Integer(generation),
                    Value::Integer(audit_seq),
                    Value::Blob(_),
                    Value::Blob(nodes),
                    Value::Blob(_),
                ],
            ) => {
                self.list
                    .add_nodes(u64::try_from(*generation).unwrap_or(0), nodes);
                self.audit_seq = self.audit_seq.max(u64::try_from(*audit_seq).ok());
            }
            _ => {}
        }
    }

    /// The keys, by whichever header and slot still open.
    fn unlock(&self, place: &Place<'_>, with: Unlocking<'_>) -> Result<Keys> {
        let gone =
            || Error::Corrupt("header and key slots are lost: nothing in this file can be opened".to_owned());
        if self.slots.is_empty() {
            return Err(gone());
        }
        let mut refusal = None;
        let mut tried = BTreeSet::new();
        for header in self.headers.iter().rev() {
            if !tried.insert((header.vault_uuid, header.epoch)) {
                continue;
            }
            match open_slot(place, &header.vault_uuid, &self.slots, with) {
                Ok((master, _)) => return Ok(Keys::derive(master, header.vault_uuid, header.epoch)),
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.unwrap_or_else(gone))
    }

    fn save_records(&self, tx: &mut WriteTx<'_>, salvaged: &mut Salvaged) -> Result<()> {
        // Of each record the newest row that opens; rows of the log come last and win among equals.
        let mut best: HashMap<[u8; 16], (i64, &Record)> = HashMap::new();
        let mut claimed: HashMap<[u8; 16], Kind> = HashMap::new();
        for (rowid, record) in &self.records {
            claimed.insert(record.uuid, record.kind);
            let is_newer = best
                .get(&record.uuid)
                .is_none_or(|(_, known)| known.version <= record.version);
            if is_newer && is_authentic(tx, record) {
                best.insert(record.uuid, (*rowid, record));
            }
        }
        for (uuid, kind) in claimed {
            if !best.contains_key(&uuid) {
                *salvaged.lost.entry(kind.as_str()).or_default() += 1;
            }
        }
        let mut saved: Vec<_> = best.into_values().collect();
        saved.sort_by_key(|(rowid, record)| (*rowid, record.uuid));
        let mut names = BTreeSet::new();
        for (_, record) in saved {
            // Two records of one name: both open, so one is from before a delete or a move. The first stays.
            if !names.insert(record.name_bi) {
                *salvaged.lost.entry(record.kind.as_str()).or_default() += 1;
                continue;
            }
            tx.store(record)?;
            *salvaged.saved.entry(record.kind.as_str()).or_default() += 1;
            if self.list.leaves.get(&record.name_bi) != Some(&record.leaf()) {
                salvaged.unvouched += 1;
            }
        }
        let lost: usize = salvaged.lost.values().sum();
        let named = self
            .list
            .leaves
            .keys()
            .filter(|name| !names.contains(*name))
            .count();
        salvaged.missing = named.saturating_sub(lost);
        salvaged.list_damaged = !self.list.is_whole(tx.keys);
        Ok(())
    }

    /// Events are chained anew: what is gone between them cannot be closed otherwise.
    fn save_events(&self, tx: &mut WriteTx<'_>, salvaged: &mut Salvaged) -> Result<()> {
        for (seq, body) in &self.events {
            if let Ok(saved) = audit::open_row(tx.keys, *seq, body) {
                audit::append(tx, &saved)?;
                salvaged.events += 1;
            }
        }
        salvaged.lost_events = self.audit_seq.map(|all| all.saturating_sub(salvaged.events));
        Ok(())
    }
}

/// Opens, and lies under the name that its body asks for.
fn is_authentic(tx: &Tx<'_>, record: &Record) -> bool {
    tx.open(record)
        .and_then(|plaintext| verify::record(tx, record, &plaintext))
        .is_ok()
}

/// Makes an environment in the place of each that is not there and that something belongs to, and one where there is
/// none at all; their names.
fn replace_environments(tx: &mut WriteTx<'_>, now: Timestamp) -> Result<Vec<String>> {
    let mut replaced = Vec::new();
    let mut lost: Vec<Id> = environments::missing(tx)?.into_keys().collect();
    if lost.is_empty() && environments::list(tx)?.is_empty() {
        lost.push(tx.new_id()?);
    }
    let mut number = 0;
    for id in lost {
        loop {
            number += 1;
            let name = match number {
                1 => RECOVERED.to_owned(),
                _ => format!("{RECOVERED}-{number}"),
            };
            let parsed = EnvironmentName::parse(&name).expect("I1: a word and a number are a name");
            match environments::insert_as(tx, id, &parsed, now) {
                Err(Error::Conflict(_)) => {} // taken
                made => {
                    made?;
                    replaced.push(name);
                    break;
                }
            }
        }
    }
    Ok(replaced)
}

/// Things whose metadata was saved and whose value was not.
fn without_value(tx: &Tx<'_>) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    tx.each(Kind::Secret, |record, plaintext| {
        let secret = secrets::decode(tx, record, plaintext)?;
        if secrets::value(tx, &secret).is_err() {
            keys.push(secret.key.as_str().to_owned());
        }
        Ok(())
    })?;
    tx.each(Kind::Credential, |record, plaintext| {
        let credential = credentials::decode(tx, record, plaintext)?;
        for variable in &credential.variables {
            if credentials::value(tx, variable).is_err() {
                keys.push(format!("{}/{}", credential.key, variable.name));
            }
        }
        Ok(())
    })?;
    for connection in connections::list(tx, None)? {
        if connection.lifetime.is_some() && connections::tokens(tx, &connection)?.is_none() {
            keys.push(connection.key.as_str().to_owned());
        }
    }
    Ok(keys)
}

fn record(
    uuid: &[u8],
    kind: &[u8],
    version: i64,
    epoch: i64,
    wrapped: &[u8],
    body: &[u8],
    name_bi: &[u8],
) -> Option<Record> {
    Some(Record {
        uuid: uuid.try_into().ok()?,
        kind: Kind::parse(std::str::from_utf8(kind).ok()?).ok()?,
        version: u64::try_from(version).ok()?,
        epoch: u32::try_from(epoch).ok()?,
        wrapped: wrapped.to_vec(),
        body: body.to_vec(),
        name_bi: name_bi.try_into().ok()?,
    })
}
