//! R-28, O-53: a process is killed at marked points of a refresh. Afterwards there are fresh tokens, or exactly one
//! consent is asked for: never a loop, never a refresh token lost that the provider still takes.
//!
//! The marks need nothing of the product: a clock that kills its process when it is read for the n-th time marks every
//! step of ours, a provider that hangs before or after it acted marks the wire.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{
    Engine, Kind, Ports,
    home::{Home, Keychain, Opening, keychain::KeychainError},
    lifecycle::{self, NewMode},
    ports::{Clock, SystemClock},
    refresh,
};
use keyward_lab::{Client, Endpoint, Fault, client::Rotation, history::What};
use keyward_model::{BootTime, Timestamp, connection::ConnectionState};
use zeroize::Zeroizing;

use crate::{
    doubles::Onlooker,
    lab::Lab,
    support::{ENV, kind, owner, shown, soak, token},
};

const ROOT: &str = "KEYWARD_CRASH_ROOT";
const AT: &str = "KEYWARD_CRASH_AT";

/// How often each pair of a point and a rotation is tried in CI.
const ROUNDS: u64 = 10;

/// Reads of the clock at which the child dies, as shares of all of them, before the wire's own points.
const CLOCK_POINTS: u64 = 10;

/// Reads the system's clocks, and kills its process at the n-th time; 0 is never.
struct Deadly {
    read: AtomicU64,
    at: u64,
}

impl Deadly {
    fn tick(&self) {
        let read = self.read.fetch_add(1, Ordering::SeqCst) + 1;
        if read == self.at {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            thread::sleep(Duration::from_secs(60));
        }
    }
}

impl Clock for Deadly {
    fn now(&self) -> Timestamp {
        self.tick();
        SystemClock.now()
    }

    fn monotonic(&self) -> Duration {
        self.tick();
        SystemClock.monotonic()
    }

    fn boot(&self) -> Option<BootTime> {
        self.tick();
        SystemClock.boot()
    }
}

/// A keychain that another process has too: one file an entry.
struct FileKeychain(PathBuf);

impl FileKeychain {
    fn path(&self, account: &str) -> PathBuf {
        self.0.join(account.replace(['/', ':'], "_"))
    }
}

impl Keychain for FileKeychain {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(std::fs::read(self.path(account)).ok().map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        // Whole or not at all, as a keychain does it.
        let new = self.path(&format!("{account}.new{}", std::process::id()));
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, self.path(account)).unwrap();
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        let _ = std::fs::remove_file(self.path(account));
        Ok(())
    }
}

fn engine(root: &Path, at: u64) -> (Arc<Engine>, Arc<Deadly>) {
    let clock = Arc::new(Deadly {
        read: AtomicU64::new(0),
        at,
    });
    let ports = Ports {
        keychain: Arc::new(FileKeychain(root.join("keychain"))),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        browser: Arc::new(Onlooker::default()),
    };
    let home = Home::open(&root.join("home")).unwrap();
    let name = "default".parse().unwrap();
    (Arc::new(Engine::new(home, name, Opening::OneShot, ports)), clock)
}

/// Not a test of its own: the process that dies. Prints how often it read the clock.
#[test]
#[ignore = "started by the test of this file"]
fn child() {
    let (Ok(root), Ok(at)) = (std::env::var(ROOT), std::env::var(AT)) else {
        return;
    };
    let (engine, clock) = engine(Path::new(&root), at.parse().unwrap());
    lifecycle::unlock(&engine, None).unwrap();
    let _ = refresh::refresh_now(&engine, &owner(), ENV, "APP");
    lifecycle::lock(&engine);
    println!("READS {}", clock.read.load(Ordering::SeqCst));
}

fn start(root: &Path, at: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crashes::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROOT, root)
        .env(AT, at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Point {
    /// At this read of the clock.
    Clock(u64),
    /// While the provider has read the request and not acted.
    BeforeActing,
    /// While the provider has acted and not answered.
    BeforeAnswering,
}

/// R-28, OA6: killed at every reading of the clock and at both marks of the provider; what it answered is there
/// afterwards, or one person is asked once.
#[test]
fn r28_killed_at_marked_points() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join("keychain")).unwrap();
    let (engine, _) = engine(root, 0);
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    let lab = Lab::at(Arc::new(|| SystemClock.now().0));
    lab.register(&engine, "CLIENT", Client::default());
    lab.connect(&engine, "CLIENT", "APP");
    let whole = start(root, 0).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    let reads: u64 = said
        .lines()
        .find_map(|line| line.split_once("READS ")?.1.parse().ok())
        .unwrap_or_else(|| panic!("{said}"));
    assert!(reads >= CLOCK_POINTS, "{reads} reads of the clock");
    let mut points: Vec<Point> = (0..CLOCK_POINTS)
        .map(|n| Point::Clock(1 + n * (reads - 1) / (CLOCK_POINTS - 1)))
        .collect();
    points.extend([Point::BeforeActing, Point::BeforeAnswering]);
    let (mut fresh, mut consents, mut kills) = (0, 0, 0);
    for round in 0..ROUNDS * soak() {
        for rotation in [
            Rotation::None,
            Rotation::Always,
            Rotation::Grace(60),
            Rotation::Strict,
        ] {
            for point in &points {
                lab.server.adjust("CLIENT", |client| client.rotation = rotation);
                lab.connect(&engine, "CLIENT", "APP");
                lab.server.history().clear();
                killed_at(root, &lab, *point);
                kills += 1;
                let at = format!("round {round}, {rotation:?}, {point:?}");
                // What the dead process had given away: a rotation that it was told of by nobody, or did not store.
                let rotated = lab
                    .server
                    .history()
                    .events()
                    .iter()
                    .any(|event| matches!(event.what, What::Rotated { .. }));
                let asked = lab.server.history().refreshes();
                let outcome = refresh::refresh_now(&engine, &owner(), ENV, "APP");
                let again = lab.server.history().refreshes() - asked;
                assert!(again <= 1, "{at}: {again} requests");
                match kind(outcome) {
                    None => {
                        fresh += 1;
                        assert!(lab.server.takes(&token(&engine).unwrap()), "{at}");
                    }
                    Some(Kind::NeedsConsent) => {
                        consents += 1;
                        let forgives = matches!(rotation, Rotation::None | Rotation::Grace(_));
                        assert!(rotated && !forgives, "{at}: a refresh token was lost");
                        let connection = shown(&engine);
                        assert_eq!(connection.state, ConnectionState::NeedsConsent);
                        let why = connection.error.unwrap().message;
                        assert!(why.contains("interrupted"), "{at}: {why}");
                        for _ in 0..3 {
                            let min_ttl = Some(Duration::from_secs(3_599));
                            let _ = refresh::fresh_token(&engine, &owner(), ENV, "APP", min_ttl);
                        }
                        assert_eq!(lab.server.history().refreshes(), asked + 1, "{at}: a loop");
                    }
                    other => panic!("{at}: {other:?}"),
                }
            }
        }
    }
    println!("{kills} kills over {reads} reads of the clock: {fresh} fresh, {consents} consents");
    assert!(fresh > 0 && consents > 0);
    keyward_engine::audit::verify(&engine).unwrap();
}

fn killed_at(root: &Path, lab: &Lab, point: Point) {
    let fault = match point {
        Point::Clock(at) => {
            let ended = start(root, at).wait_with_output().unwrap();
            assert!(!ended.status.success(), "{point:?}: it was not killed");
            return;
        }
        Point::BeforeActing => Fault::HangBefore,
        Point::BeforeAnswering => Fault::HangAfter,
    };
    lab.server.will("CLIENT", Endpoint::Token, [fault]);
    let mut doomed = start(root, 0);
    let begun = Instant::now();
    let is_there = || {
        let events = lab.server.history().events();
        events.iter().any(|event| {
            let acted = matches!(event.what, What::Rotated { .. } | What::Issued { .. });
            let arrived = matches!(event.what, What::Arrived { .. });
            acted || arrived && matches!(point, Point::BeforeActing)
        })
    };
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{point:?}");
        thread::sleep(Duration::from_millis(5));
    }
    doomed.kill().unwrap();
    doomed.wait().unwrap();
}
