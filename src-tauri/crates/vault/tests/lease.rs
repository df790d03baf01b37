//! R-26, L-01: locks between processes, and what SIGKILL leaves of them.
//!
//! Each test runs itself again as the other process.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests are a face: they own the environment and the clock"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyward_model::Id;
use keyward_model::name::VaultName;
use keyward_vault::error::Error;
use keyward_vault::home::Home;
use keyward_vault::lease::{self, Holder, HostLock, VaultLock};

/// Set in the other process: the home it works in.
const INSIDE: &str = "KEYWARD_TEST_INSIDE";
const HELD: &str = "held";

fn connection() -> Id {
    Id::from_random([9; 16])
}

fn prepared(root: &Path) -> (Home, VaultName) {
    // Below it, as a folder for temporary files may be open to others.
    let home = Home::open(&root.join("home")).unwrap();
    let name = VaultName::default();
    home.create_vault_dir(&name).unwrap();
    (home, name)
}

fn inside() -> Option<(Home, VaultName)> {
    std::env::var_os(INSIDE).map(|root| prepared(Path::new(&root)))
}

fn again(test: &str, root: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Tells the parent, then holds what the caller holds until killed (or for a minute, should the parent be gone).
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn hold() {
    println!("\n{HELD}");
    std::thread::sleep(Duration::from_secs(60));
}

fn wait_until_held(child: &mut Child) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == HELD));
}

/// another process's lease is waited for, and free at once when that process is killed.
#[test]
fn r26_a_killed_holder_loses_its_lease() {
    if let Some((home, name)) = inside() {
        let _lease = lease::take(&home, &name, connection(), Duration::ZERO).unwrap();
        let _vault = VaultLock::shared(&home, &name, Duration::ZERO).unwrap();
        return hold();
    }
    let top = tempfile::tempdir().unwrap();
    let (home, name) = prepared(top.path());
    for _ in 0..5 {
        let mut child = again("r26_a_killed_holder_loses_its_lease", top.path());
        wait_until_held(&mut child);
        let short = Duration::from_millis(30);
        assert!(matches!(
            lease::take(&home, &name, connection(), short),
            Err(Error::Busy(_))
        ));
        assert!(matches!(
            VaultLock::exclusive(&home, &name, short),
            Err(Error::Busy(_))
        ));
        std::thread::scope(|scope| {
            let waiter =
                scope.spawn(|| lease::take(&home, &name, connection(), Duration::from_secs(30)).map(drop));
            // SIGKILL.
            child.kill().unwrap();
            let start = Instant::now();
            waiter.join().unwrap().unwrap();
            assert!(start.elapsed() < Duration::from_secs(5));
        });
        child.wait().unwrap();
        drop(VaultLock::exclusive(&home, &name, Duration::from_secs(5)).unwrap());
    }
}

/// processes that want one lease have it one after the other.
#[test]
fn r26_processes_take_turns() {
    const PROCESSES: usize = 6;
    const ROUNDS: usize = 10;
    if let Some((home, name)) = inside() {
        let count = home.root().join("count");
        for _ in 0..ROUNDS {
            let _lease = lease::take(&home, &name, connection(), Duration::from_secs(60)).unwrap();
            let number: usize = std::fs::read_to_string(&count).unwrap().parse().unwrap();
            std::thread::sleep(Duration::from_millis(1));
            std::fs::write(&count, (number + 1).to_string()).unwrap();
        }
        return;
    }
    let top = tempfile::tempdir().unwrap();
    let (home, _) = prepared(top.path());
    let count = home.root().join("count");
    std::fs::write(&count, "0").unwrap();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| again("r26_processes_take_turns", top.path()))
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(
        std::fs::read_to_string(&count).unwrap(),
        (PROCESSES * ROUNDS).to_string()
    );
}

/// L-01: the host is seen from another process, and its place is free when it was killed, whatever its line says.
#[test]
fn l01_a_killed_host_leaves_its_place() {
    if let Some((home, _)) = inside() {
        let _host = HostLock::try_take(&home, "serve").unwrap().unwrap();
        return hold();
    }
    let top = tempfile::tempdir().unwrap();
    let (home, _) = prepared(top.path());
    let mut child = again("l01_a_killed_host_leaves_its_place", top.path());
    wait_until_held(&mut child);
    let holder = Holder {
        kind: "serve".to_owned(),
        pid: child.id(),
    };
    assert_eq!(HostLock::holder(&home), Ok(Some(holder)));
    assert!(HostLock::try_take(&home, "app").unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        std::fs::read_to_string(home.host_lock()).unwrap(),
        format!("serve {}\n", child.id())
    );
    assert_eq!(HostLock::holder(&home), Ok(None));
    let _host = HostLock::try_take(&home, "app").unwrap().unwrap();
    let holder = HostLock::holder(&home).unwrap().unwrap();
    assert_eq!((holder.kind.as_str(), holder.pid), ("app", std::process::id()));
}

/// L-01: looking at the holder never keeps a host from its place.
#[test]
fn l01_looking_takes_nothing() {
    let top = tempfile::tempdir().unwrap();
    let (home, _) = prepared(top.path());
    drop(HostLock::try_take(&home, "app").unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = HostLock::holder(&home).unwrap();
                    std::thread::sleep(Duration::from_micros(200));
                }
            });
        }
        let taken: Vec<bool> = (0..50)
            .map(|_| HostLock::try_take(&home, "app").unwrap().is_some())
            .collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(taken.iter().all(|taken| *taken), "{taken:?}");
    });
}
