//! A server that speaks as much HTTP as a test wants.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of the form, decoded; panics when it is there twice.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut found = url::form_urlencoded::parse(self.body.as_bytes()).filter(|(own, _)| own == name);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{name} is repeated");
        value
    }
}

/// What the server does after it read a request.
pub enum Act {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The end at once.
    Close,
    /// Nothing, for a long time.
    Hang,
    /// These bytes, then the same block again and again until the peer has enough.
    Endless(Vec<u8>),
}

pub struct Server {
    pub port: u16,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn start(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (log, act) = (Arc::new(Mutex::new(Vec::new())), Arc::new(act));
        let own = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, act) = (Arc::clone(&own), Arc::clone(&act));
                thread::spawn(move || serve(stream, &log, &*act));
            }
        });
        Self { port, log }
    }

    /// Answers every request alike.
    pub fn always(bytes: Vec<u8>) -> Self {
        Self::start(move |_| Act::Bytes(bytes.clone()))
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().expect("the log").clone()
    }
}

/// An HTTP answer with a length.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A JSON answer.
pub fn json(status: &str, body: &str) -> Vec<u8> {
    answer(status, "Content-Type: application/json\r\n", body)
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Seen>>, act: &dyn Fn(&Seen) -> Act) {
    let Some(seen) = read(&mut stream) else { return };
    log.lock().expect("the log").push(seen.clone());
    match act(&seen) {
        Act::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read(&mut [0; 64]);
        }
        Act::Close => {}
        Act::Hang => thread::sleep(Duration::from_secs(60)),
        Act::Endless(bytes) => while stream.write_all(&bytes).is_ok() {},
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let line = lines.next()?.to_owned();
            let headers: Vec<_> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect();
            let seen = Seen {
                line,
                headers,
                body: body.to_owned(),
            };
            let length = seen
                .header("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some(seen);
            }
        }
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&block[..n]),
        }
    }
}
