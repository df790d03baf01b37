//! The listener a browser comes back to; long, since opening, reading and closing share one rule of time (O-20, O-30).
//! It lives as long as one consent waits and not a moment longer (O-20).

use std::{
    collections::VecDeque,
    future::Future,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use keyward_model::auth_client::{LoopbackHost, Redirect};
use keyward_model::plain;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, Id, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::{
    authorize::Pending,
    callback::{self, CallbackError, Code, LONGEST_HEAD, Reason},
    certificate::Certificate,
    error::Error,
    page::{self, Outcome},
    redirect::host_text,
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

/// How often another free port is tried whose number one of the two families has already given away.
const PAIR_TRIES: u32 = 16;

/// An open port of this machine that waits for one browser.
pub struct Loopback {
    listeners: Vec<TcpListener>,
    tls: Option<TlsAcceptor>,
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
            listeners: vec![listener],
            tls: None,
        })
    }

    /// Opens what an AuthClient's redirect says (OA1); `certificate` is asked for https alone. `None` where nobody
    /// listens: the answer is pasted, or the system hands it over.
    ///
    /// # Errors
    /// As [`Self::bind`]; [`Error::Transient`] naming a fixed port that another program has.
    pub async fn open(
        redirect: &Redirect,
        path: &str,
        certificate: impl FnOnce() -> Result<Certificate, Error>,
    ) -> Result<Option<Self>, Error> {
        check_path(path)?;
        let (host, port, tls) = match redirect {
            Redirect::Free => return Self::bind(path).await.map(Some),
            Redirect::FreeLocalhost => (LoopbackHost::Name, 0, None),
            Redirect::Fixed { host, port } => (*host, *port, None),
            Redirect::Https { port } => (LoopbackHost::Name, *port, Some(certificate()?.acceptor())),
            Redirect::Scheme(_) | Redirect::Paste(_) => return Ok(None),
        };
        let listeners = match (host, port) {
            (LoopbackHost::Name, 0) => free_pair().await?,
            (LoopbackHost::Name, port) => pair(port).await.map_err(|error| taken(port, &error))?,
            (LoopbackHost::V4, port) => vec![
                TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                    .await
                    .map_err(|error| taken(port, &error))?,
            ],
            (LoopbackHost::V6, port) => vec![
                TcpListener::bind((Ipv6Addr::LOCALHOST, port))
                    .await
                    .map_err(|error| taken(port, &error))?,
            ],
        };
        let port = match listeners.first() {
            Some(listener) => listener.local_addr().map_err(no_port)?.port(),
            None => port,
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        Ok(Some(Self {
            redirect_uri: format!("{scheme}://{}:{port}{path}", host_text(host)),
            port,
            listeners,
            tls,
        }))
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
        timeout(HARD_LIMIT, serve(self.listeners, self.tls, pending))
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

/// O-09: a browser may take either family for the name `localhost`, and whoever has the other one would get the code.
/// A machine without IPv6 has one family.
async fn pair(port: u16) -> std::io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = first.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![first]),
    }
}

async fn free_pair() -> Result<Vec<TcpListener>, Error> {
    let mut last = pair(0).await;
    for _ in 1..PAIR_TRIES {
        if last.is_ok() {
            break;
        }
        last = pair(0).await;
    }
    last.map_err(no_port)
}

fn taken(port: u16, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return Error::unsent(format!(
            "port {port} of this machine is in use by another program or consent"
        ));
    }
    Error::unsent(format!(
        "port {port} of this machine cannot be opened: {}",
        plain::why(error.kind())
    ))
}

fn no_port(error: std::io::Error) -> Error {
    Error::unsent(format!(
        "no port can be opened on this machine's loopback address: {}",
        plain::why(error.kind())
    ))
}

/// What came of a connection.
enum Event {
    /// A whole head, or one that cannot become whole.
    Heard(Wire, Zeroizing<Vec<u8>>),
    /// An answer was written.
    Answered(Last),
    /// Nobody is there any more.
    Gone,
}

/// A connection, with TLS around it or without.
enum Wire {
    Plain(TcpStream),
    Secure(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

impl Wire {
    /// Writes what can be written at once: none where TLS must turn the bytes into its own first.
    fn try_write(&self, bytes: &[u8]) -> usize {
        match self {
            Self::Plain(stream) => stream.try_write(bytes).unwrap_or(0),
            Self::Secure(_) => 0,
        }
    }
}

/// Whether an answer was the page at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

async fn serve(
    listeners: Vec<TcpListener>,
    tls: Option<TlsAcceptor>,
    pending: &Pending,
) -> Result<Code, CallbackError> {
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
                let written = stream.try_write(&bytes);
                answering.add(finish(stream, bytes, written, last));
            },
            event = answering.next() => if let Event::Answered(Last::Yes) = event {
                break;
            },
            () = &mut lingered, if verdict.is_some() => break,
            accepted = accept(&listeners) => match accepted {
                Ok(stream) => reading.add(open(stream, tls.clone())),
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

/// The next connection to any of our addresses.
async fn accept(listeners: &[TcpListener]) -> std::io::Result<TcpStream> {
    match listeners {
        [one, other] => tokio::select! {
            accepted = one.accept() => accepted,
            accepted = other.accept() => accepted,
        },
        [one] => one.accept().await,
        _ => std::future::pending().await,
    }
    .map(|(stream, _)| stream)
}

/// Lets a connection speak TLS first, where ours does; the same time for that as for a head.
async fn open(stream: TcpStream, tls: Option<TlsAcceptor>) -> Event {
    let Some(tls) = tls else {
        return match read(stream).await {
            Some((stream, head)) => Event::Heard(Wire::Plain(stream), head),
            None => Event::Gone,
        };
    };
    let Ok(Ok(stream)) = timeout(HEAD_TIMEOUT, tls.accept(stream)).await else {
        return Event::Gone;
    };
    match read(stream).await {
        Some((stream, head)) => Event::Heard(Wire::Secure(Box::new(stream)), head),
        None => Event::Gone,
    }
}

/// Reads a request head: until its empty line, 16 KiB, the end, or what no request starts with.
async fn read<S: AsyncRead + Unpin>(mut stream: S) -> Option<(S, Zeroizing<Vec<u8>>)> {
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
            Some((stream, head))
        }
        _ => None,
    }
}

/// Writes what is left of an answer and closes in order.
async fn finish(stream: Wire, bytes: Vec<u8>, written: usize, last: Last) -> Event {
    match stream {
        Wire::Plain(stream) => close(stream, &bytes[written..], last).await,
        Wire::Secure(stream) => close(*stream, &bytes[written..], last).await,
    }
}

async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, rest: &[u8], last: Last) -> Event {
    let closed = async {
        stream.write_all(rest).await?;
        stream.shutdown().await
    };
    if !matches!(timeout(HEAD_TIMEOUT, closed).await, Ok(Ok(()))) {
        return Event::Gone;
    }
    let mut late = [0_u8; 4096];
    let drained = async { while stream.read(&mut late).await.is_ok_and(|read| read > 0) {} };
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
            assert!(loopback.listeners[0].local_addr().unwrap().ip().is_loopback());
            assert_eq!(
                loopback.redirect_uri(),
                format!("http://127.0.0.1:{}/callback", loopback.port())
            );
            assert!(ports.insert(loopback.port()));
            all.push(loopback);
        }
    }
}
