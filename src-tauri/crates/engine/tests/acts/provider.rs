//! An authorization server that rotates refresh tokens, and misbehaves when it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::server::{Act, Seen, Server, answer, json};

/// What happens to one refresh request instead of the usual.
pub enum Fault {
    /// It is not acted on, and these bytes are the answer.
    Instead(Vec<u8>),
    /// It is acted on; the answer is cut in its middle.
    Cut,
    /// It is acted on; the connection ends without an answer.
    Lost,
}

/// Whether refresh tokens change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// At each refresh; an old one is refused and counted (RFC 9700 §4.14.2).
    Strict,
    /// The member is left out.
    Absent,
    /// The member has this value.
    Says(&'static str),
}

pub struct State {
    /// The member as it is written, or nothing.
    pub expires_in: &'static str,
    pub rotation: Rotation,
    pub faults: VecDeque<Fault>,
    /// Refresh tokens that were sent.
    pub refreshes: Vec<String>,
    /// Codes that were exchanged.
    pub exchanges: usize,
    /// Tokens that were revoked, with their kind.
    pub revoked: Vec<(String, String)>,
    /// Answer to a revocation.
    pub revocation: Vec<u8>,
    /// Refresh tokens that were used twice.
    pub reused: usize,
    /// Whether a consent gives a refresh token.
    pub offline: bool,
    /// Done once, while the next token request waits for its answer.
    pub meanwhile: Option<Box<dyn FnOnce() + Send>>,
    /// Time each token request takes.
    pub delay: Duration,
    pub last: Option<Seen>,
    issued: u32,
    valid: Vec<String>,
    old: Vec<String>,
}

pub struct Provider {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            expires_in: "3600",
            rotation: Rotation::Strict,
            faults: VecDeque::new(),
            refreshes: Vec::new(),
            exchanges: 0,
            revoked: Vec::new(),
            revocation: answer("200 OK", "", ""),
            reused: 0,
            offline: true,
            meanwhile: None,
            delay: Duration::ZERO,
            last: None,
            issued: 0,
            valid: Vec::new(),
            old: Vec::new(),
        }));
        let own = Arc::clone(&state);
        let server = Server::start(move |seen| respond(&own, seen));
        Self { server, state }
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.server.port)
    }

    pub fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }

    pub fn refreshes(&self) -> usize {
        self.with(|state| state.refreshes.len())
    }

    /// The next refresh requests fare like this.
    pub fn will(&self, faults: impl IntoIterator<Item = Fault>) {
        self.with(|state| state.faults = faults.into_iter().collect());
    }

    /// As a person at the provider's own page does it.
    pub fn revoke_all(&self) {
        self.with(|state| state.valid.clear());
    }
}

fn respond(state: &Mutex<State>, seen: &Seen) -> Act {
    if seen.line.contains("/revoke") {
        let mut state = state.lock().unwrap();
        let form = |name| seen.form(name).unwrap_or_default();
        state.revoked.push((form("token"), form("token_type_hint")));
        return Act::Bytes(state.revocation.clone());
    }
    let (meanwhile, delay) = {
        let mut state = state.lock().unwrap();
        state.last = Some(seen.clone());
        (state.meanwhile.take(), state.delay)
    };
    thread::sleep(delay);
    let mut state = state.lock().unwrap();
    let act = match seen.form("grant_type").as_deref() {
        Some("authorization_code") => {
            state.exchanges += 1;
            let given = state.offline.then(|| state.next_refresh_token());
            state.valid.extend(given.clone());
            Act::Bytes(state.tokens(given.map(|token| format!("\"{token}\""))))
        }
        Some("refresh_token") => state.refresh(seen.form("refresh_token").unwrap_or_default()),
        _ => Act::Bytes(json("400 Bad Request", r#"{"error":"unsupported_grant_type"}"#)),
    };
    drop(state);
    if let Some(meanwhile) = meanwhile {
        meanwhile();
    }
    act
}

impl State {
    fn refresh(&mut self, sent: String) -> Act {
        self.refreshes.push(sent.clone());
        let fault = self.faults.pop_front();
        if let Some(Fault::Instead(bytes)) = fault {
            return Act::Bytes(bytes);
        }
        let Some(at) = self.valid.iter().position(|valid| *valid == sent) else {
            self.reused += usize::from(self.old.contains(&sent));
            return Act::Bytes(json("400 Bad Request", r#"{"error":"invalid_grant"}"#));
        };
        let member = match self.rotation {
            Rotation::Strict => {
                let next = self.next_refresh_token();
                self.old
                    .push(std::mem::replace(&mut self.valid[at], next.clone()));
                Some(format!("\"{next}\""))
            }
            Rotation::Absent => None,
            Rotation::Says(json) => Some(json.to_owned()),
        };
        let bytes = self.tokens(member);
        match fault {
            Some(Fault::Lost) => Act::Close,
            Some(Fault::Cut) => Act::Bytes(bytes[..bytes.len() - 10].to_vec()),
            _ => Act::Bytes(bytes),
        }
    }

    fn next_refresh_token(&mut self) -> String {
        self.issued += 1;
        format!("canary-rt-{}", self.issued)
    }

    fn tokens(&mut self, refresh_token: Option<String>) -> Vec<u8> {
        self.issued += 1;
        let mut body = format!(r#"{{"access_token":"at-{}","token_type":"Bearer""#, self.issued);
        if !self.expires_in.is_empty() {
            body.push_str(&format!(",\"expires_in\":{}", self.expires_in));
        }
        if let Some(refresh_token) = refresh_token {
            body.push_str(&format!(",\"refresh_token\":{refresh_token}"));
        }
        body.push_str(r#","team":{"name":"blue","refresh_token":"nested"},"instance":"https://i.example"}"#);
        json("200 OK", &body)
    }
}
