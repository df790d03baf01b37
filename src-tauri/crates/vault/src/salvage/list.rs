//! The list of records that a damaged file still has, and whether it is whole: where it is not, a record may be gone
//! that nothing names.

use std::collections::HashMap;

use crate::{
    keys::Keys,
    manifest::{self, DIGEST, DIGESTS, ENTRY, Leaves},
};

/// Everything found of the manifest; of a page that the log has changed, each of its states.
#[derive(Default)]
pub(super) struct List {
    /// Every leaf by its name_bi.
    pub(super) leaves: Leaves,
    buckets: HashMap<u16, Vec<Vec<u8>>>,
    nodes: HashMap<u8, Vec<Box<[u8; DIGESTS]>>>,
    /// Each with the generation that it is of.
    tops: Vec<(u64, Vec<u8>)>,
}

impl List {
    /// A row of numbered bytes: a bucket, or the digests of a node.
    pub(super) fn add(&mut self, number: i64, bytes: &[u8]) {
        if let Ok(digests) = bytes.try_into() {
            if let Ok(number) = u8::try_from(number) {
                self.nodes.entry(number).or_default().push(Box::new(digests));
            }
        } else if bytes.len().is_multiple_of(ENTRY)
            && let Ok(number) = u16::try_from(number)
        {
            manifest::add_leaves(bytes, &mut self.leaves);
            self.buckets.entry(number).or_default().push(bytes.to_vec());
        }
    }

    /// The digests of all nodes, as the one row of a generation has them.
    pub(super) fn add_nodes(&mut self, generation: u64, nodes: &[u8]) {
        self.tops.push((generation, nodes.to_vec()));
    }

    /// The newest generation there is a trace of; 0 without one.
    pub(super) fn generation(&self) -> u64 {
        self.tops
            .iter()
            .map(|(generation, _)| *generation)
            .max()
            .unwrap_or(0)
    }

    /// Whether every bucket of the newest generation is there as it was written.
    pub(super) fn is_whole(&self, keys: &Keys) -> bool {
        let newest = self.generation();
        self.tops
            .iter()
            .any(|(generation, nodes)| *generation == newest && self.fits(keys, nodes))
    }

    fn fits(&self, keys: &Keys, nodes: &[u8]) -> bool {
        nodes.len() == DIGESTS
            && (0..=u8::MAX)
                .zip(nodes.chunks_exact(DIGEST))
                .all(|(m, digest)| self.node_fits(keys, m, digest))
    }

    fn node_fits(&self, keys: &Keys, m: u8, digest: &[u8]) -> bool {
        // A node without buckets has no row.
        let empty = Box::new([0; DIGESTS]);
        let mut candidates = self.nodes.get(&m).into_iter().flatten().chain([&empty]);
        candidates
            .find(|digests| manifest::node_digest(keys, m, digests) == *digest)
            .is_some_and(|digests| {
                (0..=u8::MAX)
                    .zip(digests.chunks_exact(DIGEST))
                    .all(|(within, digest)| self.bucket_fits(keys, u16::from_be_bytes([m, within]), digest))
            })
    }

    fn bucket_fits(&self, keys: &Keys, n: u16, digest: &[u8]) -> bool {
        let is_it = |leaves: &Vec<u8>| manifest::bucket_digest(keys, n, leaves) == *digest;
        digest.iter().all(|byte| *byte == 0) || self.buckets.get(&n).into_iter().flatten().any(is_it)
    }
}
