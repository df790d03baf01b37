//! power that goes at every write and every sync, and disks that fail.
//!
//! A child process does one act on a real vault under `strace`, which writes down every change it makes to files. For
//! R-21 a model of a disk goes through that list: what was written but not synced may be lost, whole or in part, and so
//! may names of files whose folder was not synced. At each step the power goes: the files that are left are laid out in a
//! folder, the vault is opened there, and it must be as it was before the act or as it is after it, and go on working.
//! For R-22 `strace` makes calls fail.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    reason = "a child is told by its environment what to do"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test says its seed and its figures; they are shown when it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod acts;
mod child;
mod disk;
mod errors;
mod trace;

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt, path::Path};

use disk::{Disk, Fate};
use support::{NOW, World, add, soak, value_of};
use trace::{Step, Trace};

/// What a person may find after the power went: what was acknowledged last and, while an act is under way, what it
/// would have become.
#[derive(Default)]
struct Promise {
    before: String,
    after: Option<String>,
    keychain: HashMap<String, Vec<u8>>,
}

impl Promise {
    fn heed(&mut self, mark: &trace::Mark, rest: &[Step]) {
        match mark {
            trace::Mark::Begin => self.after = Some(trace::outcome_of(rest)),
            trace::Mark::Done(state) => {
                self.before.clone_from(state);
                self.after = None;
            }
            trace::Mark::Keychain(account, Some(bytes)) => {
                self.keychain.insert(account.clone(), bytes.clone());
            }
            trace::Mark::Keychain(account, None) => {
                self.keychain.remove(account);
            }
        }
    }

    fn allows(&self, found: &str) -> bool {
        found == self.before || self.after.as_deref() == Some(found)
    }
}

/// Cuts the power at every step of an act.
fn power_goes_during(act: &str) {
    let Some(trace) = Trace::of(act) else { return };
    let mut promise = Promise {
        before: acts::NOTHING.to_owned(),
        ..Promise::default()
    };
    let mut disk = Disk::default();
    let (mut points, mut tried) = (0, 0);
    for (at, step) in trace.steps.iter().enumerate() {
        match step {
            Step::Mark(mark) => promise.heed(mark, &trace.steps[at + 1..]),
            step => disk.take(step),
        }
        // Making ready is not cut, only the acts, and the moment after each.
        if promise.after.is_none() && !matches!(step, Step::Mark(trace::Mark::Done(_))) {
            continue;
        }
        points += 1;
        // Each time another part of what was not synced is lost.
        let chances = (0..soak()).map(|seed| Fate::Chance((seed << 32 | at) as u64));
        for fate in [Fate::AllLost, Fate::NamesKept].into_iter().chain(chances) {
            let world = World::new();
            lay_out(&disk.after_power_went(fate), world.folder.path());
            world.map.entries.lock().unwrap().clone_from(&promise.keychain);
            let found = acts::state_of(&world);
            assert!(
                promise.allows(&found),
                "{act}: the power went after step {at} of {} ({step:?}; {fate:?})\nfound:  {found}\nbefore: {}\nafter:  {:?}",
                trace.steps.len(),
                promise.before,
                promise.after
            );
            goes_on(&world);
            tried += 1;
        }
    }
    println!("R-21 {act}: {points} points, {tried} power cuts");
    assert!(points > 5, "{act} wrote hardly anything: {points}");
}

fn lay_out(files: &disk::Left, root: &Path) {
    for folder in &files.folders {
        let path = root.join(folder);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    for (name, bytes) in &files.files {
        let path = root.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// What is left is a vault to work with, or none and one can be made.
fn goes_on(world: &World) {
    let vault = if world.home.vault_exists(&world.name) {
        world.unlock().unwrap()
    } else {
        world.create()
    };
    add(&vault, "AFTER_THE_CUT", "works").unwrap();
    assert_eq!(value_of(&vault, "AFTER_THE_CUT").unwrap(), "works");
    vault.verify().unwrap();
    vault.close(NOW).unwrap();
}

macro_rules! every_point {
    ($($test:ident $act:literal;)*) => {
        $(#[test]
        fn $test() {
            power_goes_during($act);
        })*
    };
}

every_point! {
    r21_create "create";
    r21_upsert "upsert";
    r21_tokens "tokens";
    r21_delete "delete";
    r21_purge "purge";
    r21_slots "slots";
    r21_rekey "rekey";
    r21_checkpoint "checkpoint";
}
