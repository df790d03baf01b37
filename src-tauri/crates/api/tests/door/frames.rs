use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use keyward_api::wire::{self, Code};

use crate::support::{World, fill, reveal, secret};

fn exchange(stream: &mut UnixStream, frame: &[u8]) -> String {
    stream
        .write_all(&u32::try_from(frame.len()).unwrap().to_be_bytes())
        .unwrap();
    stream.write_all(frame).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut reply).unwrap();
    String::from_utf8(reply).unwrap()
}

/// L-04: what is no request of ours is refused in words that quote nothing, and the connection goes on.
#[test]
fn l04_frames_that_are_none_of_ours() {
    let world = World::new();
    let (_host, _control, _server) = world.host();
    fill(&mut world.client());
    let mut stream = UnixStream::connect(world.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = |v: u32, verb: &str, body: &str| {
        format!(r#"{{"v":{v},"id":7,"vault":"default","verb":"{verb}","body":{body}}}"#)
    };
    for (frame, code) in [
        (String::new(), "usage"),
        ("{}".to_owned(), "usage"),
        ("[1,2]".to_owned(), "usage"),
        (request(2, "vault_status", "{}"), "conflict"),
        (request(1, "no_such_verb", "{}"), "usage"),
        (request(1, "secret_reveal", r#"{"canary":1}"#), "usage"),
        (
            request(
                1,
                "secret_reveal",
                r#"{"environment":"default","secret":"KEY","canary":1}"#,
            ),
            "usage",
        ),
        (
            request(1, "vault_unlock", r#"{"passphrase":{"base64":"canary!"}}"#),
            "usage",
        ),
        (
            request(1, "secret_reveal", r#"{"environment":"default","secret":"NONE"}"#),
            "not_found",
        ),
        (
            r#"{"v":1,"id":7,"vault":"../x","verb":"vault_status","body":{}}"#.to_owned(),
            "usage",
        ),
        (
            r#"{"v":1,"id":7,"vault":"default","verb":"vault_status","body":{},"more":1}"#.to_owned(),
            "usage",
        ),
    ] {
        let reply = exchange(&mut stream, frame.as_bytes());
        assert!(
            reply.contains(&format!("\"code\":\"{code}\"")),
            "{frame}: {reply}"
        );
        assert!(!reply.contains("canary"), "R-17: {reply}");
    }
    let reply = exchange(&mut stream, request(1, "vault_status", "{}").as_bytes());
    assert!(reply.contains("\"id\":7") && reply.contains("\"ok\""), "{reply}");

    // A frame above 4 MiB is not read at all.
    stream
        .write_all(&(4 * 1024 * 1024 + 1_u32).to_be_bytes())
        .unwrap();
    assert_eq!(stream.read(&mut [0; 4]).unwrap_or(0), 0);
}

/// L-04, CLI.md: values are bytes, in both directions; lists never hold one.
#[test]
fn values_cross_as_they_are() {
    let world = World::new();
    let (_host, _control, _server) = world.host();
    let mut client = world.client();
    fill(&mut client);
    for (n, bytes) in [&b"\xff\x00\xfe"[..], b"", "\"ü\\\n".as_bytes(), &[b'x'; 900_000]]
        .into_iter()
        .enumerate()
    {
        let key = format!("KEY{n}");
        let made = client.call("default", &secret(&key, bytes)).unwrap();
        assert_eq!(made.version, 1);
        assert_eq!(
            client.call("default", &reveal(&key)).unwrap().value.0.expose(),
            bytes
        );
    }
    let five = client.call("default", &secret("LONG", &vec![b'x'; 5 * 1024 * 1024]));
    assert_eq!(five.unwrap_err().code, Code::Usage);
    // The same client goes on: nothing of the long frame was sent.
    let list = wire::SecretList {
        environment: "default".to_owned(),
        search: None,
        tag: None,
        after: None,
        limit: None,
    };
    let list = client.call("default", &list).unwrap();
    assert_eq!(list.len(), 5);
    assert!(!format!("{list:?}").contains("canary-value"));
    let audit = wire::AuditList {
        since: None,
        after: None,
    };
    let events = client.call("default", &audit).unwrap();
    let actor = &events.last().unwrap().actor;
    assert!(
        actor.contains(&format!("process {}", std::process::id())),
        "{actor}"
    );
}

/// R-32: those who say nothing, or half a length, keep nobody out.
#[test]
fn r32_silent_clients_keep_nobody_out() {
    let world = World::new();
    let (_host, _control, _server) = world.host();
    fill(&mut world.client());
    let mut held = Vec::new();
    for n in 0..100 {
        let mut stream = UnixStream::connect(world.socket()).unwrap();
        if n % 2 == 0 {
            let _ = stream.write_all(&[0]);
        }
        held.push(stream);
    }
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(20));
        let revealed = world.client().call("default", &reveal("KEY")).unwrap();
        assert_eq!(revealed.value.0.expose(), b"canary-value");
    }
}
