//! R-32, L-04: clients of the socket that send too much, too little, nonsense, or nothing and in numbers. Each is
//! turned away, and all the while the others are served.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use keyward_tests::home::Running;
use serde_json::{Value, json};

use crate::ground::{Door, Keychained, socket};

/// Would be seen in an answer that repeats what it was sent (R-17).
const MARK: &str = "c4n4ry-in-a-request";

struct Served {
    home: Keychained,
    host: Running,
    /// A polite client, there from the beginning.
    polite: Door,
    slowest: Duration,
}

impl Served {
    fn new() -> Self {
        let home = Keychained::new();
        home.add("KEY", "value");
        let host = home.host();
        let polite = Door::open(&home).unwrap();
        let mut served = Self {
            home,
            host,
            polite,
            slowest: Duration::ZERO,
        };
        served.goes_on("at first");
        served
    }

    /// The polite client gets its value, and the host lives.
    fn goes_on(&mut self, after: &str) {
        let began = Instant::now();
        let body = json!({ "environment": "default", "references": ["KEY"] });
        let answer = self.polite.ask("resolve", &body);
        let answer = answer.unwrap_or_else(|error| panic!("{after}: {error}")).unwrap();
        assert_eq!(answer["answers"][0]["value"], "value", "{after}");
        self.slowest = self.slowest.max(began.elapsed());
        assert!(
            self.host.process.0.try_wait().unwrap().is_none(),
            "{after}: the host ended"
        );
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(socket(&self.home).unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn threads(&self) -> usize {
        let pid = self.host.process.0.id();
        std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count()
    }
}

/// What comes until the other side closes.
fn rest(stream: &mut UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is a way of closing too.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// L-04: more than 4 MiB is refused by its length, before anything is read or kept.
#[test]
fn r32_oversized_frames_are_refused() {
    let mut served = Served::new();
    for length in [4 * 1024 * 1024 + 1, 16 * 1024 * 1024, u32::MAX] {
        let mut stream = served.connect();
        stream.write_all(&length.to_be_bytes()).unwrap();
        let _ = stream.write_all(&[b'x'; 64]);
        let began = Instant::now();
        assert!(rest(&mut stream).is_empty(), "{length}: something was answered");
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{length}: it was waited for"
        );
        served.goes_on("an oversized frame");
    }
    // The largest one is read whole and answered, as nonsense is.
    let mut door = Door::open(&served.home).unwrap();
    door.send(&vec![b'['; 4 * 1024 * 1024]).unwrap();
    assert_eq!(door.reply().unwrap().unwrap_err()["code"], "usage");
    served.goes_on("the largest frame");
}

/// L-04: a frame that was begun is complete within 5 s, however it drips.
#[test]
fn r32_half_frames_are_dropped() {
    let mut served = Served::new();
    let begun: Vec<(&str, Vec<u8>)> = vec![
        ("one byte of the length", vec![0]),
        ("three bytes of the length", vec![0, 0, 0]),
        ("a length alone", 100_u32.to_be_bytes().to_vec()),
        ("half a frame", {
            let mut bytes = 100_u32.to_be_bytes().to_vec();
            bytes.extend_from_slice(br#"{"v":1,"id":1,"vault""#);
            bytes
        }),
    ];
    let began = Instant::now();
    let mut waiting: Vec<(&str, UnixStream)> = begun
        .iter()
        .map(|(what, bytes)| {
            let mut stream = served.connect();
            stream.write_all(bytes).unwrap();
            (*what, stream)
        })
        .collect();
    // One more that never stops, a byte at a time: no byte of it buys more time.
    let mut dripping = served.connect();
    dripping.write_all(&10_000_u32.to_be_bytes()).unwrap();
    let dripped = std::thread::spawn(move || {
        let began = Instant::now();
        while dripping.write_all(b" ").is_ok() && began.elapsed() < Duration::from_secs(50) {
            std::thread::sleep(Duration::from_millis(100));
        }
        began.elapsed()
    });
    while began.elapsed() < Duration::from_secs(4) {
        served.goes_on("half frames");
        std::thread::sleep(Duration::from_millis(50));
    }
    for (what, stream) in &mut waiting {
        stream.set_nonblocking(true).unwrap();
        let still = stream.read(&mut [0; 1]);
        assert!(
            still.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
            "{what}: dropped too early"
        );
        stream.set_nonblocking(false).unwrap();
    }
    for (what, stream) in &mut waiting {
        assert!(rest(stream).is_empty(), "{what}: answered");
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: not dropped");
    }
    let dripped = dripped.join().unwrap();
    assert!(
        dripped < Duration::from_secs(30),
        "a dripping frame lived for {dripped:?}"
    );
    served.goes_on("half frames");
    println!("slowest answer to the polite client: {:?}", served.slowest);
}

/// L-04: what is no request is answered with an error that repeats nothing, and the connection goes on.
#[test]
fn r32_nonsense_is_answered_and_not_repeated() {
    let mut served = Served::new();
    let whole = |change: &dyn Fn(&mut Value)| {
        let mut request = json!({
            "v": 1, "id": 7, "vault": "default", "verb": "resolve",
            "body": { "environment": "default", "references": ["KEY"] },
        });
        change(&mut request);
        request.to_string().into_bytes()
    };
    let deep = "[".repeat(100_000).into_bytes();
    let deep_body = format!(
        r#"{{"v":1,"id":1,"vault":"default","verb":"doctor","body":{}}}"#,
        "[".repeat(5_000)
    );
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "usage"),
        ("text", MARK.as_bytes().to_vec(), "usage"),
        ("zeroes", vec![0; 300], "usage"),
        (
            "no UTF-8",
            [b"{\"v\":1,\"verb\":\"\xff\xfe", MARK.as_bytes(), b"\"}"].concat(),
            "usage",
        ),
        ("an array", b"[1,2,3]".to_vec(), "usage"),
        ("deep arrays", deep, "usage"),
        ("a deep body", deep_body.into_bytes(), "usage"),
        (
            "unknown field",
            whole(&|request| request[MARK] = json!(1)),
            "usage",
        ),
        (
            "no verb",
            whole(&|request| drop(request.as_object_mut().unwrap().remove("verb"))),
            "usage",
        ),
        (
            "unknown verb",
            whole(&|request| request["verb"] = json!(MARK)),
            "usage",
        ),
        (
            "another version",
            whole(&|request| request["v"] = json!(99)),
            "conflict",
        ),
        (
            "a negative id",
            whole(&|request| request["id"] = json!(-1)),
            "usage",
        ),
        (
            "a number for a name",
            whole(&|request| request["vault"] = json!(5)),
            "usage",
        ),
        (
            "a path for a vault",
            whole(&|request| request["vault"] = json!(format!("../../{MARK}"))),
            "usage",
        ),
        (
            "no such vault",
            whole(&|request| request["vault"] = json!("another")),
            "not_found",
        ),
        (
            "unknown field in a body",
            whole(&|request| request["body"][MARK] = json!(1)),
            "usage",
        ),
        (
            "a missing field in a body",
            whole(&|request| request["body"] = json!({})),
            "usage",
        ),
        (
            "a value of another shape",
            whole(&|request| {
                request["verb"] = json!("secret_create");
                request["body"] =
                    json!({ "environment": "default", "key": "NEW", "value": { "base64": MARK, "x": 1 } });
            }),
            "usage",
        ),
        (
            "no base64",
            whole(&|request| {
                request["verb"] = json!("secret_create");
                request["body"] = json!({ "environment": "default", "key": "NEW", "value": { "base64": format!("{MARK}!!") } });
            }),
            "usage",
        ),
        (
            "an array for a body",
            whole(&|request| request["body"] = json!([MARK])),
            "usage",
        ),
        (
            "a field twice",
            br#"{"v":1,"v":1,"id":1,"vault":"default","verb":"doctor","body":{}}"#.to_vec(),
            "usage",
        ),
        (
            "something behind it",
            [whole(&|_| ()), MARK.as_bytes().to_vec()].concat(),
            "usage",
        ),
    ];
    let mut rude = Door::open(&served.home).unwrap();
    for (what, frame, code) in &cases {
        rude.send(frame).unwrap();
        let error = match rude.reply().unwrap_or_else(|error| panic!("{what}: {error}")) {
            Err(error) => error,
            Ok(answer) => panic!("{what} was answered: {answer}"),
        };
        assert_eq!(error["code"], **code, "{what}: {error}");
        assert!(!error.to_string().contains(MARK), "{what} is repeated: {error}");
        served.goes_on(what);
    }
    // The same connection, after all of that, is a client like any other.
    let status = rude.ask("vault_status", &json!({})).unwrap().unwrap();
    assert_eq!(status["locked"], false);
    served.home.ends(&["get", "NEW"], 3);
}

/// R-32: 70 connections that say nothing, then 300 that come and go; the polite one and new commands are served.
#[test]
fn r32_silent_crowds_keep_nobody_out() {
    let mut served = Served::new();
    let before = served.threads();
    let crowd: Vec<UnixStream> = (0..70).map(|_| served.connect()).collect();
    for _ in 0..20 {
        served.goes_on("a silent crowd");
        assert_eq!(served.home.ends(&["get", "KEY"], 0).stdout, b"value");
    }
    assert!(served.threads() <= before + 70, "L-04: 64 connections at most");
    // Half of them speak at last: who is still connected is served.
    drop(crowd);
    for _ in 0..300 {
        let mut stream = served.connect();
        let _ = stream.write_all(&[0, 0]);
    }
    for _ in 0..20 {
        served.goes_on("coming and going");
    }
    let mut left = served.threads();
    for _ in 0..100 {
        if left <= before + 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        left = served.threads();
    }
    assert!(left <= before + 1, "{left} threads, {before} before");
    println!("slowest answer to the polite client: {:?}", served.slowest);
}

/// R-32: 70 clients that all work at once get their answers, or a plain refusal to come in; nobody waits in vain.
#[test]
fn r32_a_busy_crowd_is_served() {
    let mut served = Served::new();
    let path = socket(&served.home).unwrap();
    let answered = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..70 {
            scope.spawn(|| {
                let Ok(mut door) = Door::open(&served.home) else {
                    return;
                };
                for _ in 0..10 {
                    let body = json!({ "environment": "default", "references": ["KEY"] });
                    match door.ask("resolve", &body) {
                        Ok(answer) => {
                            assert_eq!(answer.unwrap()["answers"][0]["value"], "value");
                            answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                        Err(_) => return,
                    }
                }
            });
        }
    });
    let answered = answered.into_inner();
    assert!(
        path.exists() && answered >= 600,
        "{answered} of 700 were answered"
    );
    served.polite = Door::open(&served.home).unwrap();
    served.goes_on("a busy crowd");
}
