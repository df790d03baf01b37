//! HTTP/1.1 on loopback, by hand: a test must be able to send what no proper client would send, and reads an answer as
//! it came. One request a connection; no TLS, no redirects followed, no proxy.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Trouble;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in order, repeated ones kept.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, invalid bytes replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value, Trouble> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// `http://HOST:PORT/path` taken apart: authority, then path with query.
///
/// # Errors
/// When it is not plain HTTP.
pub fn split(url: &str) -> Result<(&str, &str), Trouble> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| format!("not plain HTTP: {url}"))?;
    let rest = rest.split('#').next().unwrap_or(rest);
    Ok(match rest.find(['/', '?']) {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, "/"),
    })
}

/// GET with extra headers.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Result<Answer, Trouble> {
    send("GET", url, headers, b"")
}

/// POST of JSON.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub fn post_json(url: &str, body: &serde_json::Value) -> Result<Answer, Trouble> {
    send(
        "POST",
        url,
        &[("content-type", "application/json")],
        body.to_string().as_bytes(),
    )
}

/// POST of a form.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub fn post_form(url: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Result<Answer, Trouble> {
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    send("POST", url, &all, body.join("&").as_bytes())
}

/// One request, one connection.
///
/// # Errors
/// When nobody answers within 60 s, or not in HTTP.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Trouble> {
    let (authority, path) = split(url)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    if method != "GET" {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    raw(authority, &bytes)
}

/// Sends `bytes` as they are and reads one answer.
///
/// # Errors
/// When nobody answers within 60 s, or not in HTTP.
pub fn raw(authority: &str, bytes: &[u8]) -> Result<Answer, Trouble> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(bytes)?;
    read_answer(&mut stream)
}

fn read_answer(stream: &mut TcpStream) -> Result<Answer, Trouble> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    // Some servers keep the connection although they were asked to close it: stop at the announced length.
    loop {
        if let Some(answer) = parse(&bytes, false)? {
            return Ok(answer);
        }
        match stream.read(&mut chunk)? {
            0 => return parse(&bytes, true)?.ok_or_else(|| "the answer ended within its head".into()),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Gives the answer when it is whole. `ended`: no more bytes will come.
fn parse(bytes: &[u8], ended: bool) -> Result<Option<Answer>, Trouble> {
    let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..at]);
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| format!("not HTTP: {first}"))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    let rest = &bytes[at + 4..];
    if answer
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        let Some(body) = dechunk(rest) else {
            return Ok(None);
        };
        answer.body = body;
    } else if let Some(length) = answer
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok())
    {
        if rest.len() < length && !ended {
            return Ok(None);
        }
        answer.body = rest[..length.min(rest.len())].to_vec();
    } else if ended || status == 204 || status == 304 {
        answer.body = rest.to_vec();
    } else {
        return Ok(None);
    }
    Ok(Some(answer))
}

/// The body without its chunk marks, or `None` while the last chunk is missing.
fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
#[must_use]
pub fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The opposite of [`encode`]; `+` is a space.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The decoded value of one query parameter of `url`.
#[must_use]
pub fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| decode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_goes_both_ways() {
        for text in ["", "a b&c=d/é%", "http://127.0.0.1:1/callback?x=+"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(
            query("http://a/cb?x=1&state=a%2Bb#f", "state").as_deref(),
            Some("a+b")
        );
    }

    #[test]
    fn an_answer_is_whole_only_when_it_is() {
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        for cut in 0..chunked.len() - 4 {
            assert!(parse(&chunked[..cut], false).unwrap().is_none(), "cut at {cut}");
        }
        assert_eq!(parse(chunked, false).unwrap().unwrap().text(), "abcde");
        let sized = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
        assert!(parse(&sized[..sized.len() - 1], false).unwrap().is_none());
        assert_eq!(parse(sized, false).unwrap().unwrap().status, 404);
    }
}
