//! A new key for the whole vault, with progress; all or nothing (SECURITY.md §b.8).

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_model::SecretValue;
pub use keyward_vault::rekey::{Depth, Stage, Step};
use keyward_vault::{self as store, RecoveryKey, UnlockedVault, lease, rekey::Rekey, table::connections};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    passphrase,
    recovery::{self, RecoveryOffer},
};

/// A refresh that is under way has its answer stored by then (O-57).
const LAST_ANSWERS: Duration = Duration::from_secs(35);

/// Progress is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How long a work runs before its end is guessed.
const BEFORE_GUESSING: Duration = Duration::from_secs(3);

/// How far a rekey is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Whether it still runs, and how it ended.
    pub state: State,
    /// The last step that was told; `None` while it waits for refreshes to end.
    pub step: Option<Step>,
    /// About how long it still takes; told after three seconds.
    pub left: Option<Duration>,
}

/// Whether a rekey runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// The vault has its new key.
    Done,
    /// It was stopped: the vault is as it was.
    Stopped,
    /// It failed: the vault is as it was.
    Failed(Error),
}

/// One rekey of this engine.
pub(crate) struct Rekeying {
    stop: AtomicBool,
    progress: Mutex<Progress>,
}

/// Begins a rekey: proves the Owner where the vault has a passphrase and offers the recovery key that it will have.
/// Confirming that starts the work.
///
/// # Errors
/// [`Kind::Locked`] without the passphrase; [`Kind::Conflict`] while another rekey runs.
pub fn begin(
    engine: &Engine,
    caller: &Caller,
    depth: Depth,
    passphrase: Option<&SecretValue>,
) -> Result<RecoveryOffer> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    if is_running(engine) {
        return Err(running());
    }
    passphrase::prove(engine, &vault, passphrase)?;
    recovery::begin_rekey(engine, depth, passphrase.map(SecretValue::duplicate))
}

/// Starts the work on a thread of its own.
pub(crate) fn start(
    engine: &Arc<Engine>,
    key: RecoveryKey,
    depth: Depth,
    passphrase: Option<SecretValue>,
) -> Result<()> {
    let vault = engine.unlocked()?;
    let rekeying = Arc::new(Rekeying {
        stop: AtomicBool::new(false),
        progress: Mutex::new(Progress {
            state: State::Running,
            step: None,
            left: None,
        }),
    });
    {
        let mut last = hold(&engine.rekeying);
        if last.as_ref().is_some_and(|last| last.is_running()) {
            return Err(running());
        }
        *last = Some(Arc::clone(&rekeying));
    }
    let flight = engine.flight();
    let engine = Arc::clone(engine);
    thread::Builder::new()
        .name("keyward-rekey".to_owned())
        .spawn(move || {
            let request = Rekey {
                depth,
                passphrase: passphrase.as_ref(),
                recovery: &key,
            };
            let done = work(&engine, &vault, &rekeying, &request);
            log::info!(
                "rekey of vault {}: {:?}",
                engine.name,
                done.as_ref().err().map(|error| error.kind)
            );
            let state = match done {
                Ok(()) => State::Done,
                Err(_) if rekeying.stop.load(Ordering::SeqCst) => State::Stopped,
                Err(error) => State::Failed(error),
            };
            hold(&rekeying.progress).state = state;
            drop(vault);
            drop(flight);
            engine.reads.signal.raise();
            engine.changes.publish(ChangeKind::Rekey, None);
            engine.changes.publish(ChangeKind::Vault, None);
        })
        .map(drop)
        .map_err(|error| Error::internal(format!("The work could not be started: {error}.")))
}

fn work(engine: &Engine, vault: &UnlockedVault, rekeying: &Rekeying, request: &Rekey<'_>) -> Result<()> {
    // I5: no answer of a provider may be on its way to keys that are about to end. Whoever refreshes holds its lease.
    let refreshed = vault.read(|tx| connections::list(tx, None))?;
    let _leases = refreshed
        .iter()
        .filter(|connection| connection.has_refresh_token)
        .map(|connection| lease::take(&engine.home, &engine.name, connection.id, LAST_ANSWERS))
        .collect::<store::Result<Vec<_>>>()?;
    engine.reads.flush_into(vault, engine.now());
    let clock = Arc::clone(&engine.ports.clock);
    let started = clock.monotonic();
    let mut told: Option<(Stage, Duration)> = None;
    let result = store::rekey(vault, request, engine.now(), &mut |step| {
        if rekeying.stop.load(Ordering::SeqCst) {
            return ControlFlow::Break(());
        }
        let now = clock.monotonic();
        let is_news =
            told.is_none_or(|(stage, at)| stage != step.stage || now.saturating_sub(at) >= TELL_EVERY);
        if is_news {
            told = Some((step.stage, now));
            let mut progress = hold(&rekeying.progress);
            progress.step = Some(step);
            progress.left = left(now.saturating_sub(started), step);
            drop(progress);
            engine.changes.publish(ChangeKind::Rekey, None);
        }
        ControlFlow::Continue(())
    });
    Ok(result?)
}

/// A guess at the time left, once there is something to guess from: the stages cost about so much of the whole.
fn left(elapsed: Duration, step: Step) -> Option<Duration> {
    let (before, own) = match step.stage {
        Stage::Checking => (0.0, 0.15),
        Stage::Sealing => (0.15, 0.5),
        Stage::Chaining => (0.65, 0.15),
        Stage::Verifying => (0.8, 0.15),
        Stage::Storing => (0.95, 0.05),
    };
    if elapsed < BEFORE_GUESSING || step.total == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of a guess")]
    let share = before + own * (step.done as f64 / step.total as f64);
    (share > 0.0).then(|| elapsed.mul_f64((1.0 - share) / share))
}

/// How far the rekey is, or how the last one of this engine ended.
///
/// # Errors
/// [`Kind::NotFound`] when there was none.
pub fn status(engine: &Engine) -> Result<Progress> {
    match &*hold(&engine.rekeying) {
        Some(rekeying) => Ok(hold(&rekeying.progress).clone()),
        None => Err(Error::new(Kind::NotFound, "No rekey was started.", "")),
    }
}

/// Stops a rekey that runs; once it stores its new keys it cannot be stopped. The state it ends in is told by
/// [`status`].
pub fn stop(engine: &Engine) {
    if let Some(rekeying) = &*hold(&engine.rekeying) {
        rekeying.stop.store(true, Ordering::SeqCst);
    }
}

pub(crate) fn is_running(engine: &Engine) -> bool {
    hold(&engine.rekeying)
        .as_ref()
        .is_some_and(|last| last.is_running())
}

fn running() -> Error {
    Error::new(
        Kind::Conflict,
        "A rekey is running already.",
        "Wait for its end, or stop it.",
    )
}

impl Rekeying {
    fn is_running(&self) -> bool {
        hold(&self.progress).state == State::Running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_after_three_seconds_and_ends_at_nothing() {
        let step = |stage, done| Step {
            stage,
            done,
            total: 100,
        };
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(2), step(Stage::Sealing, 50)), None);
        assert_eq!(left(seconds(5), step(Stage::Checking, 0)), None);
        let halfway = left(seconds(4), step(Stage::Sealing, 70)).unwrap();
        assert_eq!(halfway.as_secs_f64().round(), 4.0);
        assert_eq!(left(seconds(9), step(Stage::Storing, 100)), Some(Duration::ZERO));
    }
}
