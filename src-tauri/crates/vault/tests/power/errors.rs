//! calls that fail. Every error is a typed one, nothing panics, and what was acknowledged is there afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
};

use keyward_model::SecretValue;
use keyward_vault::{Error, Home, UnlockedVault, table::secrets};

use crate::{
    acts, child,
    child::Acting,
    goes_on,
    support::{NOW, World, insert, key, soak, value_of},
    trace,
};

/// Writes of one run.
const WRITES: u64 = 30;

/// Runs of each of the four tests: R-22 asks for 200 in all.
const RUNS: usize = 50;

/// What the child does: it makes a vault and writes, whatever fails.
pub fn write_on(acting: &Acting, seed: u64) {
    let world = &acting.world;
    let mut vault = None;
    let mut number = seed;
    for write in 0..WRITES {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // Now and then it is closed, as by a command that ends.
        if write % 8 == 7 {
            vault = None;
        }
        if vault.is_none() {
            vault = open(world);
        }
        let Some(open) = &vault else { continue };
        let (name, value) = (
            format!("KEY_{}", (number >> 33) % 5),
            format!("value-{write}-{}", "x".repeat(500)),
        );
        acting.say(&format!("begin {name} {value}"));
        match put(open, &name, &value) {
            Ok(()) => acting.say("done"),
            Err(error) => {
                acting.say("refused");
                check_typed(&error);
            }
        }
    }
}

fn open(world: &World) -> Option<UnlockedVault> {
    let opened = if world.home.vault_exists(&world.name) {
        world.unlock()
    } else {
        let place = world.place(keyward_vault::Opening::OneShot);
        keyward_vault::create(
            &place,
            keyward_vault::NewSlot::Keychain,
            NOW,
            &crate::support::stopwatch(),
        )
    };
    opened.inspect_err(check_typed).ok()
}

fn put(vault: &UnlockedVault, name: &str, value: &str) -> keyward_vault::Result<()> {
    let here =
        vault.read(|tx| keyward_vault::table::environments::find(tx, &"default".parse().expect("a name")))?;
    vault.write(NOW, |tx| match secrets::find(tx, here.id, &key(name)) {
        Ok(secret) => secrets::set_value(tx, secret.id, &SecretValue::from(value), "", NOW).map(drop),
        Err(Error::NotFound(_)) => insert(tx, here.id, name, value).map(drop),
        Err(error) => Err(error),
    })
}

/// A disk that fails is no forgery: it says that it is the disk. A read that fails may be told as damage of the file:
/// file systems say `EIO` for what they know to be damaged, and SQLite takes them at their word.
fn check_typed(error: &Error) {
    let is_damage = matches!(error, Error::Corrupt(what) if what == "the database file");
    assert!(
        matches!(error, Error::Storage(_) | Error::ReadOnly(_) | Error::Busy(_)) || is_damage,
        "an error of the disk is told as {error:?}"
    );
}

/// What a key may hold: all that was acknowledged last, and what was refused since.
#[derive(Default)]
struct Possible(BTreeMap<String, BTreeSet<Option<String>>>);

impl Possible {
    fn of(marks: &str) -> (Self, HashMap<String, Vec<u8>>, usize) {
        let (mut possible, mut keychain, mut refused) = (Self::default(), HashMap::new(), 0);
        let mut under_way: Option<(String, String)> = None;
        for line in marks.lines() {
            match line.split_once(' ') {
                Some(("begin", rest)) => {
                    under_way = rest
                        .split_once(' ')
                        .map(|(name, value)| (name.to_owned(), value.to_owned()));
                }
                Some(("keychain", _)) => {
                    let trace::Mark::Keychain(account, bytes) = trace::mark(line) else {
                        continue;
                    };
                    match bytes {
                        Some(bytes) => keychain.insert(account, bytes),
                        None => keychain.remove(&account),
                    };
                }
                _ => {
                    let (name, value) = under_way.take().expect("something was begun");
                    let values = possible.0.entry(name).or_insert_with(|| BTreeSet::from([None]));
                    if line == "done" {
                        values.clear();
                    } else {
                        refused += 1;
                    }
                    values.insert(Some(value));
                }
            }
        }
        (possible, keychain, refused)
    }
}

/// Lets calls of one sort fail, each time from another one on and at another rate between 0.1 and 5 %.
fn calls_fail(calls: &str, errors: &[&str]) {
    if !trace::may_trace() {
        return;
    }
    let (mut refused, mut injected) = (0, 0);
    let runs = RUNS * soak();
    for run in 0..runs {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let log = folder.path().join("log");
        let error = errors[run % errors.len()];
        let every = [20, 33, 100, 250, 1_000][run % 5];
        let first = 1 + run * 7 % 90;
        let inject = format!("inject={calls}:error={error}:when={first}+{every}");
        let vault = root.join("home/vaults/default");
        let mut args = vec!["-f", "-o", log.to_str().unwrap(), "-e", &inject];
        let paths: Vec<String> = [
            "",
            "/vault.db",
            "/vault.db-wal",
            "/vault.db.new",
            "/vault.db.new-journal",
            "/vault.db.new-wal",
        ]
        .iter()
        .map(|name| format!("{}{name}", vault.display()))
        .collect();
        for path in &paths {
            args.extend(["-P", path]);
        }
        let done = child::command("strace", &args, &format!("errors {run}"), &root)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{inject}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        injected += fs::read_to_string(&log).unwrap().matches("(INJECTED)").count();
        refused += check(&root, &inject);
    }
    println!("R-22 {calls}: {runs} runs, {injected} calls failed, {refused} writes refused");
    assert!(injected > 0 && refused > 0, "nothing failed");
}

fn check(root: &std::path::Path, inject: &str) -> usize {
    let marks = fs::read_to_string(root.join(child::MARKS)).unwrap_or_default();
    let (possible, keychain, refused) = Possible::of(&marks);
    let mut world = World::new();
    world.home = Home::open(&root.join("home")).unwrap();
    *world.map.entries.lock().unwrap() = keychain;
    let _ = acts::state_of(&world);
    if world.home.vault_exists(&world.name) {
        let vault = world.unlock().unwrap();
        for (name, values) in &possible.0 {
            let found = match value_of(&vault, name) {
                Ok(value) => Some(value),
                Err(Error::NotFound(_)) => None,
                Err(error) => panic!("{inject}: {name}: {error:?}"),
            };
            assert!(
                values.contains(&found),
                "{inject}: {name} is {found:?}, not one of {values:?}"
            );
        }
    } else {
        assert!(
            possible.0.values().all(|values| values.contains(&None)),
            "{inject}: the vault is gone"
        );
    }
    goes_on(&world);
    refused
}

#[test]
fn r22_writes_that_fail() {
    calls_fail("pwrite64,write", &["EIO", "ENOSPC", "ENOMEM"]);
}

#[test]
fn r22_syncs_that_fail() {
    calls_fail("fsync,fdatasync", &["EIO", "ENOSPC"]);
}

#[test]
fn r22_reads_that_fail() {
    calls_fail("pread64,read", &["EIO", "ENOMEM"]);
}

#[test]
fn r22_files_that_cannot_be_opened_cut_or_removed() {
    calls_fail(
        "openat,ftruncate,unlink,rename,newfstatat,fstat",
        &["EIO", "EMFILE", "ENOMEM"],
    );
}
