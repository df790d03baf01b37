//! Tokens are kept fresh: one refresh at a time whoever asks, in the background and on demand.

use std::time::{Duration, Instant};

use keyward_tests::home::Home;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::process::wait_for;
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, is_time, json, ok, passphrase_home};
use crate::provider::{Ground, add_client, connect, connecting, ground, show};

/// EL1, EL3, O-54, O-58, O-64, O-65: 5-second tokens with rotation and reuse detection while a host serves; then
/// without one. Whoever asks gets a token with life left, and no refresh token is ever used twice.
#[test]
fn el3_a_host_keeps_five_second_tokens_fresh() {
    let Ground { home, server } = ground(5);
    connect(&home, "SHOP", &[]);
    let host = home.serve().unwrap();
    let began = Instant::now();
    let mut seen: Vec<String> = Vec::new();
    while server.refreshes().unwrap() < 4 {
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "{} refreshes",
            server.refreshes().unwrap()
        );
        let token = ok(&home.keyward(&["token", "SHOP"])).text();
        let answer = keyward_tests::http::get(
            &format!("{}/me", server.issuer()),
            &[("authorization", &format!("Bearer {token}"))],
        );
        assert_eq!(
            answer.unwrap().status,
            200,
            "O-65: what is handed out has life left"
        );
        if seen.last() != Some(&token) {
            assert!(!seen.contains(&token));
            seen.push(token);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    // Nobody asks: the background alone does it.
    let before = server.refreshes().unwrap();
    wait_for("a background refresh", Duration::from_secs(20), || {
        (server.refreshes().ok()? > before).then_some(())
    })
    .unwrap();
    assert!(seen.len() >= 3, "{} tokens", seen.len());
    let connection = show(&home, "SHOP");
    assert_eq!(
        (&connection["state"], &connection["error"]),
        (&json!("ready"), &Value::Null)
    );
    host.terminate(Duration::from_secs(40)).unwrap();

    // Without a host, on demand: an expired token is refreshed first.
    std::thread::sleep(Duration::from_secs(5));
    let before = server.refreshes().unwrap();
    let token = ok(&home.keyward(&["token", "SHOP"])).text();
    assert!(!seen.contains(&token));
    assert_eq!(server.refreshes().unwrap(), before + 1);
    assert_eq!(
        server.grants_revoked().unwrap(),
        0,
        "O-58: no refresh token was used twice"
    );
    let failed: Vec<_> = server
        .requests()
        .unwrap()
        .into_iter()
        .filter(|seen| seen.status >= 400)
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// Makes the one token of SHOP due, then lets `processes` ask at once; gives what they got.
fn ask_at_once(home: &Home, server: &OidcServer, processes: usize) -> Vec<String> {
    // A token of one second is due the moment it is there, and no host refreshes it by itself.
    server.set_ttl(Duration::from_secs(1)).unwrap();
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    server.set_ttl(Duration::from_secs(90)).unwrap();
    let start = std::sync::Barrier::new(processes);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..processes)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    // Half of them by each of the doors a token leaves through.
                    let args: &[&str] = if number % 2 == 0 {
                        &["token", "SHOP"]
                    } else {
                        &["get", "{vault.SHOP}"]
                    };
                    let run = home.keyward(args);
                    start.wait();
                    ok(&run).text()
                })
            })
            .collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    })
}

fn sixteen_at_once(home: &Home, server: &OidcServer) {
    connect(home, "SHOP", &[]);
    // Long enough that all of them meet while the request is under way.
    server.set_delay(Duration::from_millis(150)).unwrap();
    let mut before = String::new();
    for round in 0..10 {
        let made = server.refreshes().unwrap() + 1;
        let tokens = ask_at_once(home, server, 16);
        assert_eq!(
            server.refreshes().unwrap(),
            made + 1,
            "round {round}: exactly one refresh for all"
        );
        assert_ne!(tokens[0], before);
        assert!(
            tokens.iter().all(|token| *token == tokens[0]),
            "round {round}: the losers get the winner's token"
        );
        before.clone_from(&tokens[0]);
    }
    assert_eq!(server.grants_revoked().unwrap(), 0);
    assert_eq!(show(home, "SHOP")["state"], "ready");
}

/// O-55, OA5, EL2: sixteen processes ask at once for one due token, ten rounds: one request each, counted at the server.
#[test]
fn o55_sixteen_processes_without_a_host() {
    let Ground { home, server } = ground(90);
    sixteen_at_once(&home, &server);
}

/// O-55, EL2: the same through a host.
#[test]
fn o55_sixteen_processes_through_a_host() {
    let Ground { home, server } = ground(90);
    let host = home.serve().unwrap();
    sixteen_at_once(&home, &server);
    host.terminate(Duration::from_secs(40)).unwrap();
}

/// O-65: `--min-ttl`. Less than what is left: as it is; more: refreshed; more than a fresh one lives: 8.
#[test]
fn o65_min_ttl() {
    let Ground { home, server } = ground(20);
    connect(&home, "SHOP", &[]);
    let first = ok(&home.keyward(&["token", "SHOP", "--min-ttl", "2s"])).text();
    assert_eq!(server.refreshes().unwrap(), 0);
    // A fresh one that lives no longer is refused without a request.
    error(&home.keyward(&["token", "SHOP", "--min-ttl", "1m", "--json"]), 8);
    assert_eq!(server.refreshes().unwrap(), 0);
    std::thread::sleep(Duration::from_millis(2_100));
    server.set_ttl(Duration::from_secs(90)).unwrap();
    let second = ok(&home.keyward(&["token", "SHOP", "--min-ttl", "19s"])).text();
    assert_ne!(first, second);
    assert_eq!(server.refreshes().unwrap(), 1);
    let error8 = error(&home.keyward(&["token", "SHOP", "--min-ttl", "1h", "--json"]), 8);
    assert!(hint(&error8).contains("--min-ttl"), "{error8}");
    ok(&home.keyward(&["token", "SHOP"]));
    for bad in ["soon", "", "-1s"] {
        let arg = format!("--min-ttl={bad}");
        error(&home.keyward(&["token", "SHOP", &arg, "--json"]), 2);
    }
}

/// OA7, O-60, O-62: a provider that fails for now = 8; nothing is lost, and the next answer mends it.
#[test]
fn oa7_a_transient_failure_loses_nothing() {
    let Ground { home, server } = ground(1);
    let connection = connect(&home, "SHOP", &[]);
    // More than one, as an unknown outcome is tried once more at once.
    server.fail_next(4, 503, "temporarily_unavailable").unwrap();
    let failed = error(&home.keyward(&["token", "SHOP", "--json"]), 8);
    assert!(!hint(&failed).is_empty(), "{failed}");
    let asked = server.refreshes().unwrap()
        + server
            .requests()
            .unwrap()
            .iter()
            .filter(|seen| seen.status == 503)
            .count();
    let shown = show(&home, "SHOP");
    has_members(&shown["error"], "code message hint");
    assert_eq!(
        (
            &shown["state"],
            &shown["refresh_token"],
            &shown["id"],
            &shown["error"]["code"]
        ),
        (
            &json!("ready"),
            &json!(true),
            &connection["id"],
            &json!("temporary")
        )
    );
    // O-63: at most one failed request in ten seconds; whoever asks meanwhile is told when it goes on.
    let waiting = error(&home.keyward(&["get", "SHOP", "--json"]), 8);
    assert!(hint(&waiting).contains("again at"), "{waiting}");
    let asked_now = server.refreshes().unwrap()
        + server
            .requests()
            .unwrap()
            .iter()
            .filter(|seen| seen.status == 503)
            .count();
    assert_eq!(asked_now, asked);
    // The Owner may try at once (EL10).
    server.fail_next(0, 503, "").unwrap();
    server.set_ttl(Duration::from_secs(90)).unwrap();
    let mended = json(&home.keyward(&["connection", "refresh", "SHOP", "--json"]));
    assert_eq!(
        (&mended["state"], &mended["error"]),
        (&json!("ready"), &Value::Null)
    );
    let token = ok(&home.keyward(&["token", "SHOP"])).text();
    // Down altogether: what has life left is still handed out; asking for more is 8.
    drop(server);
    assert_eq!(ok(&home.keyward(&["token", "SHOP"])).text(), token);
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 8);
    std::thread::sleep(Duration::from_millis(1_100));
    error(&home.keyward(&["token", "SHOP", "--min-ttl", "90s", "--json"]), 8);
    assert_eq!(ok(&home.keyward(&["token", "SHOP"])).text(), token);
    assert_eq!(show(&home, "SHOP")["refresh_token"], true);
}

/// EL13: a slow token endpoint freezes nothing else, neither reads nor writes.
#[test]
fn el13_a_slow_provider_freezes_nothing_else() {
    let Ground { home, server } = ground(1);
    connect(&home, "SHOP", &[]);
    for with_host in [false, true] {
        let host = with_host.then(|| home.serve().unwrap());
        server.set_ttl(Duration::from_secs(1)).unwrap();
        ok(&home.keyward(&["connection", "refresh", "SHOP"]));
        server.set_ttl(Duration::from_secs(90)).unwrap();
        add(&home, &format!("BEFORE{with_host}"), b"x");
        server.set_delay(Duration::from_secs(4)).unwrap();
        let began = Instant::now();
        let mut asking = home.keyward(&["token", "SHOP"]).start().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        add(&home, &format!("MEANWHILE{with_host}"), b"x");
        ok(&home.keyward(&["get", &format!("BEFORE{with_host}")]));
        show(&home, "SHOP");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert!(
            asking.process.0.try_wait().unwrap().is_none(),
            "it still waits for the provider"
        );
        assert_eq!(asking.wait(Duration::from_secs(20)).unwrap().code(), Some(0));
        server.set_delay(Duration::ZERO).unwrap();
        drop(host);
    }
    assert_eq!(server.grants_revoked().unwrap(), 0);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(status.success());
}

/// O-58, O-59: a refresh token that was used before ends the grant at a strict provider: `needs_consent` with the
/// reason, asked for once; consent mends the same Connection (OA12).
#[test]
fn o59_a_dead_grant_needs_consent() {
    let server = OidcServer::start(Duration::from_secs(1)).unwrap();
    // Passphrase mode without a keychain: an older copy of the file is not told from the newest (T-04).
    let home = passphrase_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    let connection = connect(&home, "SHOP", &[]);
    let vault = home.keyward_home().join("vaults/default");
    let older = home.path().join("older");
    copy(&vault, &older);
    server.set_ttl(Duration::from_secs(90)).unwrap();
    ok(&home.keyward(&["token", "SHOP"]));
    std::fs::remove_dir_all(&vault).unwrap();
    copy(&older, &vault);

    let dead = error(&home.keyward(&["token", "SHOP", "--json"]), 7);
    assert!(
        dead["message"].as_str().unwrap().contains("invalid_grant"),
        "{dead}"
    );
    assert!(hint(&dead).contains("keyward connect SHOP"), "{dead}");
    assert_eq!(server.grants_revoked().unwrap(), 1, "the provider saw the reuse");
    let shown = show(&home, "SHOP");
    has_members(&shown["error"], "code message hint");
    assert_eq!(
        (
            &shown["state"],
            &shown["error"]["code"],
            &shown["next_refresh_at"]
        ),
        (&json!("needs_consent"), &json!("invalid_grant"), &Value::Null)
    );
    let asked = server.refreshes().unwrap();
    error(&home.keyward(&["get", "SHOP", "--json"]), 7);
    error(
        &home
            .keyward(&["run", "--json", "--", "true"])
            .var("T", "{vault.SHOP}"),
        7,
    );
    assert_eq!(server.refreshes().unwrap(), asked, "never tried again by itself");
    assert_eq!(
        json(&home.keyward(&["connection", "list", "--state", "needs_consent", "--json"]))[0]["key"],
        "SHOP"
    );

    let again = json(&connecting(&home, "SHOP", &[]));
    assert_eq!(
        (&again["id"], &again["created_at"], &again["state"]),
        (&connection["id"], &connection["created_at"], &json!("ready"))
    );
    ok(&home.keyward(&["token", "SHOP"]));
}

/// EL10, OA10: refreshes are listed, the newest first, with how each ended and how long the provider took over it; a
/// person who looks at the Connection is told of the last one.
#[test]
fn el10_refreshes_are_listed_with_how_long_each_took() {
    let Ground { home, server } = ground(90);
    connect(&home, "SHOP", &[]);
    let history = || json(&home.keyward(&["connection", "history", "SHOP", "--json"]));
    assert_eq!(history(), json!([]), "a consent is no refresh");
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    drop(server);
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 8);
    let list = history();
    let outcomes: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .inspect(|one| {
            has_members(one, "at outcome took_ms");
            is_time(&one["at"]);
            assert!(one["took_ms"].as_u64().is_some_and(|took| took < 20_000), "{one}");
        })
        .map(|one| &one["outcome"])
        .collect();
    assert_eq!(outcomes, ["temporary", "ok"]);
    let took = format!("{} ms", list[0]["took_ms"]);
    for args in [["connection", "history", "SHOP"], ["connection", "show", "SHOP"]] {
        let text = ok(&home.keyward(&args)).text();
        assert!(text.contains("temporary") && text.contains(&took), "{text}");
    }
    // The document of `show` is the Connection and nothing else (CLI.md).
    assert!(show(&home, "SHOP").get("last_refresh").is_none());
}
