use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::Duration,
};

use keyward_oauth::{
    Error, Http,
    authorize::{Code, Pending},
    callback::CallbackError,
    loopback::Loopback,
    token,
};
use tokio::task::JoinHandle;

use crate::{
    begin, client, now, parameter,
    server::{Server, json},
};

pub struct Flow {
    pub port: u16,
    state: String,
    pending: Arc<Pending>,
    pub waiting: JoinHandle<Result<Code, CallbackError>>,
}

pub async fn flow() -> Flow {
    flow_at(1).await
}

async fn flow_at(server: u16) -> Flow {
    let loopback = Loopback::bind("/callback").await.unwrap();
    let port = loopback.port();
    let pending = Arc::new(begin(&client(server), loopback.redirect_uri()));
    let own = Arc::clone(&pending);
    let waiting = tokio::spawn(async move { loopback.wait(&own).await });
    Flow {
        port,
        state: parameter(&pending, "state"),
        pending,
        waiting,
    }
}

impl Flow {
    pub fn get(&self, target: &str) -> String {
        get(self.port, &target.replace("STATE", &self.state))
    }
}

/// Sends bytes and reads until the end; empty when there was no answer.
pub fn ask(port: u16, bytes: &[u8]) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return String::new();
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let _ = stream.write_all(bytes);
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    String::from_utf8_lossy(&got).into_owned()
}

fn get(port: u16, target: &str) -> String {
    ask(
        port,
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes(),
    )
}

pub fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

pub fn code_of(verdict: Result<Code, CallbackError>) -> Result<(), String> {
    verdict.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn o20_o32_the_genuine_answer_ends_at_a_page_without_parameters_and_the_port_closes() {
    let flow = flow().await;
    let first = flow.get("/callback?code=canary&state=STATE");
    assert!(
        first.starts_with("HTTP/1.1 303 See Other\r\nLocation: /done\r\n"),
        "{first}"
    );
    assert!(!first.contains("canary") && !first.contains(&flow.state));
    let page = flow.get("/done");
    assert_eq!(status(&page), "200");
    assert!(
        page.contains("The answer has arrived") && !page.contains("canary"),
        "{page}"
    );
    flow.waiting.await.unwrap().unwrap();
    assert!(!is_open(flow.port));
}

#[tokio::test(flavor = "multi_thread")]
async fn o20_a_browser_that_does_not_follow_does_not_keep_the_port_open() {
    let flow = flow().await;
    assert_eq!(status(&flow.get("/callback?code=c&state=STATE")), "303");
    flow.waiting.await.unwrap().unwrap();
    assert!(!is_open(flow.port));
}

#[tokio::test(flavor = "multi_thread")]
async fn o20_dropping_the_wait_closes_the_port_and_its_connections() {
    let flow = flow().await;
    let mut half_open = TcpStream::connect(("127.0.0.1", flow.port)).unwrap();
    half_open.write_all(b"GET /callback").unwrap();
    flow.waiting.abort();
    assert!(flow.waiting.await.unwrap_err().is_cancelled());
    assert!(!is_open(flow.port));
    let mut rest = Vec::new();
    let _ = half_open.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn o20_flows_leave_no_descriptor_behind() {
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let round = async |n: usize| {
        for i in 0..n {
            let flow = flow().await;
            if i % 3 == 0 {
                flow.waiting.abort();
                let _ = flow.waiting.await;
                continue;
            }
            flow.get(if i % 3 == 1 {
                "/callback?code=c&state=STATE"
            } else {
                "/callback?error=x&state=STATE"
            });
            flow.get("/done");
            let _ = flow.waiting.await.unwrap();
        }
    };
    round(10).await;
    let before = count();
    round(300).await;
    assert!(count() <= before + 2, "{before} then {}", count());
}

#[tokio::test(start_paused = true)]
async fn o22_a_listener_that_was_forgotten_closes_by_itself() {
    let loopback = Loopback::bind("/callback").await.unwrap();
    let port = loopback.port();
    let pending = begin(&client(1), loopback.redirect_uri());
    assert_eq!(
        loopback.wait(&pending).await.unwrap_err(),
        CallbackError::TimedOut
    );
    assert!(!is_open(port));
}

#[tokio::test(flavor = "multi_thread")]
async fn o23_o25_o26_o27_o28_strays_get_their_own_answers_and_change_nothing() {
    let flow = flow().await;
    let own = format!("Host: 127.0.0.1:{}\r\n", flow.port);
    let genuine = format!("/callback?code=c&state={}", flow.state);
    for (bytes, expect) in [
        (
            format!("GET /callback?code=c&state=no HTTP/1.1\r\n{own}\r\n"),
            "400",
        ),
        (
            format!("GET /callback?error=access_denied HTTP/1.1\r\n{own}\r\n"),
            "400",
        ),
        (format!("GET /callback HTTP/1.1\r\n{own}\r\n"), "400"),
        (format!("GET {genuine}&code=d HTTP/1.1\r\n{own}\r\n"), "400"),
        (format!("GET /favicon.ico HTTP/1.1\r\n{own}\r\n"), "404"),
        (format!("GET /robots.txt HTTP/1.1\r\n{own}\r\n"), "404"),
        (format!("GET /done HTTP/1.1\r\n{own}\r\n"), "404"),
        (format!("HEAD {genuine} HTTP/1.1\r\n{own}\r\n"), "405"),
        (format!("OPTIONS {genuine} HTTP/1.1\r\n{own}\r\n"), "405"),
        (
            format!("POST {genuine} HTTP/1.1\r\n{own}Content-Length: 3\r\n\r\na=b"),
            "405",
        ),
        (
            format!("GET {genuine} HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
            "421",
        ),
        (format!("GET {genuine} HTTP/1.1\r\n\r\n"), "421"),
        (format!("GET {genuine} HTTP/1.1\r\n{own}{own}\r\n"), "421"),
        (
            format!("GET {genuine} HTTP/1.1\r\n{own}Origin: https://evil.example\r\n\r\n"),
            "403",
        ),
        (
            format!("GET {genuine} HTTP/1.1\r\n{own}Sec-Fetch-Mode: no-cors\r\n\r\n"),
            "403",
        ),
        (
            format!("GET {genuine} HTTP/1.1\r\n{own}Sec-Fetch-Dest: iframe\r\n\r\n"),
            "403",
        ),
        (
            format!("GET {genuine} HTTP/1.1\r\n{own}X: {}\r\n\r\n", "y".repeat(20_000)),
            "400",
        ),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\u{7f}\x03\x03".to_owned(), "400"),
    ] {
        let answer = ask(flow.port, bytes.as_bytes());
        assert_eq!(status(&answer), expect, "{bytes}");
        let body = answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body)
            .unwrap_or_default();
        // O-26: the uninteresting ones have no body.
        assert_eq!(
            body.is_empty(),
            matches!(expect, "404" | "405" | "421" | "403"),
            "{bytes}"
        );
        assert!(!flow.waiting.is_finished());
    }
    assert_eq!(status(&flow.get("/callback?code=c&state=STATE")), "303");
    flow.get("/done");
    assert_eq!(code_of(flow.waiting.await.unwrap()), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn o24_a_hundred_copies_at_once_and_exactly_one_token_request() {
    let server = Server::always(json("200 OK", r#"{"access_token":"at"}"#));
    let flow = flow_at(server.port).await;
    let copies: Vec<_> = (0..100)
        .map(|_| {
            let (port, state) = (flow.port, flow.state.clone());
            thread::spawn(move || get(port, &format!("/callback?code=c&state={state}")))
        })
        .collect();
    // The other door at the same time.
    let pasted = flow.pending.accept_pasted(&format!(
        "127.0.0.1:{}/callback?code=c&state={}",
        flow.port, flow.state
    ));
    let taken = copies.into_iter().map(|copy| copy.join().unwrap());
    let taken = taken.filter(|answer| status(answer) == "303").count();
    let code = match pasted {
        Ok(code) => {
            assert_eq!(taken, 0);
            flow.waiting.abort();
            code
        }
        Err(_) => {
            assert_eq!(taken, 1);
            flow.waiting.await.unwrap().unwrap()
        }
    };
    let client = client(server.port);
    token::exchange(&Http::new().unwrap(), &client, None, &flow.pending, code, &now)
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn o24_the_second_identical_answer_is_told_so() {
    let flow = flow().await;
    assert_eq!(status(&flow.get("/callback?code=c&state=STATE")), "303");
    let again = flow.get("/callback?code=c&state=STATE");
    assert!(
        status(&again) == "400" && again.contains("This answer was used already"),
        "{again}"
    );
    flow.waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn o31_o34_no_input_ever_comes_back() {
    let flow = flow().await;
    let mut pages = std::collections::HashSet::new();
    for i in 0..500 {
        let hostile = match i % 5 {
            0 => format!("%3Cscript%3Ealert({i})%3C/script%3E"),
            1 => format!("javascript:alert({i})"),
            2 => format!("%0d%0aLocation:%20https://evil.example/{i}"),
            3 => format!("https://evil.example/{i}"),
            _ => format!("\"'%26lt;{i}"),
        };
        pages.insert(flow.get(&format!(
            "/callback?error=x&error_description={hostile}&redirect_uri={hostile}"
        )));
    }
    assert_eq!(pages.len(), 1, "one page for all: {pages:?}");
    flow.waiting.abort();

    let mut pages = std::collections::HashSet::new();
    for i in 0..10 {
        let flow = self::flow().await;
        let refusal = flow.get(&format!(
            "/callback?error=access_denied&error_description=%3Cscript%3E{i}%0d%0aX-Y:z&state=STATE&next=https://evil.example"
        ));
        pages.insert(refusal);
        pages.insert(flow.get("/done"));
        match flow.waiting.await.unwrap() {
            Err(CallbackError::Refused { error, description }) => {
                assert_eq!(
                    (error.as_str(), description),
                    ("access_denied", Some(format!("<script>{i}X-Y:z")))
                );
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pages.len(), 2, "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o40_the_wrong_issuer_ends_the_consent_without_a_code() {
    let loopback = Loopback::bind("/callback").await.unwrap();
    let port = loopback.port();
    let mut client = client(1);
    client.issuer = Some("https://as.example".to_owned());
    client.issuer_in_callback = true;
    let pending = begin(&client, loopback.redirect_uri());
    let state = parameter(&pending, "state");
    let browser = thread::spawn(move || get(port, &format!("/callback?code=c&state={state}")));
    assert_eq!(
        loopback.wait(&pending).await.unwrap_err(),
        CallbackError::WrongIssuer
    );
    assert_eq!(status(&browser.join().unwrap()), "303");
}

#[tokio::test]
async fn o13_a_listener_serves_its_own_consent_alone() {
    let (one, other) = (
        Loopback::bind("/callback").await.unwrap(),
        Loopback::bind("/callback").await.unwrap(),
    );
    let pending = begin(&client(1), other.redirect_uri());
    assert!(matches!(one.wait(&pending).await, Err(CallbackError::NotOurs(_))));
    assert!(matches!(
        Loopback::bind("callback").await,
        Err(Error::BadParameter(_))
    ));
}
