//! The manifest: buckets of leaves, nodes of bucket digests, and one root over all (SECURITY.md §b.5).
//!
//! All sizes but the leaves of one bucket are constant, so what a read or a write has to verify does not grow
//! with the vault: the root (256 node digests), one node (256 bucket digests) and one bucket for each name
//! that is touched. The root is a MAC over everything: whoever lacks the key cannot change, remove, add or
//! put back a single row without its leaf, bucket, node or the root failing (T-03).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use keyward_seal::{equal, mac};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    error::{Error, Result},
    header::Header,
    keys::Keys,
};

pub(crate) const DIGEST: usize = 32;
/// 256 digests: those of a node's buckets, or of all nodes.
pub(crate) const DIGESTS: usize = 256 * DIGEST;
/// name_bi and leaf.
pub(crate) const ENTRY: usize = 16 + DIGEST;

type Digests = Box<[u8; DIGESTS]>;

/// Every leaf by its name_bi.
pub(crate) type Leaves = HashMap<[u8; 16], [u8; 32]>;

/// The verified state of the vault in one snapshot, with the changes of a write that is under way.
pub(crate) struct Manifest {
    pub(crate) generation: u64,
    pub(crate) audit_seq: u64,
    pub(crate) audit_head: [u8; 32],
    pub(crate) header_mac: [u8; 32],
    pub(crate) root: [u8; 32],
    nodes: Digests,
    /// Nodes whose digest was found in `nodes`; kept over transactions.
    verified: HashMap<u8, Digests>,
    /// Buckets as this write leaves them.
    changed: BTreeMap<u16, Vec<u8>>,
    /// The bucket verified last in this transaction: whoever asks whether a name is free puts its leaf there next (P7).
    last: Option<(u16, Vec<u8>)>,
}

/// See [`Manifest::all_leaves`].
pub(crate) struct SortedLeaves(Vec<u8>);

impl SortedLeaves {
    pub(crate) fn leaf(&self, name_bi: &[u8; 16]) -> Option<[u8; 32]> {
        find(&self.0, name_bi).ok().map(|at| leaf_at(&self.0, at))
    }
}

/// See [`Manifest::mark`].
pub(crate) struct Mark {
    audit_seq: u64,
    audit_head: [u8; 32],
    header_mac: [u8; 32],
}

impl Manifest {
    /// The manifest of a vault without records.
    pub(crate) fn empty(keys: &Keys, header_mac: [u8; 32]) -> Self {
        let nothing = zeros();
        let mut nodes = zeros();
        for m in 0..=u8::MAX {
            nodes[place(m)].copy_from_slice(&node_digest(keys, m, &nothing));
        }
        Self {
            generation: 0,
            audit_seq: 0,
            audit_head: crate::table::audit::genesis(keys),
            header_mac,
            root: [0; 32],
            nodes,
            verified: HashMap::new(),
            changed: BTreeMap::new(),
            last: None,
        }
    }

    /// Reads and verifies header, slots and root. Nodes that `before` had verified and that are still the
    /// same are taken over.
    pub(crate) fn load(db: &Connection, keys: &Keys, before: Option<Self>) -> Result<Self> {
        let header = Header::check(db, keys)?;
        let mut statement = db.prepare_cached(
            "SELECT generation, audit_seq, audit_head, nodes, root FROM manifest WHERE id = 1",
        )?;
        let row = statement
            .query_row([], |row| {
                let nodes = row
                    .get_ref(3)?
                    .as_blob()?
                    .try_into()
                    .ok()
                    .map(|nodes: [u8; DIGESTS]| Box::new(nodes));
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, nodes, row.get(4)?))
            })
            .optional()?;
        let Some((generation, audit_seq, audit_head, Some(nodes), root)) = row else {
            return Err(damaged("the manifest is missing or cut"));
        };
        let mut manifest = Self {
            generation,
            audit_seq,
            audit_head,
            header_mac: header.mac,
            root,
            nodes,
            verified: HashMap::new(),
            changed: BTreeMap::new(),
            last: None,
        };
        if !equal(&manifest.expected_root(keys), &manifest.root) {
            return Err(damaged("the root of the manifest does not fit"));
        }
        if let Some(before) = before {
            manifest.verified = before.verified;
            manifest
                .verified
                .retain(|m, _| before.nodes[place(*m)] == manifest.nodes[place(*m)]);
        }
        Ok(manifest)
    }

    /// A transaction begins: what it looks up is read from the file, whatever an earlier one has verified.
    pub(crate) fn begin(&mut self) {
        self.last = None;
    }

    /// What a write changes before it is flushed, to go back to if it fails.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            audit_seq: self.audit_seq,
            audit_head: self.audit_head,
            header_mac: self.header_mac,
        }
    }

    /// Forgets a write that was not flushed.
    pub(crate) fn go_back(&mut self, mark: Mark) {
        self.changed.clear();
        Mark {
            audit_seq: self.audit_seq,
            audit_head: self.audit_head,
            header_mac: self.header_mac,
        } = mark;
    }

    fn expected_root(&self, keys: &Keys) -> [u8; 32] {
        let parts: [&[u8]; 6] = [
            b"root",
            &self.generation.to_be_bytes(),
            &self.audit_seq.to_be_bytes(),
            &self.audit_head,
            &self.header_mac,
            &*self.nodes,
        ];
        mac(&keys.refreshing.manifest, &parts)
    }

    /// Digests of the buckets of node `m`, verified against the root.
    fn node(&mut self, db: &Connection, keys: &Keys, m: u8) -> Result<&mut Digests> {
        if !self.verified.contains_key(&m) {
            let mut statement = db.prepare_cached("SELECT digests FROM node WHERE m = ?1")?;
            let digests: Option<Option<Digests>> = statement
                .query_row([m], |row| {
                    Ok(row.get_ref(0)?.as_blob()?.try_into().ok().map(Box::new))
                })
                .optional()?;
            // A node without buckets has no row.
            let digests = digests
                .unwrap_or_else(|| Some(zeros()))
                .ok_or_else(|| damaged("a node is cut"))?;
            if !equal(&node_digest(keys, m, &digests), &self.nodes[place(m)]) {
                return Err(damaged("a node of the manifest does not fit"));
            }
            self.verified.insert(m, digests);
        }
        Ok(self.verified.get_mut(&m).expect("it was put there"))
    }

    /// The leaf of `name_bi`, or the proof that there is none: its bucket, verified.
    pub(crate) fn leaf(
        &mut self,
        db: &Connection,
        keys: &Keys,
        name_bi: &[u8; 16],
    ) -> Result<Option<[u8; 32]>> {
        let n = bucket_of(name_bi);
        if let Some(leaves) = self.changed.get(&n) {
            return Ok(find(leaves, name_bi).ok().map(|at| leaf_at(leaves, at)));
        }
        let leaves = self.take_bucket(db, keys, n)?;
        let leaf = find(&leaves, name_bi).ok().map(|at| leaf_at(&leaves, at));
        self.last = Some((n, leaves));
        Ok(leaf)
    }

    /// As [`Manifest::bucket`], from [`Manifest::last`] where it is that.
    fn take_bucket(&mut self, db: &Connection, keys: &Keys, n: u16) -> Result<Vec<u8>> {
        match self.last.take_if(|(last, _)| *last == n) {
            Some((_, leaves)) => Ok(leaves),
            None => self.bucket(db, keys, n),
        }
    }

    /// The leaves of bucket `n` as stored, verified against its node.
    pub(crate) fn bucket(&mut self, db: &Connection, keys: &Keys, n: u16) -> Result<Vec<u8>> {
        let mut statement = db.prepare_cached("SELECT leaves FROM bucket WHERE n = ?1")?;
        let leaves: Option<Vec<u8>> = statement.query_row([n], |row| row.get(0)).optional()?;
        let leaves = leaves.unwrap_or_default();
        self.check_bucket(db, keys, n, &leaves)?;
        Ok(leaves)
    }

    /// Whether `leaves` are those of bucket `n`.
    pub(crate) fn check_bucket(&mut self, db: &Connection, keys: &Keys, n: u16, leaves: &[u8]) -> Result<()> {
        let [m, within] = n.to_be_bytes();
        let node = self.node(db, keys, m)?;
        if !leaves.len().is_multiple_of(ENTRY)
            || !equal(&bucket_digest(keys, n, leaves), &node[place(within)])
        {
            return Err(damaged("a bucket of the manifest does not fit"));
        }
        Ok(())
    }

    /// Puts, replaces or (with `None`) takes away the leaf of `name_bi` in the write that is under way.
    pub(crate) fn set_leaf(
        &mut self,
        db: &Connection,
        keys: &Keys,
        name_bi: &[u8; 16],
        leaf: Option<[u8; 32]>,
    ) -> Result<()> {
        let n = bucket_of(name_bi);
        if !self.changed.contains_key(&n) {
            let leaves = self.take_bucket(db, keys, n)?;
            self.changed.insert(n, leaves);
        }
        let leaves = self.changed.get_mut(&n).expect("it was put there");
        match (find(leaves, name_bi), leaf) {
            (Ok(at), Some(leaf)) => leaves[at + 16..at + ENTRY].copy_from_slice(&leaf),
            (Ok(at), None) => drop(leaves.drain(at..at + ENTRY)),
            (Err(at), Some(leaf)) => drop(leaves.splice(at..at, name_bi.iter().copied().chain(leaf))),
            (Err(_), None) => {}
        }
        Ok(())
    }

    /// Writes changed buckets, their nodes and the root of the next generation. Rows are updated, never replaced: SQLite
    /// writes an updated row of the same length where it lies, and of its 8 KiB the pages that differ; a replaced one goes
    /// through the list of free pages, which made seven pages of the log of each read instead of three (P5, P12).
    pub(crate) fn flush(&mut self, db: &Connection, keys: &Keys) -> Result<()> {
        // What was verified was verified as it is stored, which changes now.
        self.last = None;
        let mut touched = BTreeSet::new();
        for (n, leaves) in std::mem::take(&mut self.changed) {
            let [m, within] = n.to_be_bytes();
            let digest = bucket_digest(keys, n, &leaves);
            self.node(db, keys, m)?[place(within)].copy_from_slice(&digest);
            touched.insert(m);
            if leaves.is_empty() {
                db.prepare_cached("DELETE FROM bucket WHERE n = ?1")?
                    .execute([n])?;
            } else {
                db.prepare_cached(
                    "INSERT INTO bucket(n, leaves) VALUES (?1, ?2)
                     ON CONFLICT(n) DO UPDATE SET leaves = excluded.leaves",
                )?
                .execute((n, leaves))?;
            }
        }
        for m in touched {
            let digests = &self.verified[&m];
            self.nodes[place(m)].copy_from_slice(&node_digest(keys, m, digests));
            if digests.iter().all(|byte| *byte == 0) {
                db.prepare_cached("DELETE FROM node WHERE m = ?1")?.execute([m])?;
            } else {
                db.prepare_cached(
                    "INSERT INTO node(m, digests) VALUES (?1, ?2)
                     ON CONFLICT(m) DO UPDATE SET digests = excluded.digests",
                )?
                .execute((m, digests.as_slice()))?;
            }
        }
        self.generation += 1;
        self.root = self.expected_root(keys);
        db.prepare_cached(
            "INSERT INTO manifest(id, generation, audit_seq, audit_head, nodes, root)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT(id) DO UPDATE SET generation = excluded.generation, audit_seq = excluded.audit_seq,
             audit_head = excluded.audit_head, nodes = excluded.nodes, root = excluded.root",
        )?
        .execute((
            self.generation,
            self.audit_seq,
            self.audit_head,
            self.nodes.as_slice(),
            self.root,
        ))?;
        Ok(())
    }

    /// All leaves of all buckets, verified and in order: for a list, one pass over the buckets costs a third of
    /// looking up the bucket of each record. `None` while a write has changed buckets.
    pub(crate) fn all_leaves(&mut self, db: &Connection, keys: &Keys) -> Result<Option<SortedLeaves>> {
        if !self.changed.is_empty() {
            return Ok(None);
        }
        let mut all = Vec::new();
        let mut statement = db.prepare_cached("SELECT n, leaves FROM bucket ORDER BY n")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let leaves = row
                .get_ref(1)?
                .as_blob()
                .map_err(|_| damaged("a bucket is cut"))?;
            self.check_bucket(db, keys, row.get(0)?, leaves)?;
            all.extend_from_slice(leaves);
        }
        Ok(Some(SortedLeaves(all)))
    }

    /// The whole manifest against the stored buckets and nodes: how many buckets, and all leaves in them.
    pub(crate) fn check_all(&mut self, db: &Connection, keys: &Keys) -> Result<(u64, Leaves)> {
        for m in 0..=u8::MAX {
            // Read again, whatever was kept.
            self.verified.remove(&m);
            self.node(db, keys, m)?;
        }
        let mut leaves_of = HashMap::new();
        let mut buckets = 0;
        let mut statement = db.prepare_cached("SELECT n, leaves FROM bucket ORDER BY n")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (n, leaves): (u16, Vec<u8>) = (row.get(0)?, row.get(1)?);
            if leaves.is_empty() {
                return Err(damaged("an empty bucket has a row"));
            }
            self.check_bucket(db, keys, n, &leaves)?;
            buckets += 1;
            add_leaves(&leaves, &mut leaves_of);
        }
        let nonempty = self.verified.values().flat_map(|node| node.chunks_exact(DIGEST));
        if nonempty
            .filter(|digest| digest.iter().any(|byte| *byte != 0))
            .count() as u64
            != buckets
        {
            return Err(damaged("a bucket is missing"));
        }
        // Rows are compared with what this write, if one is under way, has made of its buckets.
        leaves_of.retain(|name_bi, _| !self.changed.contains_key(&bucket_of(name_bi)));
        for leaves in self.changed.values() {
            add_leaves(leaves, &mut leaves_of);
        }
        Ok((buckets, leaves_of))
    }
}

fn zeros() -> Digests {
    vec![0; DIGESTS]
        .into_boxed_slice()
        .try_into()
        .expect("the size is right")
}

/// Where digest `number` lies among 256.
fn place(number: u8) -> std::ops::Range<usize> {
    let start = usize::from(number) * DIGEST;
    start..start + DIGEST
}

fn bucket_of(name_bi: &[u8; 16]) -> u16 {
    u16::from_be_bytes([name_bi[0], name_bi[1]])
}

/// Offset of the entry of `name_bi`, or where it would go.
fn find(leaves: &[u8], name_bi: &[u8; 16]) -> std::result::Result<usize, usize> {
    let (mut low, mut high) = (0, leaves.len() / ENTRY);
    while low < high {
        let middle = usize::midpoint(low, high);
        let at = middle * ENTRY;
        match leaves[at..at + 16].cmp(name_bi) {
            std::cmp::Ordering::Equal => return Ok(at),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low * ENTRY)
}

fn leaf_at(leaves: &[u8], at: usize) -> [u8; 32] {
    leaves[at + 16..at + ENTRY]
        .try_into()
        .expect("an entry ends with a leaf")
}

/// The leaves of a bucket, as they lie there.
pub(crate) fn add_leaves(bucket: &[u8], leaves: &mut Leaves) {
    for entry in bucket.chunks_exact(ENTRY) {
        let (name_bi, leaf) = entry.split_first_chunk::<16>().expect("an entry is longer");
        leaves.insert(*name_bi, leaf.try_into().expect("the rest of an entry is a leaf"));
    }
}

pub(crate) fn bucket_digest(keys: &Keys, n: u16, leaves: &[u8]) -> [u8; 32] {
    if leaves.is_empty() {
        return [0; 32];
    }
    mac(&keys.refreshing.manifest, &[b"bucket", &n.to_be_bytes(), leaves])
}

pub(crate) fn node_digest(keys: &Keys, m: u8, digests: &[u8; DIGESTS]) -> [u8; 32] {
    mac(&keys.refreshing.manifest, &[b"node", &[m], digests])
}

fn damaged(what: &str) -> Error {
    Error::Corrupt(what.to_owned())
}
