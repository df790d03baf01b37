//! A provider's token endpoint with a bad line in front of it: requests pass, are swallowed before the provider sees
//! them, or have their answer swallowed. It keeps what went through, so that a test knows every token that ever was.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_tests::http;
use keyward_tests::process::wait_for;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is answered.
    Good,
    /// It arrives here and goes no further; the connection stays open.
    NoRequest,
    /// The provider acts on it, and its answer goes no further; the connection stays open.
    NoAnswer,
}

/// One request and what the provider answered, bodies alone.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub asked: String,
    /// `None` while, or because, the provider did not answer.
    pub answered: Option<String>,
}

/// Lives as long as the test's process.
#[derive(Clone)]
pub struct Relay {
    address: String,
    state: Arc<Mutex<(Line, Vec<Exchange>)>>,
}

impl Relay {
    /// In front of `issuer` (`http://127.0.0.1:PORT`), for its path `/token`.
    pub fn before(issuer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::new(Mutex::new((Line::Good, Vec::new()))),
        };
        let (own, upstream) = (relay.clone(), issuer.trim_start_matches("http://").to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, upstream) = (own.clone(), upstream.clone());
                std::thread::spawn(move || own.carry(stream, &upstream));
            }
        });
        relay
    }

    /// The address to give as `--token-uri`.
    pub fn token_uri(&self) -> String {
        format!("{}/token", self.address)
    }

    /// From now on the line is like this.
    pub fn set(&self, line: Line) {
        self.state.lock().unwrap().0 = line;
    }

    /// Everything so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state.lock().unwrap().1.clone()
    }

    /// Refresh requests that arrived here.
    pub fn refreshes(&self) -> usize {
        let is_refresh = |exchange: &&Exchange| exchange.asked.contains("grant_type=refresh_token");
        self.exchanges().iter().filter(is_refresh).count()
    }

    /// Waits until request `number` (from 1) is here, and with [`Line::NoAnswer`] answered by the provider.
    pub fn wait_for(&self, number: usize) {
        wait_for("a request on the line", Duration::from_secs(30), || {
            let (line, seen) = &*self.state.lock().unwrap();
            let exchange = seen.get(number.checked_sub(1)?)?;
            (*line != Line::NoAnswer || exchange.answered.is_some()).then_some(())
        })
        .unwrap();
    }

    fn carry(&self, mut stream: TcpStream, upstream: &str) -> Option<()> {
        let (head, body) = read_request(&mut stream)?;
        let (line, number) = {
            let (line, seen) = &mut *self.state.lock().unwrap();
            seen.push(Exchange {
                asked: String::from_utf8_lossy(&body).into_owned(),
                answered: None,
            });
            (*line, seen.len() - 1)
        };
        if line == Line::NoRequest {
            return until_closed(stream);
        }
        let mut whole = head;
        whole.extend_from_slice(&body);
        let answer = http::raw(upstream, &whole).ok()?;
        self.state.lock().unwrap().1[number].answered = Some(answer.text());
        if line == Line::NoAnswer {
            return until_closed(stream);
        }
        let mut reply = format!(
            "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.status,
            answer.body.len()
        )
        .into_bytes();
        reply.extend_from_slice(&answer.body);
        stream.write_all(&reply).ok()
    }
}

/// Head (with the empty line) and body.
fn read_request(stream: &mut TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))?
                .trim()
                .parse()
                .ok()?;
            if bytes.len() >= at + 4 + length {
                let body = bytes.split_off(at + 4);
                return Some((bytes, body));
            }
        }
        let read = stream.read(&mut chunk).ok().filter(|&read| read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn until_closed(mut stream: TcpStream) -> Option<()> {
    let mut chunk = [0; 64];
    while stream.read(&mut chunk).is_ok_and(|read| read > 0) {}
    Some(())
}
