//! R-13, O-23, O-24: forged and malformed requests to the listener of a waiting `keyward connect`. None of them ends
//! or finishes the flow, none is answered with what it sent, and the genuine answer brings one code exchange.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyward_tests::consent::{self, Choice};
use keyward_tests::home::Running;
use keyward_tests::http;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};

use crate::ground::Keychained;
use crate::kill_in_refresh::add_client;

const FORGED: usize = 10_000;
const SENDERS: usize = 4;
/// Would be seen in a page that says what it was sent (O-31).
const MARK: &str = "rEflEctEd";

/// What the forger can know: everything but the state, and for what must fail all the same, the state too.
pub struct Target {
    pub authority: String,
    pub state: String,
}

impl Target {
    pub fn of(link: &str) -> Self {
        let redirect = http::query(link, "redirect_uri").unwrap();
        Self {
            authority: http::split(&redirect).unwrap().0.to_owned(),
            state: http::query(link, "state").unwrap(),
        }
    }

    /// Request `number` of the flood.
    fn forged(&self, number: usize) -> Vec<u8> {
        let Self { authority, state } = self;
        let host = format!("Host: {authority}\r\n");
        let get =
            |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\n{headers}\r\n").into_bytes();
        let wrong = format!("{number:043}");
        let good = format!("/callback?code={MARK}&state={state}");
        match number % 34 {
            0 => get(&format!("/callback?code={MARK}{number}&state={wrong}"), &host),
            1 => get(&format!("/callback?error=access_denied&state={wrong}"), &host),
            2 => get("/callback?error=access_denied", &host),
            3 => get(
                &format!("/callback?error=server_error&error_description=%3Cscript%3E{MARK}"),
                &host,
            ),
            4 => get("/callback", &host),
            5 => get(&format!("/callback?code={MARK}"), &host),
            6 => get(&format!("/callback?state={state}"), &host),
            7 => get(
                &format!("/callback?code={MARK}&state={state}&state={state}"),
                &host,
            ),
            8 => get(&format!("/callback?code={MARK}&code={MARK}&state={state}"), &host),
            9 => get(&format!("{good}&error=access_denied&error=x"), &host),
            10 => get(
                &format!("/callback?code={MARK}&state={}", state.to_ascii_uppercase()),
                &host,
            ),
            11 => get(&format!("/callback?code={MARK}&state={state}%00"), &host),
            12 => get(&format!("/callback?code=%zz&state={state}"), &host),
            13 => get(&format!("/callback?code=%ff%fe&state={state}"), &host),
            14 => get(
                &format!("/callback?code={}&state={state}", "c".repeat(5_000)),
                &host,
            ),
            15 => get(&format!("/other?code={MARK}&state={state}"), &host),
            16 => get(&format!("/callback/?code={MARK}&state={state}"), &host),
            17 => get(&format!("/%63allback?code={MARK}&state={state}"), &host),
            18 => get("/favicon.ico", &host),
            19 => get(&good, ""),
            20 => get(&good, "Host: attacker.example\r\n"),
            21 => get(
                &good,
                &format!(
                    "Host: localhost:{}\r\n",
                    authority.rsplit(':').next().unwrap_or_default()
                ),
            ),
            22 => get(&good, &format!("{host}{host}")),
            23 => get(&good, &format!("{host}Origin: http://{authority}\r\n")),
            24 => get(&good, &format!("{host}Sec-Fetch-Mode: no-cors\r\n")),
            25 => get(
                &good,
                &format!("{host}Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"),
            ),
            26 => get(&format!("http://{authority}{good}"), &host),
            27 => format!("HEAD {good} HTTP/1.1\r\n{host}\r\n").into_bytes(),
            28 => format!("POST {good} HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n").into_bytes(),
            29 => format!("OPTIONS {good} HTTP/1.1\r\n{host}\r\n").into_bytes(),
            30 => get(&good, &format!("{host}{}", "X-A: b\r\n".repeat(80))),
            31 => get(&good, &format!("{host}X-Long: {}\r\n", "a".repeat(17_000))),
            32 => format!("GET {good} HTTP/1.1\r\n{host}Content-Length: 4\r\n\r\nbody").into_bytes(),
            _ => (0..64 + number)
                .map(|at| u8::try_from((at * 31 + number * 7) % 251).unwrap_or(0))
                .collect(),
        }
    }
}

/// Sends one forged request; how it was answered, if at all.
fn send(authority: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(authority).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    // The listener may close as soon as it has seen enough.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Some(answer)
}

/// Resident memory of a process, in KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A waiting `keyward connect` and its link.
pub fn begin(home: &Keychained) -> (Running, String) {
    let connect = home.keyward(&["connect", "MAIL", "--no-browser", "--timeout", "3m"]);
    let mut waiting = connect.start().unwrap();
    let link = waiting
        .stderr
        .find("link", Duration::from_secs(30), |line| {
            line.strip_prefix("open: ").map(str::to_owned)
        })
        .unwrap();
    (waiting, link)
}

fn flood(target: &Target) {
    let answered = AtomicUsize::new(0);
    // Slow ones that never end, all the while (O-30).
    let _half_open: Vec<TcpStream> = (0..6)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(&target.authority).ok()?;
            stream.write_all(b"GET /callback?co").ok()?;
            Some(stream)
        })
        .collect();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let answered = &answered;
            scope.spawn(move || {
                for number in (sender..FORGED).step_by(SENDERS) {
                    let request = target.forged(number);
                    let shown = String::from_utf8_lossy(&request[..request.len().min(120)]).into_owned();
                    let answer =
                        send(&target.authority, &request).expect("the listener stays while the flow runs");
                    let text = String::from_utf8_lossy(&answer).into_owned();
                    assert!(!text.contains(MARK), "reflected: {shown}");
                    assert!(
                        !text.to_ascii_lowercase().contains("access-control"),
                        "O-28: {shown}"
                    );
                    if let Some(status) = text.strip_prefix("HTTP/1.1 ") {
                        assert!(status.starts_with('4'), "{shown} was answered {status:.60}");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    println!(
        "{FORGED} sent, {} answered, all with 4xx",
        answered.load(Ordering::Relaxed)
    );
}

/// How many codes the provider has taken.
pub fn codes_exchanged(server: &OidcServer) -> usize {
    let requests = server.requests().unwrap();
    requests
        .iter()
        .filter(|seen| seen.grant_type == "authorization_code")
        .count()
}

fn check(with_host: bool) {
    let server = OidcServer::start(Duration::from_secs(300)).unwrap();
    let home = Keychained::new();
    let add = add_client(&server, &format!("{}/token", server.issuer()), NATIVE_CLIENT);
    home.ends(&add.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    let host = with_host.then(|| home.host());

    let (mut waiting, link) = begin(&home);
    let listening = host.as_ref().unwrap_or(&waiting).process.0.id();
    let target = Target::of(&link);
    let genuine = consent::redirect_of(&link, Choice::Agree).unwrap();
    // The first connections make threads and buffers that stay.
    for number in 0..40 {
        send(&target.authority, &target.forged(number));
    }
    let before = resident(listening);
    flood(&target);
    let grown = resident(listening).saturating_sub(before);
    assert!(grown <= 8 * 1024, "R-13: memory grew by {grown} KiB");
    assert_eq!(codes_exchanged(&server), 0);
    assert!(
        waiting.process.0.try_wait().unwrap().is_none(),
        "the flow was aborted"
    );

    // O-24: the genuine answer, many times at once, is one exchange.
    let began = Instant::now();
    let (authority, path) = http::split(&genuine).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| send(authority, request.as_bytes()));
        }
        // A browser follows the redirect to the page without parameters (O-32).
        let _ = http::get(&genuine, &[]);
        let _ = http::get(&format!("http://{authority}/done"), &[]);
    });
    let ended = waiting.wait(Duration::from_secs(30)).unwrap();
    let took = began.elapsed();
    assert!(ended.success(), "{:?}", waiting.stderr.seen());
    println!("genuine one done in {took:?}, memory grew by {grown} KiB");
    assert!(
        took < Duration::from_secs(10),
        "R-13: ten times the promised second"
    );
    assert_eq!(codes_exchanged(&server), 1);
    assert_eq!(server.grants_revoked().unwrap(), 0);
    // O-20: the listener is gone with its flow.
    assert!(TcpStream::connect(&target.authority).is_err());
    home.ends(&["token", "MAIL"], 0);
}

#[test]
fn r13_forged_callbacks_at_a_command() {
    check(false);
}

#[test]
fn r13_forged_callbacks_at_a_host() {
    check(true);
}
