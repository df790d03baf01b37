//! Ops (OA13): somebody prepares a file, somebody else imports it and works through the consents that are due, against
//! a server that nobody here wrote (npm `oidc-provider`).

use std::time::Duration;

use keyward_tests::consent::{self, Choice};
use keyward_tests::home::{Home, Running};
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer, WEB_CLIENT};
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, json, keychain_home, ok};
use crate::provider::{CONNECTION, Ground, LIMIT, connect, ground};

/// Writes a file into the home's folder and gives its path.
pub fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What somebody prepares: one public client, and a planned connection for each name.
pub fn roster(server: &OidcServer, names: &[&str]) -> String {
    let planned: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "auth_client": "idp", "login_hint": "ada", "title": format!("Title of {name}") }))
        .collect();
    json!({
        "auth_clients": [{
            "name": "idp",
            "app": "shop",
            "issuer": server.issuer(),
            "client_id": NATIVE_CLIENT,
            "scopes": ["openid", "offline_access", "api:read"],
            "authorize_params": { "prompt": "consent" },
        }],
        "connections": planned,
    })
    .to_string()
}

pub fn queue(home: &Home) -> Vec<Value> {
    let queue = json(&home.keyward(&["consent", "list", "--json"]));
    queue.as_array().unwrap().clone()
}

pub fn keys(queue: &[Value]) -> Vec<&str> {
    queue
        .iter()
        .filter_map(|due| due["connection"]["key"].as_str())
        .collect()
}

/// The next link that a running command prints.
pub fn link(running: &mut Running) -> String {
    running
        .stderr
        .find("open: URL", LIMIT, |line| {
            line.strip_prefix("open: ").map(str::to_owned)
        })
        .unwrap()
}

/// The outcomes that `consent run --json` tells, by connection.
pub fn outcomes(running: &mut Running, status: i32) -> Vec<(String, String)> {
    assert_eq!(
        running.wait(LIMIT).unwrap().code(),
        Some(status),
        "{:?}",
        running.stderr.seen()
    );
    std::thread::sleep(Duration::from_millis(50));
    let document: Value = serde_json::from_str(&running.stdout.seen().join("\n")).unwrap();
    let told = document.as_array().unwrap().iter();
    told.map(|one| {
        has_members(one, "connection environment outcome error");
        let text = |member: &str| one[member].as_str().unwrap().to_owned();
        (text("connection"), text("outcome"))
    })
    .collect()
}

/// One is agreed to, one refused, one left out, one not answered: each has its turn, and the summary says what is left.
fn works_through(home: &Home, server: &OidcServer) {
    let path = file(home, "roster.json", &roster(server, &["A", "B", "C", "D"]));
    let said = ok(&home.keyward(&["auth-client", "import", &path])).said();
    assert!(
        said.contains("Imported 1 auth client and 4 planned connections"),
        "{said}"
    );
    assert!(said.contains("keyward consent run"), "{said}");
    let planned = queue(home);
    assert_eq!(keys(&planned), ["A", "B", "C", "D"]);
    let first = &planned[0];
    has_members(
        first,
        "connection urgency at cause login_hint wants_client_secret",
    );
    has_members(&first["connection"], CONNECTION);
    assert_eq!(
        (&first["urgency"], &first["cause"]["id"], &first["login_hint"]),
        (&json!("planned"), &json!("not_connected_yet"), &json!("ada"))
    );
    assert_eq!(first["connection"]["state"], "awaiting_consent");

    let mut running = home
        .keyward(&[
            "consent",
            "run",
            "--no-browser",
            "--skip",
            "C",
            "--timeout",
            "8s",
            "--json",
        ])
        .start()
        .unwrap();
    running
        .stderr
        .find("the first step", LIMIT, |line| {
            line.starts_with("1 of 4 A as ada").then_some(())
        })
        .unwrap();
    let asked = link(&mut running);
    assert!(asked.contains("login_hint=ada"), "{asked}");
    consent::give(&asked, Choice::Agree).unwrap();
    running
        .stderr
        .find("the second step", LIMIT, |line| {
            line.starts_with("2 of 4 B").then_some(())
        })
        .unwrap();
    consent::give(&link(&mut running), Choice::Refuse).unwrap();
    running
        .stderr
        .find("the fourth step", LIMIT, |line| {
            line.starts_with("4 of 4 D").then_some(())
        })
        .unwrap();
    link(&mut running);
    let pair = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned());
    assert_eq!(
        outcomes(&mut running, 7),
        [
            pair("A", "connected"),
            pair("B", "denied"),
            pair("C", "skipped"),
            pair("D", "timed_out")
        ]
    );
    assert_eq!(keys(&queue(home)), ["B", "C", "D"]);
    let shown = json(&home.keyward(&["connection", "show", "A", "--json"]));
    assert_eq!(
        (&shown["state"], &shown["name"], &shown["account"]),
        (&json!("ready"), &json!("Title of A"), &json!("ada"))
    );

    // Another profile takes the link, and the one most in need goes first.
    let mut next = home
        .keyward(&["consent", "next", "--copy-link", "--json"])
        .start()
        .unwrap();
    consent::give(&link(&mut next), Choice::Agree).unwrap();
    assert_eq!(
        next.wait(LIMIT).unwrap().code(),
        Some(0),
        "{:?}",
        next.stderr.seen()
    );
    server.fail_next(1, 400, "invalid_grant").unwrap();
    error(&home.keyward(&["connection", "refresh", "A", "--json"]), 7);
    let due = queue(home);
    assert_eq!(keys(&due), ["A", "C", "D"]);
    assert_eq!(
        (&due[0]["urgency"], &due[0]["cause"]["id"]),
        (&json!("dead"), &json!("grant_ended"))
    );

    let mut running = home
        .keyward(&["consent", "run", "--no-browser", "--json"])
        .start()
        .unwrap();
    for _ in 0..3 {
        consent::give(&link(&mut running), Choice::Agree).unwrap();
    }
    assert_eq!(
        outcomes(&mut running, 0),
        [
            pair("A", "connected"),
            pair("C", "connected"),
            pair("D", "connected")
        ]
    );
    assert!(queue(home).is_empty());
    let nothing = ok(&home.keyward(&["consent", "run"]));
    assert!(
        nothing.said().contains("No connection needs you"),
        "{}",
        nothing.said()
    );
    ok(&home.keyward(&["consent", "next"]));
    error(&home.keyward(&["consent", "run", "--skip", "NONE", "--json"]), 2);
}

#[test]
fn oa13_the_queue_is_worked_through_without_a_host() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    works_through(&keychain_home(), &server);
}

#[test]
fn oa13_the_queue_is_worked_through_with_a_host() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let _host = home.serve().unwrap();
    works_through(&home, &server);
}

/// OA13: what the Owner disconnected, and what works, needs nobody; another environment has a queue of its own.
#[test]
fn oa13_only_what_needs_a_person_is_in_the_queue() {
    let Ground { home, server } = ground(90);
    connect(&home, "FINE", &[]);
    connect(&home, "GONE", &[]);
    ok(&home.keyward(&["connection", "disconnect", "GONE"]));
    ok(&home.keyward(&["env", "add", "staging"]));
    let text = json!({"connections": [{"name": "THERE", "auth_client": "idp"}]}).to_string();
    let path = file(&home, "roster.json", &text);
    // Its auth client belongs to the other environment.
    let refused = error(
        &home.keyward(&["--env", "staging", "auth-client", "import", &path, "--json"]),
        2,
    );
    assert!(!hint(&refused).is_empty(), "{refused}");
    ok(&home.keyward(&["auth-client", "update", "idp", "--visibility", "vault"]));
    ok(&home.keyward(&["--env", "staging", "auth-client", "import", &path]));
    assert!(queue(&home).is_empty());
    let all = json(&home.keyward(&["consent", "list", "--all", "--json"]));
    assert_eq!(keys(all.as_array().unwrap()), ["THERE"]);
    assert_eq!(all[0]["connection"]["environment"], "staging");
    drop(server);
}

/// OA13: every fault is told with file, line and field; a dry run, a faulty file and a taken key write nothing.
#[test]
fn oa13_an_import_is_whole_or_nothing() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let list = || json(&home.keyward(&["auth-client", "list", "--json"]));
    let is_untouched = || {
        assert_eq!(list(), json!([]));
        assert!(queue(&home).is_empty());
    };

    let bad = "kind,name,client_id,client_secret,provider,token_uri,grant,auth_client,scopes\n\
        auth_client,good,1,,github,,,,\n\
        auth_client,bad one,,s3cr3t,no-such,http://far.example/t,magic,,\n\
        auth_client,GOOD,1,,github,,,,\n\
        connection,C,,,,,,nobody,\"a\"\"b\"\n\
        connection,D,,,,,,good,\n";
    let path = file(&home, "bad.csv", bad);
    for more in [&[][..], &["--dry-run"][..]] {
        let outcome = home
            .keyward(&[&["auth-client", "import", &path][..], more].concat())
            .output()
            .unwrap();
        let said = outcome.said();
        assert_eq!(outcome.code(), 2, "{said}");
        for fault in [
            "bad.csv: line 3, client_secret: it looks like a secret.",
            "bad.csv: line 3, name: ",
            "bad.csv: line 3, client_id: it is missing.",
            "bad.csv: line 3, token_uri: ",
            "bad.csv: line 3, grant: it is one of ",
            "bad.csv: line 3, provider: ",
            "bad.csv: line 4, name: another auth client of this file has it.",
            "bad.csv: line 5, auth_client: ",
            "bad.csv: line 5, scopes: ",
            "9 errors; nothing was imported",
        ] {
            assert!(said.contains(fault), "{fault}\n{said}");
        }
        assert!(
            !said.contains("s3cr3t") && !outcome.text().contains("s3cr3t"),
            "{said}"
        );
        is_untouched();
    }

    // With --json the error is one document, and all of it stands there.
    let refused = error(&home.keyward(&["auth-client", "import", &path, "--json"]), 2);
    assert_eq!(hint(&refused).matches("bad.csv: line ").count(), 9, "{refused}");

    let good = file(&home, "good.json", &roster(&server, &["A", "B"]));
    let dry = json(&home.keyward(&["auth-client", "import", &good, "--dry-run", "--json"]));
    has_members(&dry, "rows complaints written");
    assert_eq!(
        (dry["rows"].as_array().unwrap().len(), &dry["written"]),
        (3, &json!(false))
    );
    is_untouched();

    // A key that is taken stops all of it, and is told before.
    add(&home, "b", b"x");
    let refused = error(&home.keyward(&["auth-client", "import", &good, "--json"]), 6);
    assert!(
        refused["message"].as_str().unwrap().contains("taken: B."),
        "{refused}"
    );
    is_untouched();
    let dry = home
        .keyward(&["auth-client", "import", &good, "--dry-run", "--json"])
        .output()
        .unwrap();
    assert_eq!(
        (dry.code(), &dry.json().unwrap()["rows"][2]["taken"]),
        (6, &json!(true))
    );
    is_untouched();
    let kept = json(&home.keyward(&["auth-client", "import", &good, "--skip-existing", "--json"]));
    assert_eq!(
        (&kept["written"], &kept["rows"][2]["taken"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(keys(&queue(&home)), ["A"]);

    for text in ["", "nonsense", "{", "[1]"] {
        let path = file(&home, "hostile", text);
        error(&home.keyward(&["auth-client", "import", &path, "--json"]), 2);
    }
    error(
        &home.keyward(&["auth-client", "import", "/no/such/file", "--json"]),
        3,
    );
}

/// OA13: a client that is registered with a secret is told at the end, and no person is asked for a consent that
/// cannot succeed.
#[test]
fn oa13_a_missing_client_secret_is_told_before_anybody_consents() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let text = json!({
        "auth_clients": [{"name": "web", "issuer": server.issuer(), "client_id": WEB_CLIENT, "client_auth": "basic"}],
        "connections": [{"name": "A", "auth_client": "web"}],
    });
    let said = ok(&home
        .keyward(&["auth-client", "import", "-"])
        .stdin(text.to_string()))
    .said();
    let command = "keyward auth-client update web --client-secret-stdin";
    assert!(said.contains(command), "{said}");
    assert_eq!(queue(&home)[0]["wants_client_secret"], true);
    let outcome = home
        .keyward(&["consent", "run", "--no-browser"])
        .output()
        .unwrap();
    assert_eq!(outcome.code(), 7);
    assert!(outcome.said().contains(command), "{}", outcome.said());
    assert!(!outcome.said().contains("open: "), "{}", outcome.said());
    ok(&home
        .keyward(&["auth-client", "update", "web", "--client-secret-stdin"])
        .stdin("any"));
    assert_eq!(queue(&home)[0]["wants_client_secret"], false);
}
