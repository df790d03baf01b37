//! ST5: hosts lock when the desktop says that nobody is there. A bus of its own stands for the system's and the session's;
//! on it a stand-in for logind and for the screen savers says what the real ones say.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_tests::home::Home;
use keyward_tests::keyring::{Keychain, KeyringSession};
use keyward_tests::process::wait_for;
use zbus::blocking::{Connection, connection::Builder};
use zbus::zvariant;

use crate::common::{add, init, json, ok, refused};

const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const OURS: &str = "/org/freedesktop/login1/session/_31";
const ANOTHERS: &str = "/org/freedesktop/login1/session/_32";

/// Programs that want to do something before the computer sleeps: who they are, and our end of the pipe they hold.
type Delays = Arc<Mutex<Vec<(String, File)>>>;

struct Manager(Delays);

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn inhibit(&self, what: &str, who: &str, _why: &str, mode: &str) -> zbus::fdo::Result<zvariant::OwnedFd> {
        let (ours, theirs) = std::io::pipe().map_err(|error| zbus::fdo::Error::Failed(error.to_string()))?;
        let delay = (format!("{who} {what} {mode}"), File::from(OwnedFd::from(ours)));
        self.0.lock().unwrap().push(delay);
        Ok(zvariant::OwnedFd::from(OwnedFd::from(theirs)))
    }
}

struct Session {
    uid: u32,
}

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn user(&self) -> (u32, zvariant::OwnedObjectPath) {
        let path = format!("/org/freedesktop/login1/user/_{}", self.uid);
        (self.uid, zvariant::ObjectPath::try_from(path).unwrap().into())
    }
}

/// A desktop: its bus, and who speaks on it.
struct Desktop {
    bus: KeyringSession,
    logind: Connection,
    delays: Delays,
}

impl Desktop {
    fn start() -> Self {
        let bus = KeyringSession::start(Keychain::NoService).unwrap();
        let delays = Delays::default();
        let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
        let logind = Builder::address(bus.address().as_str())
            .unwrap()
            .serve_at(MANAGER, Manager(Arc::clone(&delays)))
            .unwrap()
            .serve_at(OURS, Session { uid })
            .unwrap()
            .serve_at(ANOTHERS, Session { uid: uid + 1 })
            .unwrap()
            .name(LOGIND)
            .unwrap()
            .build()
            .unwrap();
        Self { bus, logind, delays }
    }

    /// A vault in passphrase mode whose commands and hosts see this desktop.
    fn home(&self) -> Home {
        let address = self.bus.address();
        let home = Home::new()
            .unwrap()
            .var("DBUS_SESSION_BUS_ADDRESS", &address)
            .var("DBUS_SYSTEM_BUS_ADDRESS", &address);
        init(&home, &["--passphrase", "--kdf-memory", "64"]);
        add(&home, "A", b"x");
        home
    }

    fn prepare_for_sleep(&self, begins: bool) {
        let manager = "org.freedesktop.login1.Manager";
        self.logind
            .emit_signal(None::<&str>, MANAGER, manager, "PrepareForSleep", &begins)
            .unwrap();
    }

    fn lock_session(&self, path: &str) {
        self.logind
            .emit_signal(None::<&str>, path, "org.freedesktop.login1.Session", "Lock", &())
            .unwrap();
    }

    /// A screen saver of that name says whether the screen is locked.
    fn screen_saver(&self, name: &str, path: &str, active: bool) {
        let saver = Builder::address(self.bus.address().as_str())
            .unwrap()
            .name(name)
            .unwrap()
            .build()
            .unwrap();
        saver
            .emit_signal(None::<&str>, path, name, "ActiveChanged", &active)
            .unwrap();
        // Said before the name goes: a message is delivered by whoever owned the name when it was sent.
        saver.close().unwrap();
    }

    /// Waits until a host asked to be waited for.
    fn delayed(&self) -> (String, File) {
        wait_for("a delay", Duration::from_secs(20), || {
            self.delays.lock().unwrap().pop()
        })
        .unwrap()
    }
}

fn is_locked(home: &Home) -> bool {
    json(&home.keyward(&["status", "--json"]).passphrase(None))["locked"] == true
}

fn locks(home: &Home, why: &str) {
    wait_for(why, Duration::from_secs(20), || is_locked(home).then_some(())).unwrap();
    refused(&home.keyward(&["get", "A"]).passphrase(None), 4);
    ok(&home.keyward(&["unlock"]));
}

/// The vault is locked before the computer sleeps: the sleep waits for it, and waits again the next time.
#[test]
fn st5_a_host_locks_before_sleep() {
    let desktop = Desktop::start();
    let home = desktop.home();
    let _host = home.serve().unwrap();
    for _ in 0..2 {
        let (who, mut pipe) = desktop.delayed();
        assert_eq!(who, "Keyward sleep delay");
        desktop.prepare_for_sleep(true);
        // The end of the pipe: nobody holds the sleep up any more, and the vault is locked by then.
        pipe.read_to_end(&mut Vec::new()).unwrap();
        assert!(is_locked(&home));
        desktop.prepare_for_sleep(false);
        locks(&home, "a locked host");
    }
    // Waking up locks nothing.
    desktop.delayed();
    desktop.prepare_for_sleep(false);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!is_locked(&home));
}

/// Whoever says that the screen is locked is heard: logind for this session, and the two screen savers there are.
#[test]
fn st5_a_host_locks_with_the_screen() {
    let desktop = Desktop::start();
    let home = desktop.home();
    let _host = home.serve().unwrap();
    desktop.delayed();
    desktop.lock_session(ANOTHERS);
    desktop.screen_saver("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", false);
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        !is_locked(&home),
        "neither another person's screen nor one that opens"
    );
    desktop.lock_session(OURS);
    locks(&home, "logind's Lock");
    desktop.screen_saver("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", true);
    locks(&home, "GNOME's screen saver");
    desktop.screen_saver(
        "org.freedesktop.ScreenSaver",
        "/org/freedesktop/ScreenSaver",
        true,
    );
    locks(&home, "KDE's screen saver");

    ok(&home.keyward(&["settings", "update", "--no-lock-on-screen-lock"]));
    desktop.lock_session(OURS);
    desktop.screen_saver("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", true);
    std::thread::sleep(Duration::from_millis(500));
    assert!(!is_locked(&home), "the Owner said so");
}

/// A bus that ends takes nothing with it, and a host without one serves all the same.
#[test]
fn st5_a_desktop_that_goes_away_locks_nothing() {
    let desktop = Desktop::start();
    let home = desktop.home();
    let _host = home.serve().unwrap();
    desktop.delayed();
    drop(desktop);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!is_locked(&home));
    assert_eq!(ok(&home.keyward(&["get", "A"]).passphrase(None)).stdout, b"x");
}
