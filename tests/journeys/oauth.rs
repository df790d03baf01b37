//! `auth-client`, `connect`, `connection`, `token` against a real authorization server.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use keyward_tests::consent::{self, Choice};
use keyward_tests::home::{Home, Running};
use keyward_tests::http;
use keyward_tests::oidc::{CLIENT_SECRET, CONFIDENTIAL_CLIENT, NATIVE_CLIENT, NO_REFRESH_CLIENT, OidcServer};
use keyward_tests::process::signal;
use serde_json::{Value, json};

use crate::common::{
    Terminal, add, error, has_members, hint, is_id, is_time, json, keychain_home, ok, passphrase_home, refused,
};
use crate::provider::{ASKED, Ground, add_client, connect, connecting, ground, show};

const AUTH_CLIENT: &str = "id key name type application visibility auth_uri token_uri refresh_token_uri token_expires_in \
    client_id has_client_secret redirect connections created_at";
const CONNECTION: &str = "id key name environment application auth_client auth_type owner account state error scope \
    expires_at next_refresh_at refresh_token refresh_token_expires_at default created_at";
const LIMIT: Duration = Duration::from_secs(20);

/// Starts `connect NAME --no-browser ARGS…` and gives it with the link it prints.
fn begin(home: &Home, name: &str, args: &[&str]) -> (Running, String) {
    let all = [&["connect", name, "--no-browser", "--json"], args].concat();
    let mut running = home.keyward(&all).start().unwrap();
    let link = running.stderr.find("open: URL", LIMIT, |line| line.strip_prefix("open: ").map(str::to_owned)).unwrap();
    (running, link)
}

/// The document on stdout of a command that was started.
fn document(running: &mut Running) -> Value {
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(0), "{:?}", running.stderr.seen());
    std::thread::sleep(Duration::from_millis(50));
    serde_json::from_str(&running.stdout.seen().join("\n")).unwrap()
}

/// The redirect address that a link names; nobody listens there any more.
#[track_caller]
fn is_closed(link: &str) {
    let redirect = http::query(link, "redirect_uri").unwrap();
    let (authority, _) = http::split(&redirect).unwrap();
    assert!(TcpStream::connect(authority).is_err(), "O-20: the listener outlives its flow");
}

/// EL4: an auth client by its issuer; shape, list, show, conflicts; the client secret goes in and never comes out.
#[test]
fn el4_auth_clients_by_issuer() {
    let Ground { home, server } = ground(90);
    let idp = json(&home.keyward(&["auth-client", "show", "idp", "--json"]));
    has_members(&idp, AUTH_CLIENT);
    is_id(&idp["id"]);
    is_time(&idp["created_at"]);
    assert_eq!(
        idp,
        json!({
            "id": idp["id"], "key": "idp", "name": "idp", "type": "oauth2", "application": null, "visibility": "environment",
            "auth_uri": format!("{}/auth", server.issuer()), "token_uri": format!("{}/token", server.issuer()),
            "refresh_token_uri": null, "token_expires_in": 3600, "client_id": NATIVE_CLIENT, "has_client_secret": false,
            "redirect": "http://127.0.0.1/callback", "connections": 0, "created_at": idp["created_at"],
        })
    );
    assert_eq!(json(&home.keyward(&["auth-client", "show", idp["id"].as_str().unwrap(), "--json"])), idp);
    assert_eq!(json(&home.keyward(&["auth-client", "list", "--json"])), json!([idp]));

    let fixed = ["auth-client", "add", "secret-one", "--type", "oauth2", "--issuer", server.issuer(), "--client-id", CONFIDENTIAL_CLIENT];
    let more = ["--client-secret-stdin", "--name", "With a secret", "--app", "shop", "--token-expires-in", "120", "--json"];
    let run = home.keyward(&[&fixed[..], &ASKED, &more].concat());
    refused(&run, 2);
    let made = ok(&run.clone().stdin(format!("{CLIENT_SECRET}\n")));
    assert!(made.said().contains("http://127.0.0.1/callback"), "the address to register is told: {}", made.said());
    let client = made.json().unwrap();
    assert_eq!(
        (&client["has_client_secret"], &client["name"], &client["application"], &client["token_expires_in"]),
        (&json!(true), &json!("With a secret"), &json!("shop"), &json!(120))
    );
    for args in [&["auth-client", "list", "--json"][..], &["auth-client", "show", "secret-one"], &["audit", "--json"]] {
        assert!(!ok(&home.keyward(args)).text().contains(CLIENT_SECRET), "O-08");
    }
    let keys: Vec<Value> = json(&home.keyward(&["auth-client", "list", "--json"])).as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert_eq!(keys.len(), 2);
    assert!(ok(&home.keyward(&["auth-client", "list"])).text().contains("secret-one"));
    // The secret arrives at the provider as it is.
    assert_eq!(connect(&home, "WITH_SECRET", &["--auth-client", "secret-one"])["state"], "ready");

    error(&run.clone().stdin("x"), 6);
    let cased = home.keyward(&[&["auth-client", "add", "IDP"], &fixed[3..], &["--json"]].concat());
    error(&cased, 6);
    error(&home.keyward(&["auth-client", "show", "none", "--json"]), 3);
    error(&home.keyward(&["auth-client", "delete", "none", "--json"]), 3);
    // Another environment does not see it, and has none to connect through.
    ok(&home.keyward(&["env", "add", "prod"]));
    assert_eq!(json(&home.keyward(&["auth-client", "list", "--env", "prod", "--json"])), json!([]));
    error(&connecting(&home, "C", &["--env", "prod"]), 3);
    error(&connecting(&home, "C", &["--env", "prod", "--auth-client", "idp"]), 3);
    ok(&home.keyward(&["auth-client", "delete", idp["id"].as_str().unwrap()]));
    error(&home.keyward(&["auth-client", "show", "idp", "--json"]), 3);
}

/// EL4, O-11, O-12: endpoints by hand, and what is refused.
#[test]
fn el4_auth_clients_by_hand() {
    let home = keychain_home();
    let fixed = ["auth-client", "add", "hand", "--type", "oauth2", "--client-id", "x", "--json"];
    let with = |more: &[&str]| home.keyward(&[&fixed[..], more].concat());
    let uris = ["--auth-uri", "https://as.example/auth", "--token-uri", "https://as.example/token"];
    for (args, field) in [
        (&["--auth-uri", "https://as.example/auth"][..], "token uri"),
        (&["--token-uri", "https://as.example/token"], "auth uri"),
        (&[], "uri"),
        (&["--auth-uri", "http://as.example/auth", "--token-uri", "https://as.example/token"], "auth uri"),
        (&["--auth-uri", "https://as.example/auth", "--token-uri", "ftp://as.example/token"], "token uri"),
        (&["--auth-uri", "https://as.example/auth#f", "--token-uri", "https://as.example/token"], "auth uri"),
        (&["--auth-uri", "https://u:p@as.example/auth", "--token-uri", "https://as.example/token"], "auth uri"),
    ] {
        let error = error(&with(args), 2);
        assert!(error["message"].as_str().unwrap().contains(field), "{args:?}: {error}");
    }
    for param in ["state=x", "client_id=x", "redirect_uri=x", "code_challenge=x", "code_challenge_method=plain", "response_type=token", "nope"] {
        error(&with(&[&uris[..], &["--authorize-param", param]].concat()), 2);
    }
    for path in ["callback", "/a?b", "/a#b", "//evil.example/", "/a b", ""] {
        error(&with(&[&uris[..], &["--redirect-path", path]].concat()), 2);
    }
    error(&with(&[&uris[..], &["--revocation-uri", "http://as.example/r"]].concat()), 2);
    error(&with(&[&uris[..], &["--app", "Not An App"]].concat()), 2);
    error(&with(&[&uris[..], &["--token-expires-in", "soon"]].concat()), 2);
    refused(&home.keyward(&[&["auth-client", "add", "Bad.Key"], &fixed[3..], &uris[..]].concat()), 2);
    // Nobody there: the issuer cannot be asked.
    error(&with(&["--issuer", "http://127.0.0.1:9"]), 8);
    error(&with(&["--issuer", "http://as.example"]), 2);
    assert_eq!(json(&home.keyward(&["auth-client", "list", "--json"])), json!([]), "a refusal leaves nothing");

    let made = json(&with(&[&uris[..], &["--redirect-path", "/oauth/back", "--authorize-param", "access_type=offline", "--scope", "a"]].concat()));
    has_members(&made, AUTH_CLIENT);
    assert_eq!(
        (&made["auth_uri"], &made["redirect"], &made["has_client_secret"]),
        (&json!("https://as.example/auth"), &json!("http://127.0.0.1/oauth/back"), &json!(false))
    );
    let (running, link) = begin(&home, "C", &["--scope", "b", "--scope", "c d", "--param", "login_hint=ada@x"]);
    // O-02, O-04, O-07, O-10: what the link carries.
    for (name, value) in [
        ("response_type", "code"), ("client_id", "x"), ("code_challenge_method", "S256"), ("access_type", "offline"),
        ("login_hint", "ada@x"), ("scope", "b c d"),
    ] {
        assert_eq!(http::query(&link, name).as_deref(), Some(value), "{link}");
    }
    let redirect = http::query(&link, "redirect_uri").unwrap();
    assert!(redirect.starts_with("http://127.0.0.1:") && redirect.ends_with("/oauth/back"), "{redirect}");
    assert!(http::query(&link, "state").unwrap().len() >= 43 && http::query(&link, "code_challenge").unwrap().len() == 43);
    drop(running);
    refused(&home.keyward(&["connect", "C", "--no-browser", "--param", "state=x"]), 2);
    refused(&home.keyward(&["connect", "Bad.Key", "--no-browser"]), 2);
    for timeout in ["0s", "11m", "soon"] {
        refused(&home.keyward(&["connect", "C", "--no-browser", "--timeout", timeout]), 2);
    }
}

/// OA1: one consent in the browser, and from then on any command gets the token (PV4, EL1).
#[test]
fn oa1_connect_and_use() {
    let Ground { home, server } = ground(90);
    assert_eq!(json(&home.keyward(&["connection", "list", "--json"])), json!([]));
    let outcome = ok(&connecting(&home, "SHOP", &[]));
    let connection = outcome.json().unwrap();
    has_members(&connection, CONNECTION);
    is_id(&connection["id"]);
    for time in ["expires_at", "next_refresh_at", "created_at"] {
        is_time(&connection[time]);
    }
    assert_eq!(
        connection,
        json!({
            "id": connection["id"], "key": "SHOP", "name": "SHOP", "environment": "default", "application": null,
            "auth_client": "idp", "auth_type": "oauth2", "owner": connection["owner"], "account": connection["account"],
            "state": "ready", "error": null, "scope": connection["scope"], "expires_at": connection["expires_at"],
            "next_refresh_at": connection["next_refresh_at"], "refresh_token": true, "refresh_token_expires_at": null,
            "default": false, "created_at": connection["created_at"],
        })
    );
    assert!(connection["account"].as_str().unwrap().contains("ada"), "the ID token says whose it is: {connection}");
    assert!(connection["scope"].as_str().unwrap().split(' ').any(|scope| scope == "api:read"), "{connection}");
    assert!(outcome.said().contains("Connected"), "{}", outcome.said());
    assert_eq!(show(&home, "SHOP"), connection);
    assert_eq!(json(&home.keyward(&["connection", "list", "--json"])), json!([connection]));
    assert_eq!(json(&home.keyward(&["connection", "list", "--state", "ready", "--json"])), json!([connection]));
    assert_eq!(json(&home.keyward(&["connection", "list", "--state", "error", "--json"])), json!([]));
    refused(&home.keyward(&["connection", "list", "--state", "happy"]), 2);
    error(&home.keyward(&["connection", "show", "NONE", "--json"]), 3);
    assert_eq!(json(&home.keyward(&["auth-client", "show", "idp", "--json"]))["connections"], 1);

    // `token`: raw without a newline, or as an object.
    let token = json(&home.keyward(&["token", "SHOP", "--json"]));
    has_members(&token, "access_token token_type expires_at scope");
    assert_eq!((&token["expires_at"], &token["scope"]), (&connection["expires_at"], &connection["scope"]));
    assert!(token["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    let raw = ok(&home.keyward(&["token", "SHOP"]));
    assert_eq!(json!(raw.text()), token["access_token"]);
    assert!(raw.said().is_empty(), "{}", raw.said());
    // The provider takes it.
    let me = http::get(&format!("{}/me", server.issuer()), &[("authorization", &format!("Bearer {}", raw.text()))]).unwrap();
    assert_eq!((me.status, &me.json().unwrap()["sub"]), (200, &json!("ada")));
    error(&home.keyward(&["token", "NONE", "--json"]), 3);

    // Fields of the reference; never the refresh token.
    let get = |reference: &str| ok(&home.keyward(&["get", reference])).text();
    for reference in ["SHOP", "keyward://SHOP", "{vault.SHOP}", "{vault.SHOP.access_token}", "keyward://default/SHOP/access_token", "{vault.SHOP.raw.access_token}"] {
        assert_eq!(get(reference), raw.text(), "{reference}");
    }
    assert_eq!(json!(get("{vault.SHOP.scope}")), connection["scope"]);
    assert_eq!(json!(get("{vault.SHOP.expires_at}")), connection["expires_at"]);
    assert_eq!(json!(get("{vault.SHOP.account}")), connection["account"]);
    assert!(get("{vault.SHOP.token_type}").eq_ignore_ascii_case("bearer"));
    assert_eq!(get("{vault.SHOP.raw.expires_in}"), "90");
    error(&home.keyward(&["get", "{vault.SHOP.raw.nothing}", "--json"]), 3);
    for never in ["{vault.SHOP.refresh_token}", "{vault.SHOP.raw.refresh_token}"] {
        let refused = home.keyward(&["get", never, "--json"]).output().unwrap();
        assert!(refused.code() != 0 && refused.stdout.is_empty(), "{never}");
    }
    let run = home.keyward(&["run", "--", "printenv", "T"]).var("T", "Bearer {vault.SHOP}");
    assert_eq!(ok(&run).text(), format!("Bearer {}\n", raw.text()));
    assert_eq!(server.refreshes().unwrap(), 0, "a token with life left is handed out as it is");
    // One namespace: the key is taken for a Secret, and a Secret's for a Connection.
    error(&home.keyward(&["secret", "add", "SHOP", "--json"]).stdin("x"), 6);
    add(&home, "TAKEN", b"x");
    error(&connecting(&home, "TAKEN", &[]), 6);
    error(&connecting(&home, "taken", &[]), 6);

    // OA12: connecting an existing name renews the same Connection.
    std::thread::sleep(Duration::from_millis(1_100));
    let again = connect(&home, "SHOP", &[]);
    assert_eq!((&again["id"], &again["created_at"]), (&connection["id"], &connection["created_at"]));
    assert_ne!(again["expires_at"], connection["expires_at"]);
    assert_ne!(get("SHOP"), raw.text());
    // EL8: two auth clients are a choice; another one than before is a conflict.
    add_client(&home, &server, "other", NATIVE_CLIENT, &["--app", "github"]);
    let choice = error(&connecting(&home, "SECOND", &[]), 2);
    assert!(hint(&choice).contains("idp") && hint(&choice).contains("other"), "{choice}");
    error(&connecting(&home, "SHOP", &["--auth-client", "other"]), 6);
    error(&connecting(&home, "SECOND", &["--auth-client", "none"]), 3);
    assert_eq!(connect(&home, "SHOP", &[])["id"], connection["id"]);

    // AM9: the first Connection of an application is its default: @APP.
    let first = connect(&home, "FIRST", &["--auth-client", "other"]);
    assert_eq!((&first["application"], &first["default"]), (&json!("github"), &json!(true)));
    assert_eq!(connect(&home, "SECOND", &["--auth-client", "other"])["default"], false);
    let first = ok(&home.keyward(&["token", "FIRST"])).text();
    for reference in ["@github", "keyward://@github", "keyward://./@github/access_token", "{vault.@github}"] {
        assert_eq!(get(reference), first, "{reference}");
    }
    error(&home.keyward(&["auth-client", "delete", "other", "--json"]), 6);
    ok(&home.keyward(&["connection", "delete", "FIRST", "SECOND"]));
    ok(&home.keyward(&["auth-client", "delete", "other"]));
}

/// OA1: `--no-browser` prints the link and waits; O-23, O-24, O-26: strangers neither finish nor abort it.
#[test]
fn o23_a_link_and_strangers_at_the_listener() {
    let Ground { home, server } = ground(90);
    let (mut running, link) = begin(&home, "SHOP", &[]);
    let redirect = http::query(&link, "redirect_uri").unwrap();
    let state = http::query(&link, "state").unwrap();
    let (authority, _) = http::split(&redirect).unwrap();
    for (query, status) in [
        ("", 400),
        ("?code=x", 400),
        ("?state=wrong&code=x", 400),
        ("?error=access_denied", 400),
        ("?error=access_denied&state=wrong", 400),
    ] {
        assert_eq!(http::get(&format!("{redirect}{query}"), &[]).unwrap().status, status, "{query}");
    }
    let doubled = format!("{redirect}?state={state}&state={state}&code=x");
    assert_eq!(http::get(&doubled, &[]).unwrap().status, 400);
    assert_eq!(http::get(&format!("http://{authority}/favicon.ico"), &[]).unwrap().status, 404);
    assert_eq!(http::send("HEAD", &redirect, &[], b"").map(|answer| answer.status).unwrap_or(405), 405);
    assert_eq!(http::send("POST", &redirect, &[], b"").unwrap().status, 405);
    assert!(running.process.0.try_wait().unwrap().is_none(), "the flow goes on");
    assert_eq!(consent::give(&link, Choice::Agree).unwrap().status, 200);
    let connection = document(&mut running);
    assert_eq!((&connection["key"], &connection["state"]), (&json!("SHOP"), &json!("ready")));
    is_closed(&link);
    let codes = server.requests().unwrap();
    assert_eq!(codes.iter().filter(|seen| seen.grant_type == "authorization_code").count(), 1, "O-24: {codes:?}");

    // Without a browser that starts, the link is shown all the same.
    let mut running = home
        .keyward(&["connect", "SHOP", "--json"])
        .var("BROWSER", "/no/such/browser:false")
        .var("PATH", "/no/such/folder")
        .start()
        .unwrap();
    let link = running.stderr.find("open: URL", LIMIT, |line| line.strip_prefix("open: ").map(str::to_owned)).unwrap();
    consent::give(&link, Choice::Agree).unwrap();
    assert_eq!(document(&mut running)["id"], connection["id"]);
}

/// O-33: what the provider's page may answer. Denied = 5; nothing is stored.
#[test]
fn o33_denial_is_5() {
    let Ground { home, server } = ground(90);
    let denied = error(&connecting(&home, "SHOP", &[]).var("KEYWARD_TEST_CONSENT", "refuse"), 5);
    assert!(denied["message"].as_str().unwrap().contains("access_denied") && !hint(&denied).is_empty(), "{denied}");
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);
    // A scope that the provider does not know.
    let (mut running, link) = begin(&home, "SHOP", &["--scope", "nonsense"]);
    consent::give(&link, Choice::Agree).unwrap();
    let ended = running.wait(LIMIT).unwrap();
    assert_eq!(ended.code(), Some(8), "{:?}", running.stderr.seen());
    is_closed(&link);
    assert!(server.requests().unwrap().is_empty());
    // A Connection that exists survives a denial.
    let connection = connect(&home, "SHOP", &[]);
    error(&connecting(&home, "SHOP", &[]).var("KEYWARD_TEST_CONSENT", "refuse"), 5);
    assert_eq!(show(&home, "SHOP"), connection);
    ok(&home.keyward(&["token", "SHOP"]));
    // O-61: a client secret that the provider does not take. It looks like a number and stays one (EL13).
    let add = ["auth-client", "add", "wrong", "--type", "oauth2", "--issuer", server.issuer(), "--client-id", CONFIDENTIAL_CLIENT, "--client-secret-stdin"];
    ok(&home.keyward(&[&add[..], &ASKED].concat()).stdin("0012345678"));
    let failed = error(&connecting(&home, "WRONG", &["--auth-client", "wrong"]), 8);
    assert!(failed.to_string().contains("invalid_client") && !failed.to_string().contains("0012345678"), "{failed}");
}

/// CLI.md, status 7: `connect` timed out. A signal ends it as well; the listener closes either way (O-20, O-22).
#[test]
fn o22_a_time_out_is_7() {
    let Ground { home, .. } = ground(90);
    let began = Instant::now();
    let (mut running, link) = begin(&home, "SHOP", &["--timeout", "1s"]);
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(7));
    assert!(began.elapsed() < Duration::from_secs(10));
    std::thread::sleep(Duration::from_millis(50));
    let last = running.stderr.seen().last().cloned().unwrap();
    assert!(last.contains("\"needs_consent\""), "{last}");
    assert!(running.stdout.seen().is_empty());
    is_closed(&link);
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);
    for name in ["TERM", "INT"] {
        let (mut running, link) = begin(&home, "SHOP", &[]);
        signal(running.process.0.id(), name).unwrap();
        assert_eq!(running.wait(LIMIT).unwrap().code(), Some(5));
        is_closed(&link);
    }
}

/// O-36: on a terminal the address the browser ended at can be pasted.
#[test]
fn o36_pasting_the_address() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = passphrase_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    let _host = home.serve().unwrap();
    let mut terminal = Terminal::keyward(&home, &["connect", "SHOP", "--no-browser"]);
    terminal.expect("open: ");
    terminal.expect("Waiting");
    let screen = terminal.screen();
    let link = screen.split("open: ").nth(1).unwrap().split_whitespace().next().unwrap();
    terminal.enter("https://somewhere.example/else");
    terminal.expect("does not answer");
    let back = consent::redirect_of(link, Choice::Agree).unwrap();
    let mut forged = back.clone();
    forged.truncate(back.find("state=").unwrap());
    terminal.enter(&format!("{forged}state=wrong"));
    terminal.expect("does not answer");
    terminal.enter(&back);
    assert!(terminal.end().success(), "{}", terminal.screen());
    terminal.expect("SHOP");
    is_closed(link);
    assert_eq!(show(&home, "SHOP")["state"], "ready");
}

/// AM10, EL12: no refresh token is said, with why and what to do; it is never tried; then expired = 7.
#[test]
fn am10_no_refresh_token() {
    let Ground { home, server } = ground(90);
    add_client(&home, &server, "short", NO_REFRESH_CLIENT, &[]);
    server.set_ttl(Duration::from_secs(3)).unwrap();
    let outcome = ok(&connecting(&home, "SHORT", &["--auth-client", "short"]));
    let connection = outcome.json().unwrap();
    has_members(&connection, CONNECTION);
    has_members(&connection["error"], "code message hint");
    assert_eq!(
        (&connection["state"], &connection["refresh_token"], &connection["next_refresh_at"], &connection["error"]["code"]),
        (&json!("ready"), &json!(false), &Value::Null, &json!("no_refresh_token"))
    );
    assert!(outcome.said().contains("no refresh token") && outcome.said().contains("offline"), "{}", outcome.said());
    ok(&home.keyward(&["token", "SHORT"]));
    error(&home.keyward(&["connection", "refresh", "SHORT", "--json"]), 7);
    std::thread::sleep(Duration::from_millis(3_200));
    let over = error(&home.keyward(&["token", "SHORT", "--json"]), 7);
    assert!(hint(&over).contains("keyward connect SHORT"), "{over}");
    error(&home.keyward(&["get", "SHORT", "--json"]), 7);
    error(&home.keyward(&["get", "{vault.SHORT.expires_at}", "--json"]), 7);
    assert_eq!(server.refreshes().unwrap(), 0);
}

/// EL10, OA11, AM6: refresh now; disconnect revokes and keeps the definition; delete is for good.
#[test]
fn am6_refresh_disconnect_delete() {
    let Ground { home, server } = ground(90);
    let connection = connect(&home, "SHOP", &[]);
    let before = ok(&home.keyward(&["token", "SHOP"])).text();
    let refreshed = json(&home.keyward(&["connection", "refresh", "SHOP", "--json"]));
    has_members(&refreshed, CONNECTION);
    assert_eq!((&refreshed["id"], &refreshed["state"]), (&connection["id"], &json!("ready")));
    assert_ne!(ok(&home.keyward(&["token", "SHOP"])).text(), before, "the new token");
    assert_eq!(server.refreshes().unwrap(), 1);
    error(&home.keyward(&["connection", "refresh", "NONE", "--json"]), 3);

    let said = ok(&home.keyward(&["connection", "disconnect", "SHOP"]));
    assert!(said.stdout.is_empty() && said.said().contains("revoked"), "{}", said.said());
    let revoked = |server: &OidcServer| {
        let seen = server.requests().unwrap();
        assert!(seen.iter().all(|one| one.endpoint != "revocation" || one.status == 200), "{seen:?}");
        seen.iter().filter(|one| one.endpoint == "revocation").count()
    };
    assert_eq!(revoked(&server), 2, "O-52: the refresh token and the access token");
    assert_eq!(server.grants_revoked().unwrap(), 1);
    let gone = show(&home, "SHOP");
    has_members(&gone, CONNECTION);
    assert_eq!(
        (&gone["state"], &gone["refresh_token"], &gone["expires_at"], &gone["next_refresh_at"], &gone["id"]),
        (&json!("disconnected"), &json!(false), &Value::Null, &Value::Null, &connection["id"])
    );
    error(&home.keyward(&["token", "SHOP", "--json"]), 7);
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 7);
    assert!(ok(&home.keyward(&["connection", "disconnect", "SHOP"])).said().contains("no tokens"));
    error(&home.keyward(&["auth-client", "delete", "idp", "--json"]), 6);
    // Connecting it again is the same Connection.
    assert_eq!(connect(&home, "SHOP", &[])["id"], connection["id"]);

    // Several, all of them or none.
    connect(&home, "SECOND", &[]);
    error(&home.keyward(&["connection", "delete", "SHOP", "NONE", "--json"]), 3);
    assert_eq!(json(&home.keyward(&["connection", "list", "--json"])).as_array().unwrap().len(), 2);
    let said = ok(&home.keyward(&["connection", "delete", "SHOP", "SECOND"])).said();
    assert!(said.contains("SHOP") && said.contains("SECOND"), "{said}");
    assert_eq!(revoked(&server), 6);
    assert_eq!(json(&home.keyward(&["connection", "list", "--json"])), json!([]));
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);
    add(&home, "SHOP", b"the key is free");
    ok(&home.keyward(&["auth-client", "delete", "idp"]));

    // OA11: where no revocation address is known, that is said.
    let by_hand = |name: &str| format!("{}{name}", server.issuer());
    let (auth, token) = (by_hand("/auth"), by_hand("/token"));
    let fixed = ["auth-client", "add", "hand", "--type", "oauth2", "--client-id", NATIVE_CLIENT, "--auth-uri", &auth, "--token-uri", &token];
    ok(&home.keyward(&[&fixed[..], &ASKED].concat()));
    connect(&home, "HAND", &[]);
    let said = ok(&home.keyward(&["connection", "disconnect", "HAND"])).said();
    assert!(said.contains("No revocation address"), "{said}");
    assert_eq!(revoked(&server), 6);
}

/// OA11: a provider that is down when it should revoke: the tokens are gone here all the same, and that is said.
#[test]
fn oa11_a_revocation_that_fails_is_told() {
    let Ground { home, server } = ground(90);
    connect(&home, "SHOP", &[]);
    drop(server);
    let said = ok(&home.keyward(&["connection", "disconnect", "SHOP"])).said();
    assert!(said.contains("could not revoke"), "{said}");
    assert_eq!(show(&home, "SHOP")["state"], "disconnected");
    let said = ok(&home.keyward(&["connection", "delete", "SHOP"])).said();
    assert!(said.contains("no tokens"), "{said}");
}

/// Through a host: the browser is the host's to start, the result the same; `lock` cancels flows (CLI.md).
#[test]
fn st5_lock_cancels_a_flow_in_the_host() {
    let Ground { home, server } = ground(90);
    let _host = home.serve().unwrap();
    let (mut running, link) = begin(&home, "SHOP", &[]);
    consent::give(&link, Choice::Agree).unwrap();
    let connection = document(&mut running);
    has_members(&connection, CONNECTION);
    let token = ok(&home.keyward(&["token", "SHOP"])).text();

    let (mut running, link) = begin(&home, "SHOP", &[]);
    ok(&home.keyward(&["lock"]));
    let ended = running.wait(LIMIT).unwrap();
    assert_ne!(ended.code(), Some(0));
    is_closed(&link);
    refused(&home.keyward(&["token", "SHOP"]), 4);
    ok(&home.keyward(&["unlock"]));
    assert_eq!(ok(&home.keyward(&["token", "SHOP"])).text(), token);
    assert_eq!(show(&home, "SHOP")["id"], connection["id"]);
    assert_eq!(server.grants_revoked().unwrap(), 0);

    // A killed `connect` does not end the host's flow before its time, and several run at once (OA1).
    let (mut one, first) = begin(&home, "ONE", &[]);
    let (mut two, second) = begin(&home, "TWO", &[]);
    consent::give(&second, Choice::Agree).unwrap();
    consent::give(&first, Choice::Agree).unwrap();
    assert_eq!((document(&mut one)["key"].clone(), document(&mut two)["key"].clone()), (json!("ONE"), json!("TWO")));
}
