//! crashes and restarts of every kind, without one false alarm of the freshness anchor.
#![allow(
    clippy::disallowed_methods,
    reason = "the processes of this test are told where they work"
)]
#![allow(
    clippy::print_stdout,
    reason = "how a process of this test says that it ends as it should"
)]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use keyward_model::{Timestamp, name::VaultName};
use keyward_vault::{Home, Keychain, KeychainError, NewSlot, Place, Unlocking};
use zeroize::Zeroizing;

use super::*;

/// Where a process of this test finds its home; set only for those.
const HOME: &str = "KEYWARD_TEST_CRASHES";
/// Processes that crash, and what each does before.
const PROCESSES: usize = 500;
const CYCLES: usize = 10;

/// A keychain that processes share: one file an entry, written in one step.
struct FileKeychain(PathBuf);

impl FileKeychain {
    fn path(&self, account: &str) -> PathBuf {
        self.0.join(account.replace(':', "+"))
    }
}

impl Keychain for FileKeychain {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(std::fs::read(self.path(account)).ok().map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        let fresh = self.0.join("fresh");
        std::fs::write(&fresh, bytes).unwrap();
        std::fs::rename(&fresh, self.path(account)).unwrap();
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        let _ = std::fs::remove_file(self.path(account));
        Ok(())
    }
}

/// One vault, opened by many processes one after the other.
struct Crashing {
    home: Home,
    name: VaultName,
    keychain: Arc<dyn Keychain>,
}

impl Crashing {
    fn at(folder: &Path) -> Self {
        std::fs::create_dir_all(folder.join("keychain")).unwrap();
        Self {
            home: Home::open(&folder.join("home")).unwrap(),
            name: VaultName::default(),
            keychain: Arc::new(FileKeychain(folder.join("keychain"))),
        }
    }

    fn place(&self, opening: Opening) -> Place<'_> {
        Place {
            home: &self.home,
            name: &self.name,
            keychain: &self.keychain,
            opening,
        }
    }
}

/// 5 000 crashes and restarts: hosts and commands, with and without writes, ended in order, dropped, left as
/// they stand, and every tenth by the death of the process. Each restart finds the vault as new as last seen.
#[test]
fn r08_no_false_alarm_after_5000_crashes() {
    let folder = tempfile::tempdir().unwrap();
    let it = Crashing::at(folder.path());
    keyward_vault::create(&it.place(Opening::OneShot), NewSlot::Keychain, NOW, &stopwatch()).unwrap();
    for process in 0..PROCESSES {
        let ended = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crashes::r08_a_process_that_crashes",
                "--ignored",
                "--nocapture",
            ])
            .env(HOME, folder.path())
            .env("KEYWARD_TEST_SEED", process.to_string())
            .output()
            .unwrap();
        // It ends by its own abort: whatever else ended it is the finding.
        let said =
            String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("crashing now"), "process {process}: {said}");
        assert!(!ended.status.success());
    }
    let vault = keyward_vault::unlock(&it.place(Opening::Host), Unlocking::Keychain, NOW).unwrap();
    assert_eq!(vault.freshness(), Freshness::Ok);
    vault.verify().unwrap();
}

#[test]
#[ignore = "one process of r08_no_false_alarm_after_5000_crashes"]
fn r08_a_process_that_crashes() {
    let (Ok(folder), Ok(seed)) = (std::env::var(HOME), std::env::var("KEYWARD_TEST_SEED")) else {
        return;
    };
    let it = Crashing::at(Path::new(&folder));
    let seed: u64 = seed.parse().unwrap();
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // Time goes on between processes, so that the anchor of a command is due now and then.
    let mut now = Timestamp(NOW.0 + i64::try_from(seed).unwrap() * 40);
    for cycle in 0..CYCLES {
        let opening = if dice.below(2) == 0 {
            Opening::Host
        } else {
            Opening::OneShot
        };
        let vault = keyward_vault::unlock(&it.place(opening), Unlocking::Keychain, now)
            .unwrap_or_else(|error| panic!("a false alarm in cycle {cycle}: {error}"));
        for write in 0..dice.below(4) {
            let handle = format!("S{seed}_{cycle}_{write}");
            match dice.below(3) {
                0 => drop(add(&vault, &handle, "x").unwrap()),
                1 => drop(vault.log_reads(now, &[event("secret.reveal")]).unwrap()),
                _ => vault.save_anchor(now).unwrap(),
            }
        }
        now = now.after(Duration::from_secs(dice.below(30) as u64));
        if cycle + 1 == CYCLES {
            println!("crashing now");
            std::process::abort();
        }
        match dice.below(4) {
            0 => vault.close(now).unwrap(),
            1 => drop(vault),
            // As a crash leaves it: nothing is tidied up, while others open the file beside it.
            _ => std::mem::forget(vault),
        }
    }
}
