//! The owner's door: one thread a connection, one request at a time on each (SECURITY.md L-02, L-04).

use std::{
    io::{self, Read},
    net::Shutdown,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use keyward_engine::access::Caller;
use keyward_model::name::VaultName;
use serde_json::value::RawValue;

use crate::{
    door::{self, Listener, Stream},
    endpoint,
    frame::{self, Frame, MAX_FRAME, Reply, Request, VERSION},
    host::{Control, Host},
    verbs,
    wire::{self, Code, Error},
};

/// Connections at once (L-04).
const MAX_CONNECTIONS: usize = 64;

/// A frame that was begun must be complete after this long (L-04).
const FRAME_TIME: Duration = Duration::from_secs(5);

/// Verbs that speak to the host itself.
const YIELD: &str = "host_yield";
const SHOW: &str = "host_show";

/// Serves until dropped.
pub struct Server {
    path: PathBuf,
    stopped: Arc<AtomicBool>,
    streams: Arc<Streams>,
    acceptor: Option<thread::JoinHandle<()>>,
}

/// The open connections, the one that was served longest ago first.
#[derive(Default)]
struct Streams(Mutex<Vec<Open>>);

struct Open {
    number: usize,
    stream: Stream,
    /// A whole frame is being answered.
    works: bool,
    /// It has had an answer.
    served: bool,
}

impl Streams {
    fn hold(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more, `false` when there is none. Connections that say nothing must not keep others out
    /// the oldest that was never served makes room, else the one that has been silent longest.
    fn make_room(&self) -> bool {
        let mut open = self.hold();
        if open.len() < MAX_CONNECTIONS {
            return true;
        }
        let silent = |served| open.iter().position(|one| !one.works && one.served == served);
        let Some(oldest) = silent(false).or_else(|| silent(true)) else {
            return false;
        };
        let _ = open.remove(oldest).stream.shutdown(Shutdown::Both);
        true
    }

    fn begin(&self, number: usize) {
        for one in self.hold().iter_mut().filter(|one| one.number == number) {
            one.works = true;
        }
    }

    fn end(&self, number: usize) {
        let mut open = self.hold();
        if let Some(at) = open.iter().position(|one| one.number == number) {
            let mut one = open.remove(at);
            one.works = false;
            one.served = true;
            open.push(one);
        }
    }
}

/// A connection's place; free again when this is dropped, however its thread ends.
struct Seat {
    streams: Arc<Streams>,
    number: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.streams.hold().retain(|one| one.number != self.number);
    }
}

/// Publishes the socket and begins to accept.
///
/// # Errors
/// When the socket cannot be made where L-01 says.
pub fn start(host: &Arc<Host>, runtime: Option<&Path>) -> Result<Server, keyward_engine::Error> {
    let path = endpoint::socket(host.home(), runtime)?;
    endpoint::prepare(&path, host.home())?;
    let failed = |error: io::Error| {
        keyward_engine::Error::new(
            keyward_engine::Kind::Internal,
            format!("The socket {} could not be made: {error}.", path.display()),
            door::HINT,
        )
    };
    // host.lock is ours, so a socket that is still there belongs to a host that was killed.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = door::bind(&path).map_err(failed)?;
    let stopped = Arc::new(AtomicBool::new(false));
    let streams = Arc::new(Streams::default());
    let acceptor = {
        let (host, stopped, streams) = (Arc::clone(host), Arc::clone(&stopped), Arc::clone(&streams));
        thread::Builder::new()
            .name("keyward-door".to_owned())
            .spawn(move || accept(&host, &listener, &stopped, &streams))
            .map_err(failed)?
    };
    Ok(Server {
        path,
        stopped,
        streams,
        acceptor: Some(acceptor),
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // `accept` has no timeout: a connection of our own wakes it. Where somebody took the socket away, its thread
        // is left to the end of the process.
        let woken = Stream::connect(&self.path).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
        let _ = std::fs::remove_file(&self.path);
        // After the last one was accepted. What is under way is answered, then its client finds the end.
        for open in self.streams.hold().drain(..) {
            let _ = open.stream.shutdown(Shutdown::Read);
        }
    }
}

fn accept(host: &Arc<Host>, listener: &Listener, stopped: &AtomicBool, streams: &Arc<Streams>) {
    for (number, stream) in listener.incoming().enumerate() {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of file descriptors, most likely: let some close.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        // L-02: another uid is turned away before a byte is read.
        let Some(caller) = peer(&stream) else { continue };
        if !streams.make_room() {
            continue;
        }
        let Ok(copy) = stream.try_clone() else { continue };
        streams.hold().push(Open {
            number,
            stream: copy,
            works: false,
            served: false,
        });
        let seat = Seat {
            streams: Arc::clone(streams),
            number,
        };
        let host = Arc::clone(host);
        let spawned = thread::Builder::new()
            .name("keyward-client".to_owned())
            .spawn(move || {
                let _ = serve(&host, &caller, stream, number, &seat.streams);
            });
        if spawned.is_err() {
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The Owner, when the peer's uid is ours; what is known of its program is for the audit log alone.
fn peer(stream: &Stream) -> Option<Caller> {
    let peer = door::peer(stream).ok().filter(|peer| peer.is_ours)?;
    Some(Caller::owner(peer.shown))
}

fn serve(
    host: &Host,
    caller: &Caller,
    mut stream: Stream,
    number: usize,
    streams: &Streams,
) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        // Between frames a client may be silent for as long as it likes.
        stream.set_read_timeout(None)?;
        stream.read_exact(&mut length[..1])?;
        let mut timed = Timed::new(&stream);
        timed.read_exact(&mut length[1..])?;
        let request = frame::read_body(&mut timed, length)?;
        streams.begin(number);
        let reply = answer(host, caller, &request).map_err(|error| io::Error::other(error.message))?;
        stream.set_write_timeout(Some(FRAME_TIME))?;
        reply.write(&mut stream)?;
        streams.end(number);
    }
}

/// A stream that must deliver a whole frame within [`FRAME_TIME`], however slowly its bytes drip in.
struct Timed<'a> {
    stream: &'a Stream,
    until: Instant,
}

impl<'a> Timed<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline of the transport; no rule of the product depends on it"
    )]
    fn new(stream: &'a Stream) -> Self {
        Self {
            stream,
            until: Instant::now() + FRAME_TIME,
        }
    }
}

impl Read for Timed<'_> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline of the transport; no rule of the product depends on it"
    )]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        (&mut &*self.stream).read(buffer)
    }
}

fn answer(host: &Host, caller: &Caller, bytes: &[u8]) -> Result<Frame, Error> {
    let (id, outcome) = match serde_json::from_slice::<Request<'_, &RawValue>>(bytes) {
        Ok(request) => (request.id, act(host, caller, &request)),
        Err(_) => (0, Err(Error::usage("The frame is malformed."))),
    };
    match outcome.or_else(|error| refusal(id, error)) {
        Ok(reply) if reply.content().len() <= MAX_FRAME => Ok(reply),
        _ => refusal(
            id,
            Error::new(
                Code::Usage,
                "The answer is longer than 4 MiB.",
                "Ask for fewer values at once.",
            ),
        ),
    }
}

fn refusal(id: u64, error: Error) -> Result<Frame, Error> {
    Frame::encode(&Reply::<wire::Done> {
        v: VERSION,
        id,
        ok: None,
        error: Some(error),
    })
}

fn act(host: &Host, caller: &Caller, request: &Request<'_, &RawValue>) -> Result<Frame, Error> {
    if request.v != VERSION {
        return Err(Error::new(
            Code::Conflict,
            format!("The host speaks protocol {VERSION}, this program {}.", request.v),
            "Restart the app or `keyward serve` after an update.",
        ));
    }
    match request.verb {
        YIELD => host.ask(Control::Yield),
        SHOW => host.ask(Control::Show),
        verb if verbs::HOME_NAMES.contains(&verb) => {
            return verbs::dispatch_home(host.vaults(), caller, request);
        }
        verb => {
            let name =
                VaultName::parse(request.vault).map_err(|error| Error::usage(format!("vault: {error}")))?;
            if !verbs::WITHOUT_VAULT.contains(&verb) && !host.home().vault_exists(&name) {
                // The same answer as without a host; and no Engine is made for it.
                let message = format!("There is no vault “{name}” in {}.", host.home().root().display());
                return Err(Error::new(
                    Code::NotFound,
                    message,
                    "Make one with `keyward init`.",
                ));
            }
            let answer = verbs::dispatch(&host.engine(&name)?, caller, request);
            log::debug!("{verb}: {:?}", answer.as_ref().err().map(|error| error.code));
            return answer;
        }
    }
    verbs::reply(request.id, wire::Done {})
}

/// Name of the verb that sends a [`Control`].
#[must_use]
pub(crate) fn control_verb(control: Control) -> &'static str {
    match control {
        Control::Yield => YIELD,
        Control::Show => SHOW,
    }
}
