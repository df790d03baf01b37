//! The one way out: three reqwest clients with the same bounds, made when they are first needed.

use std::{error::Error as _, io, sync::OnceLock, time::Duration};

use bytes::Bytes;
use reqwest::{Body, Client, Url, header::HeaderMap, redirect, retry};
use zeroize::Zeroizing;

use crate::{endpoint, error::Error, error::Sent};

/// Longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time for a whole request (O-57: those who wait for a refresh give up at 35 s).
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes read of an answer (O-73). No compression is offered and none undone.
const LONGEST_BODY: usize = 1024 * 1024;

/// Sends requests to providers. Making one costs nothing; clients and TLS roots come with the first request.
#[derive(Default)]
pub struct Http {
    /// http on loopback: no proxy, no TLS roots to load.
    plain: OnceLock<Client>,
    /// https on loopback: no proxy.
    near: OnceLock<Client>,
    /// Everything else: https, through the system's proxy if there is one (O-74).
    far: OnceLock<Client>,
}

/// An answer with what was read of its body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) extent: Extent,
}

impl Reply {
    /// An answer without headers, all of it read.
    pub(crate) fn whole(status: u16, body: &[u8]) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Zeroizing::new(body.to_vec()),
            extent: Extent::Whole,
        }
    }
}

/// How much of a body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// The connection ended, or the time, before the body did.
    Cut,
    /// More than 1 MiB.
    TooLong,
}

impl Http {
    /// A new, idle one.
    ///
    /// # Errors
    /// None today; platforms that must prepare something first will report it here.
    pub fn new() -> Result<Self, Error> {
        Ok(Self::default())
    }

    /// Sends one request, once, and reads the answer. Fails only when there is no answer at all.
    pub(crate) async fn send(&self, request: reqwest::Request) -> Result<Reply, Error> {
        let host = shown_host(request.url());
        let client = self.client_for(request.url())?;
        let mut response = client
            .execute(request)
            .await
            .map_err(|error| unanswered(&error, &host))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        // One allocation for usual answers: growing would leave copies of tokens behind.
        let expected = response
            .content_length()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(0);
        let mut body = Zeroizing::new(Vec::with_capacity(expected.clamp(64 * 1024, LONGEST_BODY)));
        let extent = loop {
            match response.chunk().await {
                Ok(None) => break Extent::Whole,
                Ok(Some(chunk)) => {
                    let room = LONGEST_BODY - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break Extent::TooLong;
                    }
                }
                Err(_) => break Extent::Cut,
            }
        };
        Ok(Reply {
            status,
            headers,
            body,
            extent,
        })
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Error> {
        let (slot, client) = match (endpoint::is_loopback(url), url.scheme()) {
            (true, "http") => (&self.plain, bounded().no_proxy().tls_certs_only([])),
            (true, _) => (&self.near, bounded().no_proxy().https_only(true)),
            (false, _) => (&self.far, bounded().https_only(true)),
        };
        if let Some(ready) = slot.get() {
            return Ok(ready);
        }
        // reqwest is built without a default provider; whoever was first in the process stays (an `Err`).
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client
            .build()
            .map_err(|_| Error::unsent("TLS cannot start: the system's certificates cannot be read"))?;
        Ok(slot.get_or_init(|| client))
    }
}

/// A body that holds codes, tokens or secrets: its bytes are wiped when the HTTP library lets go of them.
pub(crate) fn wiped_body(bytes: Vec<u8>) -> Body {
    Body::from(Bytes::from_owner(Zeroizing::new(bytes)))
}

fn bounded() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("Keyward/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        // O-45: a redirect would carry the code, the refresh token and the secret elsewhere.
        .redirect(redirect::Policy::none())
        .referer(false)
        // O-58: a refresh token may travel once. Nothing is repeated below us, neither after a protocol
        // refusal nor because a kept connection turned out dead.
        .retry(retry::never())
        .pool_max_idle_per_host(0)
}

/// Host and port for messages: never the path or the query, which may hold identifiers.
fn shown_host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn unanswered(error: &reqwest::Error, host: &str) -> Error {
    let transient = |what: String, sent| Error::Transient {
        what,
        retry_after: None,
        sent,
    };
    if error.is_builder() {
        return Error::BadEndpoint("the address cannot be used for a request".to_owned());
    }
    if error.is_connect() {
        return transient(format!("cannot connect to {host}: {}", reason(error)), Sent::No);
    }
    if error.is_timeout() {
        return transient(
            format!("{host} did not answer within {} seconds", TOTAL_TIMEOUT.as_secs()),
            Sent::Unknown,
        );
    }
    transient(
        format!("the connection to {host} ended before an answer came"),
        Sent::Unknown,
    )
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no connection within {} seconds", CONNECT_TIMEOUT.as_secs());
    }
    if error.is_dns() {
        return "its name is not known here".to_owned();
    }
    error
        .source()
        .and_then(known_cause)
        .unwrap_or_else(|| "no connection came about".to_owned())
}

/// The first cause that says something to a person. An `io::Error` hides its content from `source()`.
fn known_cause(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_reason(tls));
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        if io.kind() == io::ErrorKind::ConnectionRefused {
            return Some("it refused the connection".to_owned());
        }
        if let Some(inner) = io.get_ref() {
            return known_cause(inner);
        }
    }
    error.source().and_then(known_cause)
}

fn tls_reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(_) => "its certificate is not trusted".to_owned(),
        _ => "it does not speak TLS as it should".to_owned(),
    }
}
