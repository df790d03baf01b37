//! Copied values: marked so that managers do not keep them (W-11), counted down, cleared when nothing else was copied since.
//!
//! One thread owns the clipboard for the life of the app: on Linux what was copied is served by whoever copied it.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use keyward_api::wire::{Code, Error};
use keyward_model::SecretValue;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Seconds until the clipboard is cleared, as the answer to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// The seconds.
    pub seconds: u32,
}

/// What the window hears each second while a copied value counts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// Seconds until it is cleared.
    pub seconds_left: u32,
    /// Nothing counts any more: cleared, or replaced by something else.
    pub cleared: bool,
}

enum Wish {
    /// A value, and the seconds it stays.
    Secret(SecretValue, u32, mpsc::Sender<Result<(), Error>>),
    Text(String, mpsc::Sender<Result<(), Error>>),
    Clear,
    End,
}

/// The thread's door.
pub struct Clipboard {
    wishes: mpsc::Sender<Wish>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Clipboard {
    /// Starts the thread; `tell` hears every tick.
    ///
    /// # Errors
    /// `internal` when no thread can be started.
    pub fn start(tell: impl Fn(Tick) + Send + 'static) -> Result<Self, Error> {
        let (wishes, heard) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("keyward-clipboard".to_owned())
            .spawn(move || serve(&heard, &tell))
            .map_err(|error| {
                Error::new(
                    Code::Internal,
                    format!("No thread for the clipboard: {error}."),
                    "",
                )
            })?;
        Ok(Self {
            wishes,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Copies a value; it is cleared after `seconds` unless something else was copied since (W-11).
    ///
    /// # Errors
    /// `usage` for a value that is no text, `internal` when the desktop has no clipboard.
    pub fn copy_secret(&self, value: SecretValue, seconds: u32) -> Result<(), Error> {
        if value.expose_text().is_none() {
            let hint = "Write it to a file with `keyward get`.";
            return Err(Error::new(
                Code::Usage,
                "This value is not text and cannot be copied.",
                hint,
            ));
        }
        self.ask(|answer| Wish::Secret(value, seconds, answer))
    }

    /// Copies text that is no secret; it stays.
    ///
    /// # Errors
    /// `internal` when the desktop has no clipboard.
    pub fn copy_text(&self, text: String) -> Result<(), Error> {
        self.ask(|answer| Wish::Text(text, answer))
    }

    /// Clears what counts down, now.
    pub fn clear(&self) {
        let _ = self.wishes.send(Wish::Clear);
    }

    /// Clears what counts down and ends the thread.
    pub fn end(&self) {
        let _ = self.wishes.send(Wish::End);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }

    fn ask(&self, wish: impl FnOnce(mpsc::Sender<Result<(), Error>>) -> Wish) -> Result<(), Error> {
        let (answer, answered) = mpsc::channel();
        self.wishes.send(wish(answer)).map_err(|_| unavailable())?;
        answered.recv().map_err(|_| unavailable())?
    }
}

fn unavailable() -> Error {
    Error::new(
        Code::Internal,
        "The clipboard cannot be used.",
        "Copy again, or use `keyward get` in a terminal.",
    )
}

/// What was copied, as a digest, and how long it stays.
struct Counting {
    digest: [u8; 32],
    until: Instant,
}

impl Counting {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Seconds to tell: those that have begun count whole.
fn seconds_of(left: Duration) -> u32 {
    let begun = u64::from(left.subsec_nanos() > 0);
    u32::try_from(left.as_secs() + begun).unwrap_or(u32::MAX)
}

/// The wait until the next whole second; measured from the end, so that no wish in between holds the countdown up.
fn next_tick(left: Duration) -> Duration {
    match left.subsec_nanos() {
        0 => left.min(Duration::from_secs(1)),
        rest => Duration::from_nanos(rest.into()),
    }
}

fn serve(wishes: &mpsc::Receiver<Wish>, tell: &impl Fn(Tick)) {
    let mut clipboard = None;
    let mut counting: Option<Counting> = None;
    loop {
        let left = counting.as_ref().map(Counting::left);
        let wish = match left {
            // Before the next wish: a queue of them must not keep the value either.
            Some(Duration::ZERO) => {
                forget(&mut clipboard, &mut counting, tell);
                continue;
            }
            Some(left) => wishes.recv_timeout(next_tick(left)),
            None => wishes.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match wish {
            Ok(Wish::Secret(value, seconds, answer)) => {
                let done = put_secret(&mut clipboard, &value);
                if done.is_ok() {
                    counting = Some(Counting {
                        digest: Sha256::digest(value.expose()).into(),
                        until: Instant::now() + Duration::from_secs(seconds.into()),
                    });
                }
                let _ = answer.send(done);
            }
            Ok(Wish::Text(text, answer)) => {
                let done = put_text(&mut clipboard, text);
                if done.is_ok() && counting.take().is_some() {
                    // What counted down has been replaced.
                    tell(Tick {
                        seconds_left: 0,
                        cleared: true,
                    });
                }
                let _ = answer.send(done);
            }
            Ok(Wish::Clear) => forget(&mut clipboard, &mut counting, tell),
            Ok(Wish::End) | Err(RecvTimeoutError::Disconnected) => {
                forget(&mut clipboard, &mut counting, tell);
                return;
            }
            Err(RecvTimeoutError::Timeout) => {
                let Some(count) = &counting else { continue };
                match seconds_of(count.left()) {
                    // The loop forgets it next.
                    0 => {}
                    seconds_left => tell(Tick {
                        seconds_left,
                        cleared: false,
                    }),
                }
            }
        }
    }
}

/// Clears the clipboard when it still holds what was copied.
fn forget(clipboard: &mut Option<arboard::Clipboard>, counting: &mut Option<Counting>, tell: &impl Fn(Tick)) {
    let Some(Counting { digest, .. }) = counting.take() else {
        return;
    };
    if let Ok(clipboard) = open(clipboard) {
        let now = clipboard.get_text().map(zeroize::Zeroizing::new);
        if now.is_ok_and(|now| <[u8; 32]>::from(Sha256::digest(now.as_bytes())) == digest) {
            let _ = clipboard.clear();
        }
    }
    tell(Tick {
        seconds_left: 0,
        cleared: true,
    });
}

/// The desktop's clipboard, opened when first needed and kept.
fn open(clipboard: &mut Option<arboard::Clipboard>) -> Result<&mut arboard::Clipboard, Error> {
    if clipboard.is_none() {
        *clipboard = Some(arboard::Clipboard::new().map_err(|_| unavailable())?);
    }
    clipboard.as_mut().ok_or_else(unavailable)
}

fn put_secret(clipboard: &mut Option<arboard::Clipboard>, value: &SecretValue) -> Result<(), Error> {
    let text = value.expose_text().ok_or_else(unavailable)?;
    let set = marked(open(clipboard)?.set());
    set.text(text).map_err(|_| unavailable())
}

fn put_text(clipboard: &mut Option<arboard::Clipboard>, text: String) -> Result<(), Error> {
    open(clipboard)?.set_text(text).map_err(|_| unavailable())
}

/// W-11: `x-kde-passwordManagerHint` on Linux.
#[cfg(target_os = "linux")]
fn marked(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

/// W-11: `org.nspasteboard.ConcealedType` on macOS.
#[cfg(target_os = "macos")]
fn marked(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

/// W-11: neither monitors, nor history, nor the cloud on Windows.
#[cfg(windows)]
fn marked(set: arboard::Set<'_>) -> arboard::Set<'_> {
    use arboard::SetExtWindows as _;
    set.exclude_from_monitoring()
        .exclude_from_history()
        .exclude_from_cloud()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w11_the_countdown_is_measured_from_its_end() {
        let at = Duration::from_millis;
        assert_eq!((seconds_of(at(30_000)), next_tick(at(30_000))), (30, at(1_000)));
        assert_eq!((seconds_of(at(29_400)), next_tick(at(29_400))), (30, at(400)));
        assert_eq!((seconds_of(at(1)), next_tick(at(1))), (1, at(1)));
        assert_eq!(seconds_of(Duration::ZERO), 0);
    }
}
