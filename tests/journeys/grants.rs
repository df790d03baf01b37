//! Grants beside the authorization code, and redirects beside the free port, against a server that nobody here wrote
//! (npm `oidc-provider`): OA1, OA2, OA3. A long file: each grant and each redirect has a journey of its own.

use std::time::Duration;

use keyward_tests::consent::{self, Choice};
use keyward_tests::home::Home;
use keyward_tests::http;
use keyward_tests::oidc::{
    CLIENT_KEY, CLIENT_SECRET, DEVICE_CLIENT, MACHINE_CLIENT, NATIVE_CLIENT, OidcServer, PUSHED_CLIENT,
    SIGNED_CLIENT, WEB_CLIENT,
};
use serde_json::Value;

use crate::common::{error, hint, json, keychain_home, ok};
use crate::provider::{Ground, LIMIT, begin, connect, connecting, document, ground, show};

const MINUTE: Duration = Duration::from_secs(60);

/// `auth-client add KEY --issuer …` with these.
fn add(home: &Home, server: &OidcServer, key: &str, more: &[&str], secret: Option<&str>) -> Value {
    let fixed = [
        "auth-client",
        "add",
        key,
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--json",
    ];
    let stdin: &[&str] = if secret.is_some() {
        &["--client-secret-stdin"]
    } else {
        &[]
    };
    let run = home.keyward(&[&fixed[..], more, stdin].concat());
    json(&match secret {
        Some(secret) => run.stdin(secret.as_bytes()),
        None => run,
    })
}

/// What reached an endpoint: grant types of the token endpoint, in order.
fn grants(server: &OidcServer) -> Vec<String> {
    let seen = server.requests().unwrap().into_iter();
    seen.filter(|seen| seen.endpoint == "token" && seen.status == 200)
        .map(|seen| seen.grant_type)
        .collect()
}

/// O-51: address and code are shown apart, the code works on another device, and the tokens are refreshed like others.
#[test]
fn o51_a_device_code_connects_and_refreshes() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let scopes = [
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--scope",
        "api:read",
    ];
    let client = [
        "--client-id",
        DEVICE_CLIENT,
        "--grant",
        "device_code",
        "--authorize-param",
        "prompt=consent",
    ];
    let made = add(&home, &server, "tv", &[&client[..], &scopes].concat(), None);
    let shown = ok(&home.keyward(&["auth-client", "show", "tv"])).text();
    assert!(shown.contains("device_code"), "{shown}");
    // No browser comes back: there is nothing to register.
    assert_eq!(made["redirect"], Value::Null);

    let (mut running, address) = begin(&home, "SHOP", &[]);
    let code = running
        .stderr
        .find("code: XXXX-XXXX", LIMIT, |line| {
            line.strip_prefix("code: ").map(str::to_owned)
        })
        .unwrap();
    // Never the address that has the code in it.
    assert!(
        !address.contains(&code) && address.starts_with(server.issuer()),
        "{address}"
    );
    consent::on_another_device(&address, &code, Choice::Agree).unwrap();
    let connection = document(&mut running);
    assert_eq!(connection["state"], "ready");
    assert_eq!(connection["refresh_token"], true);
    assert_eq!(connection["account"], "ada");
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    assert_eq!(server.refreshes().unwrap(), 1);
}

/// O-51: a person's no on the other device ends it as denied.
#[test]
fn o51_a_device_code_that_is_refused_is_denied() {
    let server = OidcServer::start(MINUTE).unwrap();
    let home = keychain_home();
    add(
        &home,
        &server,
        "tv",
        &["--client-id", DEVICE_CLIENT, "--grant", "device_code"],
        None,
    );
    let (mut running, address) = begin(&home, "SHOP", &[]);
    let code = running
        .stderr
        .find("code", LIMIT, |line| {
            line.strip_prefix("code: ").map(str::to_owned)
        })
        .unwrap();
    consent::on_another_device(&address, &code, Choice::Refuse).unwrap();
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(5));
}

/// OA2: nobody is asked; “refresh” is the same request again, by itself when the token is due.
#[test]
fn oa2_client_credentials_connect_and_renew_without_a_person() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let client = [
        "--client-id",
        MACHINE_CLIENT,
        "--grant",
        "client_credentials",
        "--client-auth",
        "post",
        "--scope",
        "api:read",
    ];
    add(&home, &server, "bot", &client, Some(CLIENT_SECRET));
    let outcome = ok(&connecting(&home, "SHOP", &[]));
    let connection = outcome.json().unwrap();
    let said = outcome.said();
    assert!(
        said.contains("nobody has to approve") && !said.contains("Approved"),
        "{said}"
    );
    assert_eq!(connection["state"], "ready");
    assert_eq!(connection["error"], Value::Null);
    assert!(connection["next_refresh_at"].is_string(), "something renews it");
    assert_eq!(
        connection["refresh_token"], false,
        "and that is the client itself"
    );
    let shown = ok(&home.keyward(&["connection", "show", "SHOP"])).text();
    assert!(shown.contains("none needed"), "{shown}");
    let first = ok(&home.keyward(&["token", "SHOP"])).text();
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    let second = ok(&home.keyward(&["token", "SHOP"])).text();
    assert_ne!(first, second);
    // EL1, EL3: a token that is due is renewed when somebody asks; half of two seconds is as late as that gets.
    server.set_ttl(Duration::from_secs(2)).unwrap();
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    std::thread::sleep(Duration::from_millis(1500));
    server.set_ttl(Duration::from_secs(90)).unwrap();
    ok(&home.keyward(&["token", "SHOP"]));
    assert_eq!(grants(&server), ["client_credentials"; 4]);
    // OA11: there is no refresh token to revoke, and none is sent.
    ok(&home.keyward(&["connection", "disconnect", "SHOP"]));
    let revocations = server
        .requests()
        .unwrap()
        .into_iter()
        .filter(|seen| seen.endpoint == "revocation");
    assert_eq!(revocations.count(), 1);
}

/// O-46, O-47: the server checks our assertion: its signature, its one audience, its age.
#[test]
fn o47_a_private_key_in_place_of_a_secret() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let client = [
        "--client-id",
        SIGNED_CLIENT,
        "--grant",
        "client_credentials",
        "--client-auth",
        "private_key_jwt",
        "--scope",
        "api:read",
    ];
    add(&home, &server, "bot", &client, Some(CLIENT_KEY));
    assert_eq!(connect(&home, "SHOP", &[])["state"], "ready");
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
    assert_eq!(grants(&server).len(), 2);
    // Another key: the server says no, and it is told as a matter of the registration.
    let other = CLIENT_KEY.replace("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "AAAA");
    let refused = home
        .keyward(&["auth-client", "update", "bot", "--client-secret-stdin"])
        .stdin(other.as_bytes());
    ok(&refused);
    let refused = error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 8);
    assert!(
        refused["message"].as_str().unwrap().contains("private key"),
        "{refused}"
    );
}

/// O-16: the request goes to the provider first, and the browser carries a reference.
#[test]
fn o16_a_pushed_request() {
    let server = OidcServer::start_pushing(MINUTE).unwrap();
    let home = keychain_home();
    add(
        &home,
        &server,
        "idp",
        &["--client-id", PUSHED_CLIENT, "--scope", "openid"],
        None,
    );
    let (mut running, link) = begin(&home, "SHOP", &[]);
    assert!(http::query(&link, "request_uri").is_some());
    for own in ["state", "code_challenge", "redirect_uri", "scope"] {
        assert_eq!(http::query(&link, own), None, "{own}");
    }
    consent::give(&link, Choice::Agree).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
    let pushed = server
        .requests()
        .unwrap()
        .into_iter()
        .filter(|seen| seen.endpoint == "pushed");
    assert_eq!(pushed.map(|seen| seen.status).collect::<Vec<_>>(), [201]);
}

/// OA3: an issuer that registers clients makes one, and it works.
#[test]
fn oa3_a_client_is_registered_where_none_is_named() {
    let server = OidcServer::start(MINUTE).unwrap();
    let home = keychain_home();
    let scopes = [
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--authorize-param",
        "prompt=consent",
    ];
    let made = add(&home, &server, "idp", &scopes, None);
    assert!(made["client_id"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(made["has_client_secret"], false);
    let connection = connect(&home, "SHOP", &[]);
    assert_eq!(connection["state"], "ready");
    assert_eq!(connection["refresh_token"], true);
    let registered = server
        .requests()
        .unwrap()
        .into_iter()
        .filter(|seen| seen.endpoint == "registration");
    assert_eq!(registered.count(), 1);
}

/// OA1, O-36: nobody listens; the address that the browser ends at is pasted, and judged as a callback.
#[test]
fn oa1_an_address_elsewhere_is_pasted() {
    let server = OidcServer::start(MINUTE).unwrap();
    let home = keychain_home();
    let client = [
        "--client-id",
        WEB_CLIENT,
        "--redirect",
        "paste:https://tools.example/oauth/done",
        "--scope",
        "openid",
    ];
    let made = add(&home, &server, "idp", &client, None);
    assert_eq!(made["redirect"], "https://tools.example/oauth/done");
    // Without a terminal nothing can arrive, and that is said at once.
    let (mut running, _) = begin(&home, "SHOP", &["--timeout", "1s"]);
    running
        .stderr
        .find("no terminal", LIMIT, |line| {
            line.contains("does not listen, and there is no terminal")
                .then_some(())
        })
        .unwrap();
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(7));
    let mut terminal = crate::common::Terminal::keyward(&home, &["connect", "SHOP", "--no-browser"]);
    terminal.expect("open: ");
    terminal.expect("then Enter.");
    let screen: String = terminal.screen().split_whitespace().collect();
    let start = screen.find("open:").unwrap() + "open:".len();
    let end = screen[start..].find("Onanother").unwrap() + start;
    let ended = consent::redirect_of(&screen[start..end], Choice::Agree).unwrap();
    assert!(ended.starts_with("https://tools.example/oauth/done?"));
    // Another state first: it is told, and the consent goes on.
    terminal.enter("https://tools.example/oauth/done?code=x&state=y");
    terminal.expect("does not answer the consent");
    terminal.enter(&ended);
    assert_eq!(terminal.end().code(), Some(0));
    assert_eq!(show(&home, "SHOP")["state"], "ready");
}

/// OA1: a fixed port is opened as it is registered; a second consent on it is told which port.
#[test]
fn oa1_a_fixed_port_and_path() {
    let Ground { home, server } = ground(60);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let redirect = format!("fixed:{port}/callback");
    let made = add(
        &home,
        &server,
        "fixed",
        &[
            "--client-id",
            NATIVE_CLIENT,
            "--redirect",
            &redirect,
            "--scope",
            "openid",
        ],
        None,
    );
    assert_eq!(made["redirect"], format!("http://127.0.0.1:{port}/callback"));
    let (mut running, link) = begin(&home, "SHOP", &["--auth-client", "fixed"]);
    assert_eq!(
        http::query(&link, "redirect_uri").unwrap(),
        format!("http://127.0.0.1:{port}/callback")
    );
    let taken = error(
        &home.keyward(&[
            "connect",
            "OTHER",
            "--auth-client",
            "fixed",
            "--no-browser",
            "--json",
        ]),
        8,
    );
    assert!(
        taken["message"].as_str().unwrap().contains(&port.to_string()),
        "{taken}"
    );
    consent::give(&link, Choice::Agree).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
}

/// OA1, OA2: what cannot be is refused where it is said.
#[test]
fn oa1_impossible_grants_and_redirects_are_usage_errors() {
    let Ground { home, server } = ground(60);
    for (flag, value, word) in [
        ("--grant", "implicit", "grant"),
        ("--client-auth", "tls", "client auth"),
        ("--redirect", "scheme:https", "scheme"),
        ("--redirect", "fixed:80", "1024"),
        ("--redirect", "everywhere", "redirect"),
    ] {
        let run = home.keyward(&[
            "auth-client",
            "add",
            "odd",
            "--type",
            "oauth2",
            "--issuer",
            server.issuer(),
            "--client-id",
            "x",
            flag,
            value,
            "--json",
        ]);
        let refused = error(&run, 2);
        assert!(refused["message"].as_str().unwrap().contains(word), "{refused}");
        let _ = hint(&refused);
    }
}

/// O-48 and the lifecycle against a server of another make, whose ID tokens another library signs.
#[test]
fn o48_a_second_server_signs_in_every_accepted_way() {
    let home = keychain_home();
    for (number, algorithm) in ["RS256", "PS256", "ES256", "EdDSA"].into_iter().enumerate() {
        let server = OidcServer::start_second(algorithm).unwrap();
        let (client, name) = (format!("idp{number}"), format!("SHOP{number}"));
        add(
            &home,
            &server,
            &client,
            &["--client-id", "any", "--scope", "openid"],
            None,
        );
        let connection = connect(&home, &name, &["--auth-client", &client]);
        assert_eq!(connection["state"], "ready", "{algorithm}");
        assert_eq!(connection["account"], "johndoe", "{algorithm}");
        let before = ok(&home.keyward(&["token", &name])).text();
        std::thread::sleep(Duration::from_millis(1100)); // its tokens differ by the second
        ok(&home.keyward(&["connection", "refresh", &name]));
        assert_ne!(ok(&home.keyward(&["token", &name])).text(), before);
        ok(&home.keyward(&["connection", "disconnect", &name]));
    }
}

/// OA2: the password grant works where a client says so, warned; the password is on stdin and in no argument.
#[test]
fn oa2_a_password_where_the_client_says_so() {
    let server = OidcServer::start_second("RS256").unwrap();
    let home = keychain_home();
    let run = home.keyward(&[
        "auth-client",
        "add",
        "old",
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--client-id",
        "any",
        "--grant",
        "password",
    ]);
    assert!(ok(&run).said().contains("Warning"));
    let refused = error(&home.keyward(&["connect", "SHOP", "--json"]), 2);
    assert!(
        refused["message"].as_str().unwrap().contains("password"),
        "{refused}"
    );
    let run = home
        .keyward(&["connect", "SHOP", "--username", "ada", "--json"])
        .stdin(*b"hunter22\n");
    let connection = json(&run);
    assert_eq!(connection["state"], "ready");
    assert_eq!(connection["refresh_token"], true);
    ok(&home.keyward(&["connection", "refresh", "SHOP"]));
}
