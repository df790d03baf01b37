//! The laboratory does what it says, and its checker finds what it should.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_lab::{
    Certificate, Client, Endpoint, Fault, Lab, checker,
    client::{ExpiresIn, Poll, Rotation},
    history::{Event, What},
};

struct World {
    lab: Lab,
    clock: Arc<AtomicI64>,
}

fn world(client: Client) -> World {
    let clock = Arc::new(AtomicI64::new(1_800_000_000));
    let own = Arc::clone(&clock);
    let lab = Lab::start(Arc::new(move || own.load(Ordering::SeqCst))).unwrap();
    lab.register("app", client);
    World { lab, clock }
}

impl World {
    /// Status, head and body; status 0 where no answer came.
    fn post(&self, path: &str, form: &str) -> (u16, String, String) {
        let address = self.lab.issuer().replace("http://", "");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: lab\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0);
        (status, head.to_owned(), body.to_owned())
    }

    fn ask(&self, path: &str, form: &str) -> serde_json::Value {
        let (status, head, body) = self.post(path, form);
        assert!(status > 0, "{head}");
        serde_json::from_str(&body).unwrap_or(serde_json::Value::Null)
    }

    /// The refresh token of a new grant.
    fn consent(&self) -> String {
        let device = self.ask("/device", "client_id=app&scope=read");
        let code = device["device_code"].as_str().unwrap().to_owned();
        let tokens = self.ask(
            "/token",
            &format!(
                "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=app&device_code={code}"
            ),
        );
        tokens["refresh_token"].as_str().unwrap().to_owned()
    }

    fn refresh(&self, token: &str) -> serde_json::Value {
        self.ask(
            "/token",
            &format!("grant_type=refresh_token&client_id=app&refresh_token={token}"),
        )
    }
}

#[test]
fn each_rotation_does_what_it_says() {
    for rotation in [
        Rotation::None,
        Rotation::Always,
        Rotation::Grace(30),
        Rotation::Strict,
    ] {
        let world = world(Client {
            rotation,
            ..Client::default()
        });
        let first = world.consent();
        let answer = world.refresh(&first);
        assert!(answer["access_token"].is_string(), "{answer}");
        let second = answer["refresh_token"].as_str().map(str::to_owned);
        assert_eq!(second.is_none(), rotation == Rotation::None);
        let again = world.refresh(&first);
        match rotation {
            Rotation::None => assert!(again["access_token"].is_string()),
            Rotation::Grace(_) => {
                assert_eq!(again["refresh_token"].as_str(), second.as_deref());
                world.clock.fetch_add(31, Ordering::SeqCst);
                assert_eq!(world.refresh(&first)["error"], "invalid_grant");
            }
            Rotation::Always | Rotation::Strict => assert_eq!(again["error"], "invalid_grant"),
        }
        if let Some(second) = second {
            assert_eq!(
                world.lab.accepts(&second),
                rotation != Rotation::Strict,
                "{rotation:?}"
            );
        }
    }
}

#[test]
fn each_fault_comes_once() {
    let world = world(Client {
        rotation: Rotation::Grace(600),
        ..Client::default()
    });
    let mut token = world.consent();
    assert!(Fault::every().len() >= 30);
    for fault in Fault::every() {
        world.lab.will("app", Endpoint::Token, [fault.clone()]);
        let (status, _, body) = world.post(
            "/token",
            &format!("grant_type=refresh_token&client_id=app&refresh_token={token}"),
        );
        let read = serde_json::from_str::<serde_json::Value>(&body)
            .ok()
            .is_some_and(|answer| {
                answer["access_token"]
                    .as_str()
                    .is_some_and(|token| token.starts_with("at-"))
            });
        let honest = status == 200 && read && body.len() < 1024 * 1024;
        assert_eq!(honest, fault.answers(), "{fault:?}: {status} {body:.80}");
        let answer = world.refresh(&token);
        token = answer["refresh_token"].as_str().unwrap().to_owned();
    }
}

#[test]
fn the_device_flow_pends() {
    let world = world(Client {
        polls: vec![Poll::Pending, Poll::SlowDown],
        expires_in: ExpiresIn::Json("\"3600\"".to_owned()),
        ..Client::default()
    });
    let code = world.ask("/device", "client_id=app")["device_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let form =
        format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=app&device_code={code}");
    assert_eq!(world.ask("/token", &form)["error"], "authorization_pending");
    assert_eq!(world.ask("/token", &form)["error"], "slow_down");
    let tokens = world.ask("/token", &form);
    assert_eq!(tokens["expires_in"], "3600");
    let access = tokens["access_token"].as_str().unwrap();
    let form = format!("client_id=app&token={access}");
    assert_eq!(world.ask("/introspect", &form)["active"], true);
    world.post("/revoke", &form);
    assert_eq!(world.ask("/introspect", &form)["active"], false);
    assert_eq!(world.lab.revoked(), [access]);
}

#[test]
fn a_secret_is_asked_for() {
    let world = world(Client {
        secret: Some("s".to_owned()),
        ..Client::default()
    });
    let form = "grant_type=client_credentials&client_id=app";
    assert_eq!(world.ask("/token", form)["error"], "invalid_client");
    let tokens = world.ask("/token", &format!("{form}&client_secret=s"));
    assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_null());
}

#[test]
fn bad_certificates_serve() {
    for certificate in [
        Certificate::SelfSigned,
        Certificate::Expired,
        Certificate::WrongHost,
    ] {
        let lab = Lab::start_tls(Arc::new(|| 0), certificate).unwrap();
        assert!(lab.issuer().starts_with("https://127.0.0.1:"));
        let mut stream = TcpStream::connect(lab.issuer().replace("https://", "")).unwrap();
        stream
            .write_all(b"no TLS at all, and long enough to be seen\r\n\r\n")
            .unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        // It is written down once the connection is gone.
        for _ in 0..1_000 {
            if !lab.history().events().is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(lab.history().events().len(), 1, "{certificate:?}");
    }
}

/// The checker is as good as what it finds: each kind of misbehaviour, and none where there was none.
#[test]
fn the_checker_finds_each_kind() {
    let at = |at: i64, what: What| Event { at, what };
    let arrived = |request: u64, token: &str| What::Arrived {
        request,
        endpoint: Endpoint::Token,
        client: "app".to_owned(),
        grant_type: Some("refresh_token".to_owned()),
        refresh_token: Some(token.to_owned()),
        grant: Some(1),
    };
    let ended = |request, delivered| What::Ended {
        request,
        status: Some(200),
        delivered,
    };
    let rotated = |request, old: &str| What::Rotated {
        request,
        old: old.to_owned(),
    };
    let issued = |request| What::Issued {
        request,
        access_token: "at".to_owned(),
        grant: 1,
        expires_at: 100,
    };
    let out = || What::HandedOut {
        access_token: "at".to_owned(),
    };
    let clean = [
        at(0, arrived(1, "a")),
        at(0, rotated(1, "a")),
        at(0, issued(1)),
        at(1, ended(1, false)),
        at(1, arrived(2, "a")),
        at(1, ended(2, true)),
        at(30, out()),
    ];
    let verdict = checker::judge(&clean, 60);
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(
        (verdict.refreshes, verdict.handed_out, verdict.most_at_once),
        (2, 1, 1)
    );
    assert_eq!(checker::judge(&clean, 71).stale.len(), 1);
    let mut reused = clean.to_vec();
    reused[3] = at(1, ended(1, true));
    assert_eq!(checker::judge(&reused, 60).reused.len(), 1);
    let mut overlapping = clean.to_vec();
    overlapping.swap(3, 4);
    assert_eq!(checker::judge(&overlapping, 60).overlapping.len(), 1);
    assert_eq!(checker::judge(&overlapping, 60).most_at_once, 2);
    let storm: Vec<Event> = (1..=3)
        .flat_map(|request| [at(3, arrived(request, "a")), at(3, ended(request, false))])
        .collect();
    assert_eq!(checker::judge(&storm, 60).storms.len(), 1);
    let never = [at(0, out())];
    assert_eq!(checker::judge(&never, 0).stale.len(), 1);
}
