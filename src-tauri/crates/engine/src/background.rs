//! What a host does by itself: refresh, auto-lock, group commits, the freshness anchor, the whole verification.

mod schedule;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Scope},
    time::Duration,
};

use keyward_model::{Id, Timestamp};
use keyward_vault::{ballast, vault::UnlockedVault};
use schedule::Schedule;

use crate::{
    Engine, Error, Kind, auto_lock, backup,
    changes::ChangeKind,
    connections::revocation,
    engine::hold,
    gate::{Closed, Pass},
    lifecycle, refresh, trash,
    verdict::FIRST_PAUSE,
};

/// Longest nap: timers stop while a laptop sleeps, so the wall clock is looked at again (O-68).
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Shortest nap, so that no clock and no token can make a busy loop.
const SHORTEST_NAP: Duration = Duration::from_millis(500);

/// A vault is verified so long after it was unlocked, or at the first change.
const AFTER_UNLOCK: Duration = Duration::from_secs(2);

/// Read events are committed in groups this far apart (L-10).
const READ_COMMIT: Duration = Duration::from_millis(50);

/// The trash is looked through this often: what it keeps for 30 days may stay some hours longer.
const SWEEP_EVERY: Duration = Duration::from_secs(6 * 3600);

/// The anchor is written at most this often (SECURITY.md §b.6).
const ANCHOR_EVERY: Duration = Duration::from_secs(60);

/// Whether the copy of the day is due is looked at this often; a copy that failed is tried again then.
const COPY_LOOK: Duration = Duration::from_secs(10 * 60);

/// Something is due and there is no place for it: looked at again this soon.
const LOOK_FOR_ROOM: Duration = Duration::from_secs(5);

/// Errands are looked after at most this often.
const BETWEEN_ERRANDS: Duration = Duration::from_secs(1);

/// A Connection that was just refreshed is left alone this long, whatever its token says.
const REST: Duration = Duration::from_secs(1);

/// The background work of one Engine; ends when dropped.
pub struct Background {
    engine: Arc<Engine>,
    stopped: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

/// Works until it is stopped.
type Work = fn(&Engine, &AtomicBool);

/// Starts the background work.
///
/// # Errors
/// When no thread can be started.
pub fn start(engine: &Arc<Engine>) -> std::io::Result<Background> {
    let stopped = Arc::new(AtomicBool::new(false));
    let mut background = Background {
        engine: Arc::clone(engine),
        stopped,
        threads: Vec::new(),
    };
    let works: [(&str, Work); 5] = [
        ("keyward-refresh", refresher),
        ("keyward-log", read_committer),
        ("keyward-keeper", keeper),
        ("keyward-trash", sweeper),
        ("keyward-errands", errands),
    ];
    for (name, work) in works {
        let (engine, stopped) = (Arc::clone(engine), Arc::clone(&background.stopped));
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&engine, &stopped))?;
        background.threads.push(thread);
    }
    Ok(background)
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.engine.changes.signal.raise();
        self.engine.reads.signal.raise();
        for thread in self.threads.drain(..) {
            // A running refresh ends by itself within 35 s (L-01) and is waited for: its answer must be stored.
            let _ = thread.join();
        }
    }
}

/// Commits read events in groups; sleeps while there are none.
fn read_committer(engine: &Engine, stopped: &AtomicBool) {
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        seen = engine.reads.signal.wait(seen, LONGEST_NAP);
        thread::sleep(READ_COMMIT);
        engine.reads.flush(engine);
    }
}

/// Verifies the whole vault once after each unlock (SECURITY.md §b.5); what is wrong is told by the status. Then makes
/// the copy of each day (§b.8).
fn keeper(engine: &Engine, stopped: &AtomicBool) {
    let mut verified: Weak<UnlockedVault> = Weak::new();
    let mut copies = Looks::default();
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        let is_new = |vault: &Arc<UnlockedVault>| !std::ptr::eq(verified.as_ptr(), Arc::as_ptr(vault));
        // Only a weak reference is kept over a wait: whoever locks must find the vault held by nobody (I5).
        let Some(vault) = engine
            .unlocked()
            .ok()
            .filter(is_new)
            .map(|vault| Arc::downgrade(&vault))
        else {
            // A vault that is damaged has no copy worth a good one's place.
            let is_sound = engine.unlocked().is_ok() && hold(&engine.damage).is_none();
            if is_sound && copies.is_due(engine.now()) {
                backup::daily(engine);
            }
            seen = engine.changes.signal.wait(seen, LONGEST_NAP);
            continue;
        };
        verified = vault;
        // The person who has just unlocked comes first.
        seen = engine.changes.signal.wait(seen, AFTER_UNLOCK);
        if let Some(Err(error)) = verified.upgrade().map(|vault| vault.verify()) {
            *hold(&engine.damage) = Some(Error::from(error).message);
            engine.changes.publish(ChangeKind::Vault, None);
        }
    }
}

/// Purges what the trash has kept for its time: soon after an unlock, and every some hours from then on.
fn sweeper(engine: &Engine, stopped: &AtomicBool) {
    let mut swept: Option<Timestamp> = None;
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        let now = engine.now();
        // A clock that was put back must not keep the trash for ever.
        let is_due = swept.is_none_or(|at| at > now || now.since(at) >= SWEEP_EVERY);
        // What cannot be purged now is tried again after a nap; the status and `doctor` tell of a damaged vault.
        if is_due && trash::sweep(engine).is_ok() {
            swept = Some(now);
        }
        seen = engine.changes.signal.wait(seen, LONGEST_NAP);
    }
}

/// When somebody looked last whether a copy is due.
#[derive(Default)]
struct Looks(Option<Timestamp>);

impl Looks {
    fn is_due(&mut self, now: Timestamp) -> bool {
        // A clock that was put back must not keep the next look from coming.
        let is_due = self
            .0
            .is_none_or(|last| now < last || now.since(last) >= COPY_LOOK);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

/// What has waited for the disk or for a provider: tokens that could not be stored (O-72), and those that could not be
/// revoked (O-52).
fn errands(engine: &Engine, stopped: &AtomicBool) {
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        if let Ok(vault) = engine.refreshing() {
            refresh::save(engine, &vault);
            // Without room for it there is none; tokens that wait come first.
            if hold(&engine.unsaved).is_empty() {
                let _ = ballast::keep(&engine.home, &engine.name);
            }
            drop(vault);
            // What fails stays in the queue.
            let _ = revocation::retry(engine);
        }
        // Changes come in crowds: one look after each is enough.
        thread::sleep(BETWEEN_ERRANDS);
        seen = engine.changes.signal.wait(seen, LONGEST_NAP);
    }
}

/// Sleeps in naps until something is due or has changed; the one owner of every background refresh. Each refresh has
/// a thread of its own: a provider that hangs holds up neither the others nor the auto-lock (EL13).
fn refresher(engine: &Engine, stopped: &AtomicBool) {
    let flights = Flights::default();
    let mut schedule = Schedule::new(engine);
    let mut anchored = engine.now();
    let mut seen = 0;
    thread::scope(|scope| {
        while !stopped.load(Ordering::SeqCst) {
            let lock = auto_lock::when_idle(engine).unwrap_or(LONGEST_NAP);
            let nap = lock.min(begin_due(scope, engine, &mut schedule, &flights));
            let now = engine.now();
            if now.since(anchored) >= ANCHOR_EVERY {
                anchored = now;
                if let Ok(vault) = engine.refreshing() {
                    // A keychain that does not answer is told by `status`, not here.
                    let _ = vault.save_anchor(now);
                }
            }
            seen = engine
                .changes
                .signal
                .wait(seen, nap.clamp(SHORTEST_NAP, LONGEST_NAP));
        }
    });
}

/// Connections that are not begun again now.
type Flights = Mutex<HashMap<Id, Flight>>;

enum Flight {
    UnderWay,
    /// Until this monotonic time.
    Rests(Duration),
}

/// Begins to refresh what is due, as far as there is room; returns how long to nap.
fn begin_due<'s, 'e: 's>(
    scope: &'s Scope<'s, 'e>,
    engine: &'e Engine,
    schedule: &mut Schedule,
    flights: &'e Flights,
) -> Duration {
    let mut due = match schedule.due(engine) {
        Ok(due) => due,
        Err(error) => {
            // Metadata goes with the keys (T-06).
            schedule.forget();
            if error.kind == Kind::Corrupt && engine.is_locked_refreshing() {
                // O-71: nothing can be kept fresh in a file that is not believed, and the unlock tells why.
                log::warn!(
                    "vault {} is not refreshed any more: {}",
                    engine.name,
                    error.message
                );
                lifecycle::close(engine);
            }
            return LONGEST_NAP;
        }
    };
    let monotonic = engine.ports.clock.monotonic();
    let mut nap = due.next;
    let mut known = hold(flights);
    known.retain(|_, flight| !matches!(flight, Flight::Rests(until) if *until <= monotonic));
    let mut crowded: HashSet<&str> = HashSet::new();
    due.now.sort_unstable_by_key(|(expires_at, ..)| *expires_at);
    for &(_, id, host) in &due.now {
        match known.get(&id) {
            Some(Flight::UnderWay) => {}
            Some(Flight::Rests(until)) => nap = nap.min(until.saturating_sub(monotonic)),
            None if crowded.contains(host) => {}
            None => match engine.neighbours.gate().try_enter(host, monotonic) {
                // The next one that ends wakes the refresher; one that hangs does not.
                Err(Closed::Full) => {
                    crowded.insert(host);
                    nap = nap.min(LOOK_FOR_ROOM);
                }
                Err(Closed::Down) => {
                    crowded.insert(host);
                }
                Ok(pass) => {
                    let begun = thread::Builder::new()
                        .name("keyward-refresh".to_owned())
                        .spawn_scoped(scope, move || refresh_one(engine, flights, id, pass));
                    if begun.is_ok() {
                        known.insert(id, Flight::UnderWay);
                    }
                }
            },
        }
    }
    nap
}

fn refresh_one(engine: &Engine, flights: &Flights, id: Id, pass: Pass<'_>) {
    // Failures are written into the Connection; where even that failed, the rest keeps it from being a storm.
    let rest = match refresh::refresh_due(engine, id, pass) {
        Ok(()) => REST,
        Err(error) => {
            if error.kind == Kind::Corrupt && engine.is_locked_refreshing() {
                // All of it is looked at anew, and given up where it is not believed (O-71).
                engine.changes.publish(ChangeKind::Vault, None);
            }
            FIRST_PAUSE
        }
    };
    let until = engine.ports.clock.monotonic() + rest;
    hold(flights).insert(id, Flight::Rests(until));
    engine.changes.signal.raise();
}
