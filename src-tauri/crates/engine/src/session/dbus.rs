//! logind on the system bus, screen savers on the session bus.
//!
//! A bus may be absent, end and come back, or take a connection and never answer: each is listened to on a thread of
//! its own that nobody waits for.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use zbus::{
    MatchRule,
    blocking::{Connection, MessageIterator, connection::Builder, fdo::DBusProxy},
    message::{Message, Type},
    zvariant::{OwnedFd, OwnedObjectPath, OwnedValue},
};

use super::{Away, Hearing};
use crate::{engine::hold, signal::Signal};

const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
/// KDE and most others; GNOME. The name on the bus is that of the interface.
const SCREEN_SAVERS: [&str; 2] = ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"];

/// A bus that is not there, or went away, is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// A service that does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens for as long as it lives.
pub struct Watch(Arc<Shared>);

/// Knows what a [`Watch`] would hear.
#[derive(Clone)]
pub struct Ears(Arc<Shared>);

struct Shared {
    heard: Box<dyn Fn(Away) + Send + Sync>,
    stopped: AtomicBool,
    stop: Signal,
    system: Mutex<Option<Connection>>,
    session: Mutex<Option<Connection>>,
}

/// One bus, and what is done on it until it ends.
struct Bus {
    name: &'static str,
    open: fn() -> zbus::Result<Builder<'static>>,
    slot: fn(&Shared) -> &Mutex<Option<Connection>>,
    listen: fn(&Shared, &Connection) -> zbus::Result<()>,
}

impl Watch {
    /// Begins to listen; `heard` runs on a thread of the watch, and the computer waits with its sleep until it is done.
    pub fn start(heard: impl Fn(Away) + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            heard: Box::new(heard),
            stopped: AtomicBool::new(false),
            stop: Signal::default(),
            system: Mutex::default(),
            session: Mutex::default(),
        });
        let system = Bus {
            name: "keyward-logind",
            open: Builder::system,
            slot: |shared| &shared.system,
            listen: logind,
        };
        let session = Bus {
            name: "keyward-screen",
            open: Builder::session,
            slot: |shared| &shared.session,
            listen: screen_savers,
        };
        for bus in [system, session] {
            let shared = Arc::clone(&shared);
            // Without a thread nothing is heard, and `hearing` says so.
            let _ = thread::Builder::new()
                .name(bus.name.to_owned())
                .spawn(move || follow(&shared, &bus));
        }
        Self(shared)
    }

    /// For whoever wants to know what is heard.
    #[must_use]
    pub fn ears(&self) -> Ears {
        Ears(Arc::clone(&self.0))
    }
}

impl Ears {
    /// What would be heard right now: the lock of a screen from either bus.
    #[must_use]
    pub fn hearing(&self) -> Hearing {
        let sleep = hold(&self.0.system).is_some();
        let session = hold(&self.0.session).is_some();
        Hearing {
            sleep,
            screen_lock: sleep || session,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.stop.raise();
        for slot in [&self.0.system, &self.0.session] {
            // The iterator of its thread ends with the connection.
            if let Some(connection) = hold(slot).take() {
                let _ = connection.close();
            }
        }
    }
}

fn follow(shared: &Shared, bus: &Bus) {
    while !shared.stopped.load(Ordering::SeqCst) {
        let connected = (bus.open)().and_then(|builder| builder.method_timeout(PATIENCE).build());
        if let Ok(connection) = connected {
            let ended = (bus.listen)(shared, &connection);
            log::debug!("{}: {:?}", bus.name, ended.err());
        }
        *hold((bus.slot)(shared)) = None;
        shared.stop.wait(0, TRY_AGAIN);
    }
}

/// Says that `connection` listens, unless the watch has ended meanwhile.
fn listening(shared: &Shared, slot: &Mutex<Option<Connection>>, connection: &Connection) {
    let mut slot = hold(slot);
    if !shared.stopped.load(Ordering::SeqCst) {
        *slot = Some(connection.clone());
    }
}

/// `PrepareForSleep` of the manager, and `Lock` of a session of ours.
fn logind(shared: &Shared, bus: &Connection) -> zbus::Result<()> {
    let messages = MessageIterator::from(bus);
    subscribe(bus, LOGIND, MANAGER, "PrepareForSleep")?;
    subscribe(bus, LOGIND, SESSION, "Lock")?;
    // Somebody must own the name: a bus without logind says nothing of sleep.
    bus.call_method(
        Some(LOGIND),
        "/org/freedesktop/login1",
        Some("org.freedesktop.DBus.Peer"),
        "Ping",
        &(),
    )?;
    let mut delay = delay_sleep(bus);
    listening(shared, &shared.system, bus);
    for message in messages {
        let message = message?;
        if is_signal(&message, MANAGER, "PrepareForSleep") {
            if message.body().deserialize()? {
                (shared.heard)(Away::Sleep);
                // The vault is locked: the computer may sleep.
                delay = None;
            } else if delay.is_none() {
                delay = delay_sleep(bus);
            }
        } else if is_signal(&message, SESSION, "Lock") && is_ours(bus, &message) {
            (shared.heard)(Away::ScreenLocked);
        }
    }
    drop(delay);
    Ok(())
}

/// While this descriptor is open logind waits with the sleep, for a few seconds at most.
fn delay_sleep(bus: &Connection) -> Option<OwnedFd> {
    let how = ("sleep", "Keyward", "Locks the vault first", "delay");
    let answer = bus.call_method(
        Some(LOGIND),
        "/org/freedesktop/login1",
        Some(MANAGER),
        "Inhibit",
        &how,
    );
    answer.ok()?.body().deserialize().ok()
}

/// Whether the session that a signal came from belongs to this user; in doubt it does.
fn is_ours(bus: &Connection, message: &Message) -> bool {
    let header = message.header();
    let Some(path) = header.path() else { return true };
    let owner = || -> zbus::Result<u32> {
        let property = (SESSION, "User");
        let answer = bus.call_method(
            Some(LOGIND),
            path,
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &property,
        )?;
        let value: OwnedValue = answer.body().deserialize()?;
        let (uid, _): (u32, OwnedObjectPath) = value.try_into()?;
        Ok(uid)
    };
    owner().map_or(true, |uid| uid == rustix::process::getuid().as_raw())
}

/// `ActiveChanged(true)` of whichever screen saver there is.
fn screen_savers(shared: &Shared, bus: &Connection) -> zbus::Result<()> {
    let messages = MessageIterator::from(bus);
    for name in SCREEN_SAVERS {
        subscribe(bus, name, name, "ActiveChanged")?;
    }
    listening(shared, &shared.session, bus);
    for message in messages {
        let message = message?;
        let is_one = SCREEN_SAVERS
            .iter()
            .any(|name| is_signal(&message, name, "ActiveChanged"));
        if is_one && message.body().deserialize()? {
            (shared.heard)(Away::ScreenLocked);
        }
    }
    Ok(())
}

/// Asks the bus for one signal of whoever owns `sender`, now or later.
fn subscribe(
    bus: &Connection,
    sender: &'static str,
    interface: &'static str,
    member: &'static str,
) -> zbus::Result<()> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(sender)?
        .interface(interface)?
        .member(member)?
        .build();
    DBusProxy::new(bus)?.add_match_rule(rule)?;
    Ok(())
}

fn is_signal(message: &Message, interface: &str, member: &str) -> bool {
    let header = message.header();
    header.message_type() == Type::Signal
        && header.interface().is_some_and(|name| name.as_str() == interface)
        && header.member().is_some_and(|name| name.as_str() == member)
}
