//! As much HTTP/1.1 as an authorization server on loopback needs: one request a connection.

use std::time::{Duration, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::io::{AsyncRead, AsyncReadExt};
use url::form_urlencoded;

/// Longest request that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
}

impl Request {
    /// Reads one; `None` when the connection ends before, or what comes is no request.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut bytes = Vec::new();
        loop {
            if let Some(request) = Self::parse(&bytes)? {
                return Some(request);
            }
            if bytes.len() > LONGEST || stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// `Some(None)` while more must come, `None` when it is no request.
    fn parse(bytes: &[u8]) -> Option<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(status) = head.parse(bytes) else {
            return None;
        };
        let httparse::Status::Complete(length) = status else {
            return Some(None);
        };
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_ascii_lowercase(), value)
            })
            .collect();
        let expected = find(&headers, "content-length")
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(0);
        let body = &bytes[length..];
        if body.len() < expected {
            return Some(None);
        }
        let target = head.path?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Some(Some(Self {
            method: head.method?.to_owned(),
            path: path.to_owned(),
            query: pairs(query.as_bytes()),
            form: pairs(&body[..expected]),
            headers,
        }))
    }

    /// A request that nobody sent.
    pub(crate) fn to(path: &str, query: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: pairs(query.as_bytes()),
            headers: Vec::new(),
            form: Vec::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A parameter of the form, or of the query.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        find(&self.form, name).or_else(|| find(&self.query, name))
    }

    /// Id and secret of the client: HTTP Basic with form-encoded parts (RFC 6749 §2.3.1), or in the body.
    pub(crate) fn client(&self) -> (String, Option<String>) {
        let basic = self
            .header("authorization")
            .and_then(|value| value.strip_prefix("Basic "));
        if let Some(pair) = basic
            .and_then(|text| BASE64_STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            && let Some((id, secret)) = pair.split_once(':')
        {
            return (decoded(id), Some(decoded(secret)));
        }
        let own = |name| self.param(name).map(str::to_owned);
        (own("client_id").unwrap_or_default(), own("client_secret"))
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.as_str())
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

fn decoded(text: &str) -> String {
    let query = format!("v={text}");
    pairs(query.as_bytes())
        .pop()
        .map(|(_, value)| value)
        .unwrap_or_default()
}

/// An answer before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("Cache-Control", "no-store".to_owned()),
            ],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::json(status, &serde_json::json!({ "error": code }))
    }

    pub(crate) fn redirect(status: u16, location: String) -> Self {
        Self {
            headers: vec![("Location", location)],
            ..Self::empty(status)
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Head and body; `date` in seconds since the epoch.
    pub(crate) fn bytes(&self, date: i64) -> (Vec<u8>, &[u8]) {
        let moment = UNIX_EPOCH + Duration::from_secs(u64::try_from(date).unwrap_or(0));
        let mut head = format!("HTTP/1.1 {} Lab\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Date: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            httpdate::fmt_http_date(moment.min(UNIX_EPOCH + LAST_DATE)),
            self.body.len()
        ));
        (head.into_bytes(), &self.body)
    }
}

/// The last second of the year 9999: later dates have no HTTP spelling.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);
