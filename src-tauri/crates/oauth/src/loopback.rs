//! The listener a browser comes back to. It lives as long as one consent waits and not a moment longer (O-20).

use std::{
    collections::VecDeque,
    future::Future,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, Id, JoinSet},
    time::{sleep, timeout},
};
use zeroize::Zeroizing;

use crate::{
    authorize::Pending,
    callback::{self, CallbackError, Code, LONGEST_HEAD, Reason},
    error::Error,
    page::{self, Outcome},
};

/// How long a consent waits unless the caller ends it sooner (O-22).
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5 * 60);

/// Longest that a caller may let a consent wait (O-22).
pub const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The listener closes by itself even when its caller forgot to: after the longest wait and a minute, so that
/// the caller's own limit always speaks first.
const HARD_LIMIT: Duration = LONGEST_WAIT.saturating_add(Duration::from_secs(60));

/// Connections that may be reading, and as many that may be answering (O-30).
const MOST_CONNECTIONS: usize = 8;

/// Time for a request head to arrive (O-30).
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for the browser to fetch `/done` after the genuine answer; it needs milliseconds.
const LINGER: Duration = Duration::from_secs(1);

/// Time for a peer to close after our answer. Closing first with its bytes unread would reset the connection,
/// and the answer could be lost.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(250);

/// An open port of this machine that waits for one browser.
pub struct Loopback {
    listener: TcpListener,
    redirect_uri: String,
    port: u16,
}

impl Loopback {
    /// Opens an ephemeral port on 127.0.0.1, or on `[::1]` where that cannot be had (O-09, O-10, O-21), and keeps
    /// it. `path` is the AuthClient's `redirect_path`.
    ///
    /// # Errors
    /// [`Error::BadParameter`] as [`check_path`]; [`Error::Transient`] when no port can be opened.
    pub async fn bind(path: &str) -> Result<Self, Error> {
        check_path(path)?;
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv6Addr::LOCALHOST, 0))
                .await
                .map_err(no_port)?,
        };
        let address = listener.local_addr().map_err(no_port)?;
        // `SocketAddr` writes IPv6 in brackets, as a URL does.
        Ok(Self {
            redirect_uri: format!("http://{address}{path}"),
            port: address.port(),
            listener,
        })
    }

    /// The redirect URI, the same string for both requests (O-13).
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves until the genuine answer came, shows its browser a page and closes. Whatever else comes gets an
    /// answer of its own and changes nothing (O-23). Dropping the future closes the port at once.
    ///
    /// # Errors
    /// [`CallbackError::Refused`], [`CallbackError::WrongIssuer`]: the genuine answer is no.
    /// [`CallbackError::TimedOut`] a minute after [`LONGEST_WAIT`]. [`CallbackError::NotOurs`] only, and at once, when
    /// `pending` was begun with another redirect URI.
    pub async fn wait(self, pending: &Pending) -> Result<Code, CallbackError> {
        if pending.redirect_uri() != self.redirect_uri {
            return Err(CallbackError::NotOurs(Reason::Path));
        }
        timeout(HARD_LIMIT, serve(self.listener, pending))
            .await
            .unwrap_or(Err(CallbackError::TimedOut))
    }
}

/// Checks the path of a redirect URI (O-26): `/` and then letters, digits and `-._~/`; no dot segments, at most
/// 200 bytes, and none of the paths that the listener answers by itself.
///
/// # Errors
/// [`Error::BadParameter`] with the rule that is broken.
pub fn check_path(path: &str) -> Result<(), Error> {
    let bad = |rule: &str| Err(Error::BadParameter(rule.to_owned()));
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/');
    if !path.starts_with('/') || path.len() > 200 || !path.bytes().all(fits) {
        return bad("a redirect path starts with / and holds letters, digits and -._~/, at most 200 of them");
    }
    if path.starts_with("//") || path.split('/').any(|segment| segment == "." || segment == "..") {
        return bad("a redirect path has no dot segments and starts with one slash");
    }
    if [page::DONE, "/favicon.ico", "/robots.txt"].contains(&path) {
        return bad("this path is answered by the listener itself");
    }
    Ok(())
}

fn no_port(error: std::io::Error) -> Error {
    Error::unsent(format!(
        "no port can be opened on this machine's loopback address: {}",
        error.kind()
    ))
}

/// What came of a connection.
enum Event {
    /// A whole head, or one that cannot become whole.
    Heard(TcpStream, Zeroizing<Vec<u8>>),
    /// An answer was written.
    Answered(Last),
    /// Nobody is there any more.
    Gone,
}

/// Whether an answer was the page at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

async fn serve(listener: TcpListener, pending: &Pending) -> Result<Code, CallbackError> {
    let mut reading = Connections::new();
    let mut answering = Connections::new();
    let mut verdict = None;
    let lingered = sleep(Duration::MAX);
    tokio::pin!(lingered);
    loop {
        tokio::select! {
            // What was heard goes before what knocks: a flood of new connections cannot push it out.
            biased;
            event = reading.next() => if let Event::Heard(stream, head) = event {
                let before = verdict.is_some();
                let (bytes, last) = respond(pending, &head, &mut verdict);
                if !before && verdict.is_some() {
                    lingered.set(sleep(LINGER));
                }
                // A small answer fits the socket's buffer: it is out before anybody can push its task aside.
                let written = stream.try_write(&bytes).unwrap_or(0);
                answering.add(finish(stream, bytes, written, last));
            },
            event = answering.next() => if let Event::Answered(Last::Yes) = event {
                break;
            },
            () = &mut lingered, if verdict.is_some() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => reading.add(read(stream)),
                // Out of descriptors, or the peer is gone already: the consent goes on.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
        }
        // Lets the new connection be read before the next one is accepted.
        tokio::task::yield_now().await;
    }
    verdict.unwrap_or(Err(CallbackError::TimedOut))
}

/// Decides on one request; fills `verdict` when it is the genuine answer.
fn respond(
    pending: &Pending,
    head: &[u8],
    verdict: &mut Option<Result<Code, CallbackError>>,
) -> (Vec<u8>, Last) {
    let visit = match callback::visit(pending.expected(), head) {
        Ok(visit) => visit,
        Err(reason) => return (page::stray(reason), Last::No),
    };
    if let (page::DONE, Some(verdict)) = (visit.path, verdict.as_ref()) {
        let outcome = if verdict.is_ok() {
            Outcome::Taken
        } else {
            Outcome::Refused
        };
        return (page::done(outcome), Last::Yes);
    }
    match pending.settle(callback::answer(pending.expected(), &visit)) {
        Err(CallbackError::NotOurs(reason)) => (page::stray(reason), Last::No),
        genuine => {
            *verdict = Some(genuine);
            (page::see_done(), Last::No)
        }
    }
}

/// Reads a request head: until its empty line, 16 KiB, the end, or what no request starts with.
async fn read(mut stream: TcpStream) -> Event {
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST_HEAD + 1));
    let whole = timeout(HEAD_TIMEOUT, async {
        loop {
            let seen = head.len();
            let mut room = (&mut stream).take((LONGEST_HEAD + 1 - seen) as u64);
            match room.read_buf(&mut *head).await {
                Ok(0) => return !head.is_empty(),
                Ok(_) => {}
                // O-30: a read error ends the connection, never the consent.
                Err(_) => return false,
            }
            if !head[0].is_ascii_uppercase() || head.len() > LONGEST_HEAD {
                return true;
            }
            let tail = seen.saturating_sub(3);
            if head[tail..].windows(4).any(|end| end == b"\r\n\r\n")
                || head[tail..].windows(2).any(|end| end == b"\n\n")
            {
                return true;
            }
        }
    })
    .await;
    match whole {
        Ok(true) => {
            // What follows the head is not part of the request.
            let end = head
                .windows(4)
                .position(|end| end == b"\r\n\r\n")
                .map(|at| at + 4);
            if let Some(end) = end {
                head.truncate(end);
            }
            Event::Heard(stream, head)
        }
        _ => Event::Gone,
    }
}

/// Writes what is left of an answer and closes in order.
async fn finish(mut stream: TcpStream, bytes: Vec<u8>, written: usize, last: Last) -> Event {
    let closed = async {
        stream.write_all(&bytes[written..]).await?;
        stream.shutdown().await
    };
    if !matches!(timeout(HEAD_TIMEOUT, closed).await, Ok(Ok(()))) {
        return Event::Gone;
    }
    let mut rest = [0_u8; 4096];
    let drained = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(DRAIN_TIMEOUT, drained).await;
    Event::Answered(last)
}

/// At most [`MOST_CONNECTIONS`] tasks; the oldest makes room. All end when this is dropped.
struct Connections {
    tasks: JoinSet<Event>,
    order: VecDeque<AbortHandle>,
}

impl Connections {
    fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    fn add(&mut self, connection: impl Future<Output = Event> + Send + 'static) {
        if self.order.len() >= MOST_CONNECTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
        }
        self.order.push_back(self.tasks.spawn(connection));
    }

    /// The next connection that is through; waits for ever while there is none.
    async fn next(&mut self) -> Event {
        match self.tasks.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((id, event))) => {
                self.forget(id);
                event
            }
            Some(Err(ended)) => {
                self.forget(ended.id());
                Event::Gone
            }
        }
    }

    fn forget(&mut self, id: Id) {
        self.order.retain(|task| task.id() != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o26_redirect_paths() {
        for path in [
            "/",
            "/callback",
            "/callback/github",
            "/oauth2/call-back_1.x~",
            "/callback/",
        ] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        let long = format!("/{}", "x".repeat(200));
        for path in [
            "",
            "callback",
            "//evil.example",
            "/../x",
            "/a/./b",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/a%2e",
            "/é",
            "/a\r\nb",
            "/done",
            "/favicon.ico",
            "/robots.txt",
            &long,
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[tokio::test]
    async fn o09_o10_o21_the_port_is_ephemeral_kept_and_on_a_loopback_literal() {
        let mut ports = std::collections::HashSet::new();
        let mut all = Vec::new();
        for _ in 0..200 {
            let loopback = Loopback::bind("/callback").await.unwrap();
            assert!(loopback.listener.local_addr().unwrap().ip().is_loopback());
            assert_eq!(
                loopback.redirect_uri(),
                format!("http://127.0.0.1:{}/callback", loopback.port())
            );
            assert!(ports.insert(loopback.port()));
            all.push(loopback);
        }
    }
}
