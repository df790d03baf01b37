//! `health`: what is not well with stored values, and the command that mends it.

use keyward_tests::home::Home;
use serde_json::Value;

use crate::common::{add, has_members, is_time, json, keychain_home, ok, refused};

/// Never in what `health` says.
const SHARED: &[u8] = b"canary-shared-value";

fn store(home: &Home, key: &str, value: &str, more: &[&str]) {
    let mut args = vec!["secret", "add", key];
    args.extend_from_slice(more);
    ok(&home.keyward(&args).stdin(value));
}

fn found<'a>(findings: &'a Value, rule: &str) -> Vec<&'a Value> {
    let all = findings.as_array().unwrap();
    all.iter().filter(|finding| finding["id"] == rule).collect()
}

/// WK5, WK6: each rule on a real vault, in every environment; one finding a value and rule, and no value in any of them.
#[test]
fn wk5_wk6_each_rule_finds_what_it_is_about() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "staging"]));
    add(&home, "ONE", SHARED);
    add(&home, "LONELY", b"nobody else has this");
    ok(&home
        .keyward(&["secret", "add", "TWO", "--env", "staging"])
        .stdin(SHARED));
    // Not confidential: two may be the same.
    store(&home, "REGION", "eu-west-1", &["--plain"]);
    store(&home, "OTHER_REGION", "eu-west-1", &["--plain"]);
    store(&home, "DB_PASSWORD", "canary1", &[]);
    store(&home, "GOOD_PASSWORD", "canary horse battery staple 42", &[]);
    store(&home, "ENDED", "x1", &["--expires", "2020-01-31"]);
    store(&home, "ROTATED", "x2", &["--rotate-every", "90d"]);
    let outcome = ok(&home.keyward(&["health", "--json"]));
    let findings = outcome.json().unwrap();
    for finding in findings.as_array().unwrap() {
        has_members(finding, "id outcome message hint place at others");
        has_members(&finding["place"], "kind item environment key field");
        assert!(!finding["hint"].as_str().unwrap().is_empty(), "{finding}");
    }
    let keys = |rule| -> Vec<&str> {
        let of = found(&findings, rule);
        of.iter()
            .map(|finding| finding["place"]["key"].as_str().unwrap())
            .collect()
    };
    assert_eq!(keys("expired"), ["ENDED"]);
    assert_eq!(keys("reused"), ["ONE"]);
    assert_eq!(keys("weak"), ["DB_PASSWORD"]);
    assert_eq!(findings.as_array().unwrap().len(), 3, "{findings}");
    let reused = found(&findings, "reused")[0];
    assert_eq!(reused["others"][0]["environment"], "staging");
    assert_eq!(reused["others"][0]["key"], "TWO");
    let expired = found(&findings, "expired")[0];
    assert_eq!(expired["outcome"], "fail");
    is_time(&expired["at"]);
    assert_eq!(findings[0]["id"], "expired", "the most urgent first");
    let human = ok(&home.keyward(&["health"])).text();
    for part in [
        "To act on now: 1",
        "Expired",
        "default/ENDED",
        "Reused values",
        "staging/TWO",
        "keyward secret update",
    ] {
        assert!(human.contains(part), "{part}: {human}");
    }
    assert!(
        !format!("{}{human}", outcome.text()).contains("canary"),
        "a value was said"
    );
    // That values were opened is in the log; none of them was handed out.
    let events = json(&home.keyward(&["audit", "--json"]));
    let checks = events
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["action"] == "health.check");
    assert_eq!(checks.count(), 2);
}

/// WK5: variables of custom credentials are looked at as secrets are, each by itself.
#[test]
fn wk5_variables_are_values_too() {
    let home = keychain_home();
    add(&home, "ONE", SHARED);
    ok(&home
        .keyward(&["credential", "add", "WAREHOUSE", "--from", "-"])
        .stdin("host=db.acme.dev\npassword=canary9\ntoken=canary-shared-value\n"));
    let findings = json(&home.keyward(&["health", "--json"]));
    let weak = found(&findings, "weak");
    assert_eq!(weak.len(), 1, "{findings}");
    assert_eq!(weak[0]["place"]["kind"], "credential");
    assert_eq!(weak[0]["place"]["field"], "password");
    let hint = weak[0]["hint"].as_str().unwrap();
    assert!(hint.contains("keyward credential update WAREHOUSE"), "{hint}");
    let reused = found(&findings, "reused");
    assert_eq!(reused.len(), 1, "{findings}");
    assert_eq!(reused[0]["others"][0]["field"], "token");
}

/// The hint's command mends it.
#[test]
fn wk6_a_new_value_ends_the_finding() {
    let home = keychain_home();
    store(&home, "SMTP_PASSWORD", "hunter2", &[]);
    let findings = json(&home.keyward(&["health", "--json"]));
    assert_eq!(found(&findings, "weak").len(), 1, "{findings}");
    ok(&home
        .keyward(&[
            "secret",
            "update",
            "SMTP_PASSWORD",
            "--env",
            "default",
            "--value-stdin",
        ])
        .stdin("an unguessable sentence of 1 person"));
    let clean = ok(&home.keyward(&["health", "--json"]));
    assert_eq!(clean.json().unwrap(), Value::Array(Vec::new()));
    let human = ok(&home.keyward(&["health"]));
    assert!(
        human.text().is_empty(),
        "nothing to mend is no data: {}",
        human.text()
    );
    assert!(
        human.said().contains("1 value looked at, nothing to mend."),
        "{}",
        human.said()
    );
}

/// What lies in the trash is nobody's problem, and without a vault there is nothing to say.
#[test]
fn health_without_values() {
    let home = keychain_home();
    add(&home, "ONE", SHARED);
    add(&home, "TWO", SHARED);
    ok(&home.keyward(&["secret", "delete", "TWO"]));
    assert_eq!(
        json(&home.keyward(&["health", "--json"])),
        Value::Array(Vec::new())
    );
    refused(&Home::new().unwrap().keyward(&["health"]), 3);
}
