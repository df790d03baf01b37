//! What a host does by itself: refresh, auto-lock, group commits, the freshness anchor.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_model::{Id, Timestamp};
use keyward_vault::{table::connections, vault::Mode};

use crate::{Engine, lifecycle, refresh};

/// Longest nap: timers stop while a laptop sleeps, so the wall clock is looked at again (O-68).
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Read events are committed in groups this far apart (L-10).
const READ_COMMIT: Duration = Duration::from_millis(50);

/// A host in passphrase mode locks after so long without an act.
pub const IDLE_LOCK: Duration = Duration::from_secs(15 * 60);

/// The anchor is written at most this often (SECURITY.md §b.6).
const ANCHOR_EVERY: Duration = Duration::from_secs(60);

/// Refreshes under way at once (O-69).
const AT_ONCE: usize = 4;

/// The background work of one Engine; ends when dropped.
pub struct Background {
    engine: Arc<Engine>,
    stopped: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

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
    let works: [(&str, fn(&Arc<Engine>, &AtomicBool)); 2] =
        [("keyward-refresh", refresher), ("keyward-log", read_committer)];
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
fn read_committer(engine: &Arc<Engine>, stopped: &AtomicBool) {
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        seen = engine.reads.signal.wait(seen, LONGEST_NAP);
        thread::sleep(READ_COMMIT);
        engine.reads.flush(engine);
    }
}

/// Sleeps in naps until something is due or has changed; the one owner of every background refresh.
fn refresher(engine: &Arc<Engine>, stopped: &AtomicBool) {
    let mut anchored = engine.now();
    let mut seen = 0;
    while !stopped.load(Ordering::SeqCst) {
        auto_lock(engine);
        let nap = pass(engine);
        let now = engine.now();
        if now.since(anchored) >= ANCHOR_EVERY {
            anchored = now;
            if let Ok(vault) = engine.unlocked() {
                // A keychain that does not answer is told by `status`, not here.
                let _ = vault.save_anchor(now);
            }
        }
        seen = engine.changes.signal.wait(seen, nap);
    }
}

/// Refreshes what is due; returns how long to nap.
fn pass(engine: &Arc<Engine>) -> Duration {
    let Ok(vault) = engine.unlocked() else {
        return LONGEST_NAP;
    };
    let Ok(all) = vault.read(|tx| connections::list(tx, None)) else {
        return LONGEST_NAP;
    };
    drop(vault);
    let now = engine.now();
    let mut due: Vec<(Timestamp, Id)> = Vec::new();
    let mut next: Option<Timestamp> = None;
    for connection in &all {
        match connection.next_refresh_at() {
            Some(at) if at <= now => due.push((at, connection.id)),
            Some(at) => next = Some(next.map_or(at, |next| next.min(at))),
            None => {}
        }
    }
    due.sort_unstable();
    for group in due.chunks(AT_ONCE) {
        thread::scope(|scope| {
            for &(_, id) in group {
                scope.spawn(move || {
                    // Failures are written into the Connection by the refresh itself.
                    let _ = refresh::refresh_due(engine, id);
                });
            }
        });
    }
    // At least half a second, so that a token of no lifetime at all cannot make a storm.
    next.map_or(LONGEST_NAP, |next| next.since(engine.now()))
        .clamp(Duration::from_millis(500), LONGEST_NAP)
}

fn auto_lock(engine: &Engine) {
    let Ok(vault) = engine.unlocked() else { return };
    let idle = engine
        .now()
        .since(Timestamp(engine.last_act.load(Ordering::Relaxed)));
    if vault.mode() == Mode::Passphrase && idle >= IDLE_LOCK {
        drop(vault);
        lifecycle::lock(engine);
    }
}
