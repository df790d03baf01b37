//! A disk as a crash sees it: what was synced is there, of the rest any part may be.
//!
//! Stricter than the file systems people have, in that a new file's name is only kept once its folder was synced, and
//! that writes of one file reach the disk in any order and torn at any sector. As they do, it keeps the order of names
//! within a folder, as a journal does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::trace::{Inode, Step};

/// What a sector holds whole.
const SECTOR: usize = 512;

/// What happens to whatever was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// All of it is lost.
    AllLost,
    /// Names are as the process saw them, and no bytes.
    NamesKept,
    /// Some of it is lost, by this seed.
    Chance(u64),
}

/// What lies on the disk afterwards.
pub struct Left {
    pub folders: BTreeSet<PathBuf>,
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Clone, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Entry {
    Folder,
    File(Inode),
}

#[derive(Clone)]
enum Naming {
    Add(PathBuf, Entry),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl Naming {
    fn folder(&self) -> &Path {
        let (Self::Add(path, _) | Self::Rename(_, path) | Self::Remove(path)) = self;
        path.parent().expect("below the root")
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        match self {
            Self::Add(path, entry) => {
                names.insert(path.clone(), entry.clone());
            }
            Self::Remove(path) => names.retain(|name, _| !name.starts_with(path)),
            Self::Rename(from, to) => {
                names.retain(|name, _| !name.starts_with(to));
                let moved: Vec<PathBuf> = names
                    .keys()
                    .filter(|name| name.starts_with(from))
                    .cloned()
                    .collect();
                for name in moved {
                    let entry = names.remove(&name).expect("it is there");
                    let rest = name.strip_prefix(from).expect("it begins with it");
                    let path = if rest.as_os_str().is_empty() {
                        to.clone()
                    } else {
                        to.join(rest)
                    };
                    names.insert(path, entry);
                }
            }
        }
    }
}

/// The disk while the process runs.
#[derive(Default)]
pub struct Disk {
    files: BTreeMap<Inode, File>,
    synced: BTreeMap<PathBuf, Entry>,
    pending: Vec<Naming>,
}

impl Disk {
    /// One step of the process.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Create(path, inode) => {
                self.files.insert(*inode, File::default());
                self.pending.push(Naming::Add(path.clone(), Entry::File(*inode)));
            }
            Step::Folder(path) => self.pending.push(Naming::Add(path.clone(), Entry::Folder)),
            Step::Rename(from, to) => {
                assert_eq!(
                    from.parent(),
                    to.parent(),
                    "a move between folders is no one step"
                );
                self.pending.push(Naming::Rename(from.clone(), to.clone()));
            }
            Step::Remove(path) => self.pending.push(Naming::Remove(path.clone())),
            Step::Write { inode, at, bytes } => self.change(*inode, Change::Write(*at, bytes.clone())),
            Step::Cut(inode, length) => self.change(*inode, Change::Cut(*length)),
            Step::Sync(inode) => {
                let file = self.files.get_mut(inode).expect("an open file");
                for change in std::mem::take(&mut file.pending) {
                    apply(&mut file.synced, &change, usize::MAX);
                }
            }
            Step::SyncFolder(folder) => {
                let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
                    .into_iter()
                    .partition(|naming| naming.folder() == folder);
                now.iter().for_each(|naming| naming.apply(&mut self.synced));
                self.pending = later;
            }
            Step::Mark(_) => {}
        }
    }

    fn change(&mut self, inode: Inode, change: Change) {
        self.files
            .get_mut(&inode)
            .expect("an open file")
            .pending
            .push(change);
    }

    /// The power goes.
    pub fn after_power_went(&self, fate: Fate) -> Left {
        let mut dice = Dice::of(fate);
        let mut names = self.synced.clone();
        let kept = match fate {
            Fate::AllLost => 0,
            Fate::NamesKept => self.pending.len(),
            Fate::Chance(_) => dice.below(self.pending.len() + 1),
        };
        self.pending[..kept]
            .iter()
            .for_each(|naming| naming.apply(&mut names));
        // A name in a folder that is not there is not there.
        let is_folder =
            |path: &Path| path.as_os_str().is_empty() || matches!(names.get(path), Some(Entry::Folder));
        let reachable = |path: &Path| path.ancestors().skip(1).all(is_folder);
        let mut left = Left {
            folders: BTreeSet::new(),
            files: BTreeMap::new(),
        };
        for (path, entry) in names.iter().filter(|(path, _)| reachable(path)) {
            match entry {
                Entry::Folder => {
                    left.folders.insert(path.clone());
                }
                // Shared memory of the processes that ran: made anew by the first that opens the file.
                Entry::File(_) if path.to_string_lossy().ends_with("-shm") => {}
                Entry::File(inode) => {
                    left.files
                        .insert(path.clone(), self.content(*inode, fate, &mut dice));
                }
            }
        }
        left
    }

    fn content(&self, inode: Inode, fate: Fate, dice: &mut Dice) -> Vec<u8> {
        let file = &self.files[&inode];
        let mut bytes = file.synced.clone();
        if let Fate::Chance(_) = fate {
            for change in &file.pending {
                match dice.below(3) {
                    0 => {}
                    1 => apply(&mut bytes, change, usize::MAX),
                    _ => apply(&mut bytes, change, SECTOR * dice.below(4)),
                }
            }
        }
        bytes
    }
}

/// Makes a change, or the first `most` bytes of it.
fn apply(bytes: &mut Vec<u8>, change: &Change, most: usize) {
    match change {
        Change::Cut(length) => bytes.resize(*length, 0),
        Change::Write(at, new) => {
            let new = &new[..new.len().min(most)];
            if new.is_empty() {
                return;
            }
            if bytes.len() < at + new.len() {
                bytes.resize(at + new.len(), 0);
            }
            bytes[*at..at + new.len()].copy_from_slice(new);
        }
    }
}

/// Numbers that are the same in each run (an LCG, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn of(fate: Fate) -> Self {
        match fate {
            Fate::Chance(seed) => Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            Fate::AllLost | Fate::NamesKept => Self(1),
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn the_disk_forgets_what_was_not_synced() {
    let path = |text: &str| PathBuf::from(text);
    let write = |inode, at, text: &str| Step::Write {
        inode,
        at,
        bytes: text.as_bytes().to_vec(),
    };
    let mut disk = Disk::default();
    disk.take(&Step::Create(path("a.new"), 0));
    disk.take(&write(0, 0, "first"));
    assert!(disk.after_power_went(Fate::AllLost).files.is_empty());
    assert_eq!(disk.after_power_went(Fate::NamesKept).files[&path("a.new")], b"");
    disk.take(&Step::Sync(0));
    disk.take(&Step::Rename(path("a.new"), path("a")));
    assert!(disk.after_power_went(Fate::AllLost).files.is_empty());
    assert_eq!(disk.after_power_went(Fate::NamesKept).files[&path("a")], b"first");
    disk.take(&Step::SyncFolder(path("")));
    disk.take(&write(0, 2, "xxxxxx"));
    assert_eq!(disk.after_power_went(Fate::AllLost).files[&path("a")], b"first");
    disk.take(&Step::Cut(0, 3));
    disk.take(&Step::Sync(0));
    assert_eq!(disk.after_power_went(Fate::AllLost).files[&path("a")], b"fix");
    disk.take(&Step::Remove(path("a")));
    assert_eq!(disk.after_power_went(Fate::AllLost).files.len(), 1);
    assert!(disk.after_power_went(Fate::NamesKept).files.is_empty());
}
