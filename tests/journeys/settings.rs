//! Settings that protect: sealed, changed by `keyward settings`, and obeyed by hosts (ST5, W-08).

use keyward_tests::home::PASSPHRASE;
use serde_json::json;

use crate::common::{add, error, has_members, hint, json, keychain_home, ok, passphrase_home};

const SETTINGS: &str = "auto_lock_minutes lock_on_suspend lock_on_screen_lock clipboard_seconds reveal_seconds \
                        passphrase_to_reveal passphrase_to_export refresh_while_locked has_passphrase";

#[test]
fn b5_settings_are_shown_and_changed() {
    let home = keychain_home();
    let shown = json(&home.keyward(&["settings", "show", "--json"]));
    has_members(&shown, SETTINGS);
    assert_eq!(shown["auto_lock_minutes"], 0, "the login session protects");
    assert_eq!(
        (&shown["has_passphrase"], &shown["passphrase_to_reveal"]),
        (&json!(false), &json!(false))
    );
    let mut expect = shown.clone();
    expect["auto_lock_minutes"] = json!(10);
    expect["clipboard_seconds"] = json!(5);
    expect["lock_on_suspend"] = json!(true);
    let changed = json(&home.keyward(&[
        "settings",
        "update",
        "--auto-lock",
        "10",
        "--clipboard",
        "5",
        "--lock-on-suspend",
        "--json",
    ]));
    assert_eq!(changed, expect);
    assert_eq!(json(&home.keyward(&["settings", "show", "--json"])), expect);
    let told = ok(&home.keyward(&["settings", "show"])).text();
    assert!(told.contains("after 10 minutes"), "{told}");
    ok(&home.keyward(&["settings", "update", "--no-lock-on-suspend"]));
    assert_eq!(
        json(&home.keyward(&["settings", "show", "--json"]))["lock_on_suspend"],
        false
    );
    for (bad, says) in [
        (["--clipboard", "4"], "clipboard takes 5 to 120 seconds"),
        (["--reveal", "121"], "reveal takes 5 to 120 seconds"),
        (["--auto-lock", "1441"], "auto-lock takes 0 to 1440 minutes"),
    ] {
        let refused = error(
            &home.keyward(&["settings", "update", bad[0], bad[1], "--json"]),
            2,
        );
        assert!(refused["message"].as_str().unwrap().contains(says), "{refused}");
    }
    for bad in [
        &["settings", "update", "--json"][..],
        &["settings", "update", "--clipboard", "many", "--json"],
        &[
            "settings",
            "update",
            "--lock-on-suspend",
            "--no-lock-on-suspend",
            "--json",
        ],
    ] {
        error(&home.keyward(bad), 2);
    }
}

/// W-08: with a host, showing a value asks for the passphrase again, until the Owner says otherwise with it.
#[test]
fn w08_a_host_asks_for_the_passphrase_again() {
    let home = passphrase_home();
    add(&home, "A", b"x");
    let _host = home.serve().unwrap();
    let quiet = |args: &[&str]| home.keyward(args).passphrase(None);
    let reveal = ["secret", "show", "A", "--reveal", "--json"];
    let refused = error(&quiet(&reveal), 4);
    assert!(hint(&refused).contains("--passphrase-fd"), "{refused}");
    error(&home.keyward(&reveal).passphrase(Some("not this one at all")), 4);
    assert_eq!(json(&home.keyward(&reveal))["value"], "x");
    // Programs get their values: `get` shows nothing to anybody.
    assert_eq!(ok(&quiet(&["get", "A"])).stdout, b"x");

    let off = ["settings", "update", "--no-passphrase-to-reveal", "--json"];
    error(&quiet(&off), 4);
    assert_eq!(
        json(&quiet(&["settings", "show", "--json"]))["passphrase_to_reveal"],
        true
    );
    json(&home.keyward(&off).passphrase(Some(PASSPHRASE)));
    assert_eq!(json(&quiet(&reveal))["value"], "x");
    // Protecting more needs nobody.
    json(&quiet(&[
        "settings",
        "update",
        "--passphrase-to-reveal",
        "--json",
    ]));
    error(&quiet(&reveal), 4);
}
