//! `audit`: what was done, by whom and how it ended; the chain holds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{add, error, has_members, is_time, json, keychain_home, ok, refused};

const EVENT: &str = "seq at actor action subject outcome";

fn seqs(events: &Value) -> Vec<u64> {
    events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect()
}

/// L-10: writes, reads and refusals are events without gaps, and no value is in them.
#[test]
fn l10_every_act_is_an_event() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "prod"]));
    add(&home, "CANARY_KEY", b"canary-value-1");
    ok(&home
        .keyward(&["secret", "update", "CANARY_KEY", "--value-stdin"])
        .stdin("canary-value-2"));
    ok(&home.keyward(&["get", "CANARY_KEY"]));
    refused(&home.keyward(&["get", "NONE"]), 3);
    ok(&home.keyward(&["secret", "show", "CANARY_KEY", "--reveal"]));
    ok(&home
        .keyward(&["run", "--", "true"])
        .var("V", "{vault.CANARY_KEY}"));
    ok(&home.keyward(&["secret", "delete", "CANARY_KEY"]));
    ok(&home.keyward(&["secret", "restore", "CANARY_KEY"]));
    let events = json(&home.keyward(&["audit", "--json"]));
    for event in events.as_array().unwrap() {
        has_members(event, EVENT);
        is_time(&event["at"]);
        assert!(!event["actor"].as_str().unwrap().is_empty(), "{event}");
    }
    let numbers = seqs(&events);
    assert_eq!(
        numbers,
        (1..=numbers.len() as u64).collect::<Vec<_>>(),
        "oldest first, without gaps"
    );
    let ends: Vec<(&str, &str)> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event["action"].as_str().unwrap(),
                event["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    for (action, outcome) in [
        ("environment.create", "ok"),
        ("secret.create", "ok"),
        ("secret.set_value", "ok"),
        ("secret.delete", "ok"),
        ("secret.restore", "ok"),
    ] {
        assert_eq!(
            ends.iter().filter(|end| **end == (action, outcome)).count(),
            1,
            "{action}: {ends:?}"
        );
    }
    let resolved: Vec<_> = ends
        .iter()
        .filter(|(action, _)| *action == "reference.resolve")
        .map(|(_, outcome)| *outcome)
        .collect();
    assert_eq!(resolved.len(), 3, "{ends:?}");
    assert_eq!(
        resolved.iter().filter(|outcome| **outcome == "ok").count(),
        2,
        "a refusal is an event of its own: {ends:?}"
    );
    assert!(!events.to_string().contains("canary-value"));
    let table = ok(&home.keyward(&["audit"]));
    assert!(table.text().contains("secret.create") && table.said().is_empty());

    let verified = ok(&home.keyward(&["audit", "verify"]));
    assert!(
        verified.text().contains(&numbers.len().to_string()),
        "{}",
        verified.text()
    );
    assert_eq!(
        json(&home.keyward(&["audit", "verify", "--json"]))["events"],
        json!(numbers.len())
    );
    ok(&home.keyward(&["audit", "--json", "verify"]));
}

/// `--since`: a moment or a duration.
#[test]
fn since_is_a_moment_or_a_duration() {
    let home = keychain_home();
    add(&home, "A", b"x");
    let all = json(&home.keyward(&["audit", "--json"]));
    for since in ["2h", "1d", "2020-01-01T00:00:00Z"] {
        assert_eq!(
            json(&home.keyward(&["audit", "--since", since, "--json"])),
            all,
            "{since}"
        );
    }
    assert_eq!(
        json(&home.keyward(&["audit", "--since", "2200-01-01T00:00:00Z", "--json"])),
        json!([])
    );
    std::thread::sleep(Duration::from_millis(2_100));
    add(&home, "B", b"x");
    let last = json(&home.keyward(&["audit", "--since", "1s", "--json"]));
    assert!(
        last.to_string().contains("/B") && !last.to_string().contains("/A"),
        "{last}"
    );
    for bad in ["yesterday", "", "2026-13-01T00:00:00Z", "-1h"] {
        error(&home.keyward(&["audit", &format!("--since={bad}"), "--json"]), 2);
    }
    refused(&home.keyward(&["audit", "verify", "--since", "1h"]), 2);
}

/// `--follow` has the columns of the list.
#[test]
fn follow_has_the_columns_of_the_list() {
    let home = keychain_home();
    add(&home, "A", b"x");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let list = ok(&home.keyward(&["audit"])).text();
    let mut following = home.keyward(&["audit", "--follow"]).start().unwrap();
    for line in list.lines() {
        let found = following
            .stdout
            .find("a line", Duration::from_secs(10), |line| Some(line.to_owned()))
            .unwrap();
        assert_eq!(words(&found), words(line));
    }
}

/// `--follow` prints what happens from then on, one JSON document a line, without a host and through one.
#[test]
fn follow_prints_what_happens() {
    let home = keychain_home();
    add(&home, "BEFORE", b"x");
    for round in 0..2 {
        let host = (round == 1).then(|| home.serve().unwrap());
        let mut following = home.keyward(&["audit", "--follow", "--json"]).start().unwrap();
        let limit = Duration::from_secs(10);
        following
            .stdout
            .find("what was there", limit, |line| {
                line.contains("/BEFORE").then_some(())
            })
            .unwrap();
        let key = format!("DURING{round}");
        add(&home, &key, b"x");
        ok(&home.keyward(&["get", &key]));
        let line = following
            .stdout
            .find("the new event", limit, |line| {
                (line.contains(&format!("/{key}")) && line.contains("secret.create")).then(|| line.to_owned())
            })
            .unwrap();
        has_members(&serde_json::from_str(&line).unwrap(), EVENT);
        following
            .stdout
            .find("the read", limit, |line| {
                line.contains("reference.resolve").then_some(())
            })
            .unwrap();
        let shown: Vec<u64> = following
            .stdout
            .seen()
            .iter()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["seq"]
                    .as_u64()
                    .unwrap()
            })
            .collect();
        assert!(
            shown.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "each once, in order: {shown:?}"
        );
        drop(host);
    }
}
