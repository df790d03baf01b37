//! The server: a listener on loopback, a runtime of its own, and the faults between a request and its answer.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    client::Client,
    endpoints,
    fault::{Endpoint, Fault},
    grants::{Moment, State},
    history::{History, What},
    http::{Answer, Request},
    tls,
};

/// Longest time for anything that waits on the peer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes of an answer that is too long (clients read 1 MiB at most, O-73).
const OVERSIZE: usize = 3 * 1024 * 1024;

/// Seconds since the epoch, as the one who starts the server sees them.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A certificate that no client should accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Signed by nobody that is known.
    SelfSigned,
    /// It ended years ago.
    Expired,
    /// For another name.
    WrongHost,
}

/// A running laboratory; it ends when this is dropped.
pub struct Lab {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

struct Shared {
    issuer: String,
    now: Now,
    state: Mutex<State>,
    history: History,
}

impl Lab {
    /// Listens on a free port of 127.0.0.1, without TLS.
    ///
    /// # Errors
    /// When no thread or socket is to be had.
    pub fn start(now: Now) -> io::Result<Self> {
        Self::listen(now, None)
    }

    /// The same with TLS and a bad certificate.
    ///
    /// # Errors
    /// As [`Lab::start`]; when the certificate cannot be made.
    pub fn start_tls(now: Now, certificate: Certificate) -> io::Result<Self> {
        let (acceptor, _) = tls::acceptor(certificate).map_err(io::Error::other)?;
        Self::listen(now, Some(acceptor))
    }

    /// The same with TLS and a certificate of its own, which comes along in PEM: clients that are told to trust it do.
    ///
    /// # Errors
    /// As [`Lab::start_tls`].
    pub fn start_trusted(now: Now) -> io::Result<(Self, String)> {
        let (acceptor, pem) = tls::acceptor(Certificate::SelfSigned).map_err(io::Error::other)?;
        Ok((Self::listen(now, Some(acceptor))?, pem))
    }

    fn listen(now: Now, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("keyward-lab")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            issuer: format!("{scheme}://{address}"),
            now,
            state: Mutex::default(),
            history: History::default(),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared), tls));
        Ok(Self {
            address,
            scheme,
            shared,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:PORT`, which is the issuer too.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The address of an endpoint.
    #[must_use]
    pub fn uri(&self, endpoint: Endpoint) -> String {
        let path = match endpoint {
            Endpoint::Authorize => "authorize",
            Endpoint::Token => "token",
            Endpoint::Revoke => "revoke",
            Endpoint::Introspect => "introspect",
            Endpoint::Device => "device",
            Endpoint::Par => "par",
            Endpoint::Api => "api",
        };
        format!("{}/{path}", self.issuer())
    }

    /// Registers a client, or changes it from the next request on.
    pub fn register(&self, id: &str, client: Client) {
        self.shared.hold().clients.insert(id.to_owned(), client);
    }

    /// Changes the settings of a registered client from the next request on.
    pub fn adjust(&self, id: &str, change: impl FnOnce(&mut Client)) {
        if let Some(client) = self.shared.hold().clients.get_mut(id) {
            change(client);
        }
    }

    /// What a browser ends at when a person opens this link and agrees: the redirect address with code and state.
    /// `None` when the link is none of this server's.
    #[must_use]
    pub fn agree(&self, link: &str) -> Option<String> {
        let query = link
            .strip_prefix(&self.uri(Endpoint::Authorize))?
            .strip_prefix('?')?;
        let request = Request::to("/authorize", query);
        let moment = Moment {
            request: 0,
            now: (self.shared.now)(),
            history: &self.shared.history,
        };
        let answer = endpoints::act(
            &mut self.shared.hold(),
            moment,
            Endpoint::Authorize,
            &request,
            &self.shared.issuer,
        );
        answer
            .headers
            .into_iter()
            .find_map(|(name, value)| (name == "Location").then_some(value))
    }

    /// The next requests of this client at this endpoint fare like this; what was ordered before is forgotten.
    pub fn will(&self, id: &str, endpoint: Endpoint, faults: impl IntoIterator<Item = Fault>) {
        let faults = faults.into_iter().collect();
        self.shared
            .hold()
            .faults
            .insert((id.to_owned(), endpoint), faults);
    }

    /// An outage: every connection ends without an answer, until it is over.
    pub fn set_down(&self, down: bool) {
        self.shared.hold().down = down;
    }

    /// Whether a refresh with this token would be answered with tokens now.
    #[must_use]
    pub fn accepts(&self, refresh_token: &str) -> bool {
        self.shared.hold().accepts(refresh_token, (self.shared.now)())
    }

    /// Whether `/api` takes this access token now.
    #[must_use]
    pub fn takes(&self, access_token: &str) -> bool {
        self.shared
            .hold()
            .access(access_token, (self.shared.now)())
            .is_some()
    }

    /// Ends every grant, as a person at the provider's own page does it.
    pub fn revoke_all(&self) {
        self.shared.hold().revoke_all();
    }

    /// Ends every access token before its time: what a 401 tells of.
    pub fn forget_access_tokens(&self) {
        self.shared.hold().forget_access_tokens();
    }

    /// Tokens that were revoked, in order.
    #[must_use]
    pub fn revoked(&self) -> Vec<String> {
        self.shared.hold().revoked.clone()
    }

    /// What happened so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.shared.history
    }

    /// Says that this access token was handed out now, for the checker.
    pub fn handed_out(&self, access_token: &str) {
        let access_token = access_token.to_owned();
        self.shared.add(What::HandedOut { access_token });
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Not waited for: requests that hang would hold up whoever drops it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, what: What) {
        self.history.add((self.now)(), what);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(greet(stream, Arc::clone(&shared), tls.clone()));
    }
}

async fn greet(stream: TcpStream, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let served = async {
        match tls {
            None => serve(stream, &shared).await,
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => serve(stream, &shared).await,
                Err(_) => shared.add(What::NoTls),
            },
        }
    };
    let _ = tokio::time::timeout(PATIENCE, served).await;
}

/// How a request ends.
enum End {
    /// With an answer: whole and honest, or not.
    Answer {
        answer: Answer,
        honest: bool,
        cut: Cut,
    },
    Garbage,
    Silence,
    Hang,
}

/// How much of an answer is written.
#[derive(Clone, Copy)]
enum Cut {
    Whole,
    Head,
    Half,
}

/// Says that a request is over, also when its task is ended from outside.
struct Open<'a> {
    shared: &'a Shared,
    request: u64,
    status: Option<u16>,
    delivered: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.shared.add(What::Ended {
            request: self.request,
            status: self.status,
            delivered: self.delivered,
        });
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let Some(request) = Request::read(&mut stream).await else {
        return;
    };
    let Some(endpoint) = endpoints::at(&request.path) else {
        let answer = endpoints::metadata(&request.path, &shared.issuer);
        let (head, body) = answer.bytes((shared.now)());
        let _ = write(&mut stream, &[&head, body]).await;
        return;
    };
    let (id, _) = request.client();
    let (mut open, fault, latency, skew) = begin(shared, endpoint, &request, &id);
    tokio::time::sleep(latency).await;
    let end = settle(shared, endpoint, &request, fault, open.request).await;
    match end {
        End::Silence => {}
        End::Hang => {
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        }
        End::Garbage => {
            let _ = write(&mut stream, &[b"\x16\x03\x01 this is not HTTP\r\n\r\n"]).await;
        }
        End::Answer { answer, honest, cut } => {
            open.status = Some(answer.status);
            let (head, body) = answer.bytes((shared.now)().saturating_add(skew));
            let body = match cut {
                Cut::Whole => body,
                Cut::Head => &[],
                Cut::Half => &body[..body.len() / 2],
            };
            let answered = [&head[..], body].concat();
            let (most, last) = answered.split_at(answered.len() - 1);
            let written = stream.write_all(most).await;
            let is_success = (200..300).contains(&answer.status);
            open.delivered = written.is_ok() && honest && is_success && matches!(cut, Cut::Whole);
            // Whoever has the last byte may ask again before this task goes on: the request is over before it leaves.
            drop(open);
            let _ = write(&mut stream, &[last]).await;
        }
    }
}

fn begin<'a>(
    shared: &'a Shared,
    endpoint: Endpoint,
    request: &Request,
    id: &str,
) -> (Open<'a>, Option<Fault>, Duration, i64) {
    let mut state = shared.hold();
    state.requests += 1;
    let number = state.requests;
    let refresh_token = request.param("refresh_token").map(str::to_owned);
    shared.add(What::Arrived {
        request: number,
        endpoint,
        client: id.to_owned(),
        grant_type: request.param("grant_type").map(str::to_owned),
        grant: refresh_token
            .as_ref()
            .and_then(|token| state.grant_of(token))
            .map(|grant| grant as u64),
        refresh_token,
    });
    let fault = state.fault(id, endpoint);
    let settings = state.client(id);
    let latency = settings
        .filter(|_| endpoint == Endpoint::Token)
        .map_or(Duration::ZERO, |client| client.latency);
    let skew = settings.map_or(0, |client| client.date_skew);
    let open = Open {
        shared,
        request: number,
        status: None,
        delivered: false,
    };
    (open, fault, latency, skew)
}

/// Acts, where the fault lets it, and says how the request ends.
async fn settle(
    shared: &Shared,
    endpoint: Endpoint,
    request: &Request,
    fault: Option<Fault>,
    number: u64,
) -> End {
    let whole = |answer, honest| End::Answer {
        answer,
        honest,
        cut: Cut::Whole,
    };
    let cut = |answer, cut| End::Answer {
        answer,
        honest: false,
        cut,
    };
    if let Some(Fault::Latency(more)) = &fault {
        tokio::time::sleep(*more).await;
    }
    let acted = || {
        let moment = Moment {
            request: number,
            now: (shared.now)(),
            history: &shared.history,
        };
        endpoints::act(&mut shared.hold(), moment, endpoint, request, &shared.issuer)
    };
    match fault {
        None | Some(Fault::Latency(_)) => whole(acted(), true),
        Some(Fault::DropBefore) => End::Silence,
        Some(Fault::HangBefore) => End::Hang,
        Some(Fault::Garbage) => End::Garbage,
        Some(Fault::Redirect(status)) => whole(
            Answer::redirect(status, "https://elsewhere.example/token".to_owned()),
            false,
        ),
        Some(Fault::Html) => whole(
            Answer {
                body: b"<!doctype html><title>Wi-Fi</title><p>Please sign in to the network.".to_vec(),
                ..Answer::empty(200).with("Content-Type", "text/html")
            },
            false,
        ),
        Some(Fault::Status(status)) => whole(Answer::empty(status), false),
        Some(Fault::RetryAfter(said)) => whole(Answer::empty(503).with("Retry-After", said), false),
        Some(Fault::Refuse(status, code)) => whole(Answer::error(status, code), false),
        Some(Fault::DropAfter) => {
            acted();
            End::Silence
        }
        Some(Fault::HangAfter) => {
            acted();
            End::Hang
        }
        Some(Fault::Truncate) => cut(acted(), Cut::Half),
        Some(Fault::HeadOnly) => cut(acted(), Cut::Head),
        Some(Fault::Oversize) => {
            let mut answer = acted();
            // Spaces before the object: what is read of it is still no answer.
            let mut body = vec![b' '; OVERSIZE];
            body.append(&mut answer.body);
            answer.body = body;
            whole(answer, false)
        }
        Some(Fault::GzipBomb) => {
            let mut answer = acted();
            answer.body = bomb();
            whole(answer.with("Content-Encoding", "gzip"), false)
        }
        Some(Fault::Body(body)) => {
            acted();
            let answer = Answer {
                body: body.into_bytes(),
                ..Answer::empty(200).with("Content-Type", "application/json")
            };
            whole(answer, false)
        }
    }
}

/// 16 MiB of spaces in 16 KiB.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let block = [b' '; 64 * 1024];
    for _ in 0..256 {
        // A Vec takes everything.
        let _ = packed.write_all(&block);
    }
    packed.finish().unwrap_or_default()
}

async fn write(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), parts: &[&[u8]]) -> io::Result<()> {
    for part in parts {
        stream.write_all(part).await?;
    }
    stream.flush().await?;
    stream.shutdown().await?;
    // Until the peer closes: a reset would take back what it has not read yet.
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    Ok(())
}
