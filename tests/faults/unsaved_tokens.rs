//! O-72: the disk is full when a provider has replaced the tokens. They are served, told of and stored later.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::time::Duration;

use keyward_tests::process::wait_for;
use serde_json::{Value, json};

use crate::disks::{asked, close_to_others, put_on_a_disk};
use crate::ground::{Door, Keychained};
use crate::laboratory::Provider;

/// A provider of one's own that keeps with a Connection how long its tokens live: the one thing that each answer changes.
const KEEPS: &str = r#"
id = "lab"
name = "Laboratory"
category = "other"
steps = ["Nothing."]

[mark]
letters = "La"
hue = 20

[endpoints]
authorize = "https://nowhere.invalid/authorize"
token = "https://nowhere.invalid/token"

[dialect]
keep_from_answer = ["life=/expires_in"]

[verified]
source = "this test"
confidence = "unchecked"
"#;

/// What is shown of MAIL, and the member that was kept with its tokens.
fn shown(home: &Keychained) -> (Value, String) {
    let connection = home.ends(&["connection", "show", "MAIL", "--json"], 0);
    let listed = home.ends(&["connection", "list", "--json"], 0).json().unwrap();
    let connection = connection.json().unwrap();
    assert_eq!(listed, json!([connection]));
    (connection, home.ends(&["get", "{vault.MAIL.life}"], 0).text())
}

/// Whether the window and the detail of MAIL say that its newest tokens are in memory alone.
fn is_alarmed(home: &Keychained) -> bool {
    let mut door = Door::open(home).unwrap();
    let here = json!({ "environment": "default" });
    let alarms = asked(&mut door, "connection_alarms", &here).unwrap();
    let mail = json!({ "environment": "default", "connection": "MAIL" });
    let facts = asked(&mut door, "connection_facts", &mail).unwrap();
    let is_told = alarms[0]["kind"] == "unsaved";
    assert_eq!(facts["unsaved"], is_told, "{alarms} {facts}");
    is_told
}

/// R-23, O-72: the disk fills while the provider has the refresh token and has replaced it. With the ballast the new
/// tokens are stored; without it the host serves them from memory, says so, and stores them once there is room. What is
/// told of them is the same meanwhile and afterwards.
#[test]
fn o72_new_tokens_survive_a_full_disk() {
    let provider = Provider::new();
    let Some((home, disk)) = put_on_a_disk(Provider::home(), "16m") else {
        return;
    };
    let entries = home.keyward_home().join("providers");
    DirBuilder::new().mode(0o700).create(&entries).unwrap();
    std::fs::write(entries.join("lab.toml"), KEEPS).unwrap();
    close_to_others(&entries.join("lab.toml"));
    provider.connect_with(&home, &["--provider", "lab"]);
    let ballast = home.keyward_home().join("vaults/default/ballast");
    for with_ballast in [true, false] {
        let host = home.host();
        wait_for("the ballast", Duration::from_secs(20), || {
            ballast.exists().then_some(())
        })
        .unwrap();
        provider.make_due(&home, Duration::from_secs(3));
        let (old, life) = shown(&home);
        assert_eq!(life, "1", "{with_ballast}");
        let before = provider.arrived();
        let mut asking = home.keyward(&["token", "MAIL"]).start().unwrap();
        wait_for("the request", Duration::from_secs(20), || {
            (provider.arrived() > before).then_some(())
        })
        .unwrap();
        if !with_ballast {
            std::fs::remove_file(&ballast).unwrap();
        }
        disk.fill(0);
        assert!(asking.wait(Duration::from_secs(40)).unwrap().success());
        let token = home.ends(&["token", "MAIL"], 0).text();
        assert!(provider.lab.takes(&token), "{with_ballast}");
        assert_eq!(provider.arrived(), before + 1, "{with_ballast}");
        let doctor = home.keyward(&["doctor", "--json"]).output().unwrap();
        let told = doctor.text().contains("unsaved_tokens");
        assert_eq!(told, !with_ballast, "{}", doctor.text());
        let (new, life) = shown(&home);
        assert_eq!(life, "3600", "{with_ballast}");
        let handed_out = home.ends(&["token", "MAIL", "--json"], 0).json().unwrap();
        assert_eq!(new["expires_at"], handed_out["expires_at"], "{with_ballast}");
        for member in ["expires_at", "next_refresh_at"] {
            assert_ne!(new[member], old[member], "{with_ballast}: {member}");
        }
        for member in ["account", "state", "error", "scope", "refresh_token"] {
            assert_eq!(new[member], old[member], "{with_ballast}: {member}");
        }
        assert_eq!(is_alarmed(&home), !with_ballast);
        disk.empty();
        if !with_ballast {
            wait_for("the tokens are stored", Duration::from_secs(60), || {
                let doctor = home.keyward(&["doctor", "--json"]).output().ok()?;
                (!doctor.text().contains("unsaved_tokens")).then_some(())
            })
            .unwrap();
        }
        assert!(!is_alarmed(&home), "{with_ballast}");
        // Without farewell: what counts is what lies on the disk.
        drop(host);
        assert_eq!(shown(&home), (new, life), "{with_ballast}");
        assert_eq!(home.ends(&["token", "MAIL"], 0).text(), token, "{with_ballast}");
        home.ends(&["connection", "refresh", "MAIL"], 0);
    }
    assert_eq!(provider.reuses(), 0, "O-58");
    home.is_sound();
}
