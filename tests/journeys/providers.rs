//! `provider`: the catalogue, and auth clients made from it (OA4).

use std::fs;

use keyward_tests::oidc::NATIVE_CLIENT;
use serde_json::{Value, json};

use crate::common::{error, json, keychain_home, ok, passphrase_home, refused};
use crate::provider::{Ground, connect, ground, show};

pub const OWN: &str = r#"
id = "acme"
name = "Acme"
category = "other"
steps = ["Ask Wile for a client."]

[mark]
letters = "Ac"
hue = 20

[endpoints]
authorize = "https://{tenant}.nowhere.invalid/authorize"
token = "https://{tenant}.nowhere.invalid/token"

[[variables]]
name = "tenant"
title = "Tenant"
example = "north"
pattern = "label"

[dialect]
keep_from_answer = ["kind=/token_type"]

[verified]
source = "a colleague"
confidence = "unchecked"
"#;

fn ids(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect()
}

/// OA4: who chooses a provider may have no vault yet, and no folder for one.
#[test]
fn oa4_the_catalogue_needs_no_vault() {
    let empty = keyward_tests::home::Home::new().unwrap();
    let nowhere = empty.path().join("not/yet");
    let home = empty.var("KEYWARD_HOME", nowhere.to_string_lossy());
    let list = json(&home.keyward(&["provider", "list", "--json"]));
    assert!(ids(&list).contains(&"github"), "{list}");
    ok(&home.keyward(&["provider", "show", "github"]));
}

/// OA4: at least 100 entries, found by words and shown with what to do; no passphrase is asked for.
#[test]
fn oa4_the_catalogue_is_listed_and_shown() {
    let home = passphrase_home().without_passphrase();
    let list = json(&home.keyward(&["provider", "list", "--json"]));
    assert!(ids(&list).len() >= 100, "{}", ids(&list).len());
    let found = json(&home.keyward(&["provider", "list", "--search", "exact online", "--json"]));
    assert_eq!(ids(&found), ["exact-online"]);
    let told = ok(&home.keyward(&["provider", "list", "--search", "zendesk"])).text();
    assert!(told.contains("{subdomain}.zendesk.com"), "{told}");
    assert!(
        ok(&home.keyward(&["provider", "list", "--search", "no such thing"]))
            .said()
            .contains("--issuer")
    );

    let exact = json(&home.keyward(&["provider", "show", "exact-online", "--json"]));
    assert_eq!(
        (&exact["refresh_window"], &exact["protocol"]),
        (&json!(30), &json!("oauth2"))
    );
    assert_eq!(exact["variables"][0]["choices"][0], "nl");
    assert!(exact["verified_on"].is_string());
    let told = ok(&home.keyward(&["provider", "show", "exact-online"])).text();
    for part in ["What to do at the provider", "country", "30 s", "one of nl"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let missing = error(&home.keyward(&["provider", "show", "zendesc", "--json"]), 3);
    assert!(missing["hint"].as_str().unwrap().contains("provider list"));
}

/// OA4: entries of one's own; one that is wrong is told, and one with the id of a shipped entry changes nothing.
#[test]
fn oa4_own_entries_and_a_check() {
    let home = keychain_home();
    let folder = home.keyward_home().join("providers");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("acme.toml"), OWN).unwrap();
    fs::write(folder.join("slack.toml"), OWN.replace("\"acme\"", "\"slack\"")).unwrap();
    fs::write(
        folder.join("odd.toml"),
        OWN.replace("https://{tenant}", "http://{tenant}"),
    )
    .unwrap();
    let listed = ok(&home.keyward(&["provider", "list", "--search", "acme", "--json"]));
    assert_eq!(ids(&listed.json().unwrap()), ["acme"]);
    assert!(listed.said().contains("providers/odd.toml") && listed.said().contains("providers/slack.toml"));
    let slack = json(&home.keyward(&["provider", "show", "slack", "--json"]));
    assert_eq!(slack["token_uri"], "https://slack.com/api/oauth.v2.access");

    // Nothing answers at that address; without its variable it is not asked at all.
    let failed = home.keyward(&["provider", "check", "acme", "--var", "tenant=north", "--json"]);
    let checks = failed.output().unwrap().ended_with(8).unwrap().json().unwrap();
    assert_eq!(
        (&checks[0]["id"], &checks[0]["outcome"]),
        (&json!("acme"), &json!("fail"))
    );
    let skipped = json(&home.keyward(&["provider", "check", "acme", "--json"]));
    assert_eq!(skipped[0]["outcome"], "warn");
    error(
        &home.keyward(&["provider", "check", "acme", "--var", "planet=x", "--json"]),
        2,
    );
    error(&home.keyward(&["provider", "check", "nobody", "--json"]), 3);
}

/// OA4, EL4, EL9: an auth client from an entry, with variables, parameters and a window of its own.
#[test]
fn oa4_an_auth_client_from_the_catalogue() {
    let home = keychain_home();
    let add = |more: &[&str]| {
        home.keyward(
            &[
                &[
                    "auth-client",
                    "add",
                    "zd",
                    "--client-id",
                    "c",
                    "--provider",
                    "zendesk",
                ],
                more,
            ]
            .concat(),
        )
    };
    for (more, part) in [
        (&[][..], "subdomain"),
        (&["--var", "subdomain=evil.example/"], "subdomain"),
        (&["--var", "subdomain=a", "--var", "region=eu"], "region"),
        (
            &["--var", "subdomain=a", "--token-param", "grant_type=password"],
            "grant_type",
        ),
        (
            &["--var", "subdomain=a", "--refresh-param", "client_id=x"],
            "client_id",
        ),
        (&["--var", "subdomain=a", "--refresh-window", "100000"], "window"),
        (
            &[
                "--var",
                "subdomain=a",
                "--refresh-token-uri",
                "http://as.example/r",
            ],
            "refresh token uri",
        ),
        (&["--var", "subdomain=a", "--resource", "nowhere"], "resource"),
    ] {
        let said = refused(&add(more), 2);
        assert!(said.contains(part), "{more:?}: {said}");
    }
    refused(&home.keyward(&["auth-client", "add", "x", "--client-id", "c"]), 2);
    refused(
        &home.keyward(&[
            "auth-client",
            "add",
            "x",
            "--type",
            "oauth2",
            "--client-id",
            "c",
            "--var",
            "a=b",
        ]),
        2,
    );
    let made = ok(&add(&[
        "--var",
        "subdomain=acme",
        "--refresh-token-uri",
        "https://acme.zendesk.com/oauth/renew?tenant=1",
        "--refresh-param",
        "expires_in=1800",
        "--refresh-window",
        "45",
    ]));
    // What to do at the provider is told once, when it is of use.
    assert!(made.said().contains("Register an application"), "{}", made.said());
    for part in [
        "https://acme.zendesk.com/oauth/authorizations/new",
        "https://acme.zendesk.com/oauth/renew?tenant=1",
        "expires_in=1800",
        "45 s",
        "zendesk subdomain=acme",
    ] {
        assert!(made.text().contains(part), "{part}: {}", made.text());
    }
    // EL11: all of it may change while nothing is connected; what is wrong changes nothing.
    let update = |more: &[&str]| home.keyward(&[&["auth-client", "update", "zd"], more].concat());
    for wrong in [
        ["--refresh-param", "state=x"],
        ["--refresh-window", "90000"],
        ["--resource", "x"],
    ] {
        refused(&update(&wrong), 2);
    }
    let changed = ok(&update(&[
        "--refresh-window",
        "20",
        "--refresh-token-uri",
        "https://acme.zendesk.com/oauth/renew?tenant=1",
        "--token-param",
        "a=b",
        "--resource",
        "https://api.example/",
    ]));
    for part in ["20 s", "a=b", "https://api.example/"] {
        assert!(changed.text().contains(part), "{part}: {}", changed.text());
    }
    let shown = json(&home.keyward(&["auth-client", "show", "zd", "--json"]));
    assert_eq!(
        (&shown["type"], &shown["application"], &shown["refresh_token_uri"]),
        (
            &json!("oauth2"),
            &json!("zendesk"),
            &json!("https://acme.zendesk.com/oauth/renew?tenant=1")
        )
    );
}

/// OA4, O-64: consent and refresh through an entry, with what it keeps; the addresses are the test's own server.
#[test]
fn oa4_a_connection_through_an_entry_keeps_what_it_says() {
    let Ground { home, server } = ground(90);
    let folder = home.keyward_home().join("providers");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("acme.toml"), OWN).unwrap();
    let (auth, token) = (
        format!("{}/auth", server.issuer()),
        format!("{}/token", server.issuer()),
    );
    ok(&home.keyward(&[
        "auth-client",
        "add",
        "acme",
        "--provider",
        "acme",
        "--var",
        "tenant=north",
        "--client-id",
        NATIVE_CLIENT,
        "--auth-uri",
        &auth,
        "--token-uri",
        &token,
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--authorize-param",
        "prompt=consent",
        "--refresh-window",
        "40",
    ]));
    let made = connect(&home, "A", &["--auth-client", "acme"]);
    assert_eq!(
        (&made["state"], &made["application"]),
        (&json!("ready"), &json!("acme"))
    );
    let kept = || ok(&home.keyward(&["get", "{vault.A.kind}"])).text();
    assert_eq!(kept(), "Bearer");
    assert!(
        ok(&home.keyward(&["connection", "show", "A"]))
            .text()
            .contains("kind")
    );
    ok(&home.keyward(&["connection", "refresh", "A"]));
    assert_eq!(kept(), "Bearer");
    // 40 s before the end, not the usual 60 s or half.
    let shown = show(&home, "A");
    let seconds = |member: &str| {
        let text = shown[member].as_str().unwrap();
        let clock: Vec<i64> = text[11..19]
            .split(':')
            .map(|part| part.parse().unwrap())
            .collect();
        clock[0] * 3600 + clock[1] * 60 + clock[2]
    };
    let window = (seconds("expires_at") - seconds("next_refresh_at")).rem_euclid(86_400);
    assert_eq!(window, 40);
}

/// OA2, OA4: an entry that speaks OAuth 1.0a makes an auth client of that type; what belongs to OAuth 2.0 has no place in
/// it.
#[test]
fn oa2_an_oauth1_auth_client_from_the_catalogue() {
    let home = keychain_home();
    let add = |key: &str, more: &[&str]| {
        let fixed = [
            "auth-client",
            "add",
            key,
            "--provider",
            "x-oauth1",
            "--client-id",
            "ck",
            "--json",
        ];
        home.keyward(&[&fixed[..], more].concat())
    };
    let made = json(&add("tw", &["--client-secret-stdin"]).stdin("cs"));
    assert_eq!(
        (&made["type"], &made["application"]),
        (&json!("oauth1"), &json!("x"))
    );
    let told = ok(&home.keyward(&["auth-client", "show", "tw"])).text();
    for fact in ["https://api.twitter.com/oauth/request_token", "HMAC-SHA1"] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    assert_eq!(made["auth_uri"], "https://api.twitter.com/oauth/authorize");
    assert_eq!(made["token_uri"], "https://api.twitter.com/oauth/access_token");
    // Its port counts at that provider, and the steps tell to enter the address as it is shown.
    let redirect = made["redirect"].as_str().unwrap();
    assert!(
        redirect.starts_with("http://127.0.0.1:") && !redirect.contains(":0/"),
        "{redirect}"
    );
    error(&add("tw2", &["--scope", "a"]), 2);
    error(&add("tw2", &["--type", "oauth2"]), 2);
    error(&add("tw2", &["--var", "planet=x"]), 2);
    let other = [
        "auth-client",
        "add",
        "gh",
        "--type",
        "oauth1",
        "--provider",
        "github",
        "--client-id",
        "c",
        "--json",
    ];
    error(&home.keyward(&other), 2);
}
