//! `auth-client`: our registrations at providers, discovered or given by hand.

use std::io::{Read, Write};
use std::net::TcpListener;

use keyward_tests::http;
use keyward_tests::oidc::{CLIENT_SECRET, CONFIDENTIAL_CLIENT, NATIVE_CLIENT};
use serde_json::{Value, json};

use crate::common::{error, has_members, is_id, is_time, json, keychain_home, ok, refused};
use crate::provider::{ASKED, Ground, begin, connect, connecting, ground};

const AUTH_CLIENT: &str = "id key name type application visibility auth_uri token_uri refresh_token_uri token_expires_in \
    client_id has_client_secret redirect url apply connections created_at";

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
            "redirect": "http://127.0.0.1/callback", "url": null, "apply": null, "connections": 0,
            "created_at": idp["created_at"],
        })
    );
    assert_eq!(
        json(&home.keyward(&["auth-client", "show", idp["id"].as_str().unwrap(), "--json"])),
        idp
    );
    assert_eq!(
        json(&home.keyward(&["auth-client", "list", "--json"])),
        json!([idp])
    );

    let fixed = [
        "auth-client",
        "add",
        "secret-one",
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--client-id",
        CONFIDENTIAL_CLIENT,
    ];
    let more = [
        "--client-secret-stdin",
        "--name",
        "With a secret",
        "--app",
        "shop",
        "--token-expires-in",
        "120",
        "--json",
    ];
    let run = home.keyward(&[&fixed[..], &ASKED, &more].concat());
    refused(&run, 2);
    let made = ok(&run.clone().stdin(format!("{CLIENT_SECRET}\n")));
    assert!(
        made.said().contains("http://127.0.0.1/callback"),
        "the address to register is told: {}",
        made.said()
    );
    let client = made.json().unwrap();
    assert_eq!(
        (
            &client["has_client_secret"],
            &client["name"],
            &client["application"],
            &client["token_expires_in"]
        ),
        (&json!(true), &json!("With a secret"), &json!("shop"), &json!(120))
    );
    for args in [
        &["auth-client", "list", "--json"][..],
        &["auth-client", "show", "secret-one"],
        &["audit", "--json"],
    ] {
        assert!(!ok(&home.keyward(args)).text().contains(CLIENT_SECRET), "O-08");
    }
    let keys: Vec<Value> = json(&home.keyward(&["auth-client", "list", "--json"]))
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["key"].clone())
        .collect();
    assert_eq!(keys.len(), 2);
    assert!(
        ok(&home.keyward(&["auth-client", "list"]))
            .text()
            .contains("secret-one")
    );
    // The secret arrives at the provider as it is.
    assert_eq!(
        connect(&home, "WITH_SECRET", &["--auth-client", "secret-one"])["state"],
        "ready"
    );

    error(&run.clone().stdin("x"), 6);
    let cased = home.keyward(&[&["auth-client", "add", "IDP"], &fixed[3..], &["--json"]].concat());
    error(&cased, 6);
    error(&home.keyward(&["auth-client", "show", "none", "--json"]), 3);
    error(&home.keyward(&["auth-client", "delete", "none", "--json"]), 3);
    // Another environment does not see it, and has none to connect through.
    ok(&home.keyward(&["env", "add", "prod"]));
    assert_eq!(
        json(&home.keyward(&["auth-client", "list", "--env", "prod", "--json"])),
        json!([])
    );
    error(&connecting(&home, "C", &["--env", "prod"]), 3);
    error(
        &connecting(&home, "C", &["--env", "prod", "--auth-client", "idp"]),
        3,
    );
    assert_eq!(
        json(&home.keyward(&["auth-client", "delete", idp["id"].as_str().unwrap(), "--json"])),
        json!({ "deleted": idp["id"] })
    );
    error(&home.keyward(&["auth-client", "show", "idp", "--json"]), 3);
}

/// EL4, O-11, O-12: endpoints by hand, and what is refused.
#[test]
fn el4_auth_clients_by_hand() {
    let home = keychain_home();
    let fixed = [
        "auth-client",
        "add",
        "hand",
        "--type",
        "oauth2",
        "--client-id",
        "x",
        "--json",
    ];
    let with = |more: &[&str]| home.keyward(&[&fixed[..], more].concat());
    let uris = [
        "--auth-uri",
        "https://as.example/auth",
        "--token-uri",
        "https://as.example/token",
    ];
    for (args, field) in [
        (&["--auth-uri", "https://as.example/auth"][..], "token uri"),
        (&["--token-uri", "https://as.example/token"], "auth uri"),
        (&[], "uri"),
        (
            &[
                "--auth-uri",
                "http://as.example/auth",
                "--token-uri",
                "https://as.example/token",
            ],
            "auth uri",
        ),
        (
            &[
                "--auth-uri",
                "https://as.example/auth",
                "--token-uri",
                "ftp://as.example/token",
            ],
            "token uri",
        ),
        (
            &[
                "--auth-uri",
                "https://as.example/auth#f",
                "--token-uri",
                "https://as.example/token",
            ],
            "auth uri",
        ),
        (
            &[
                "--auth-uri",
                "https://u:p@as.example/auth",
                "--token-uri",
                "https://as.example/token",
            ],
            "auth uri",
        ),
    ] {
        let error = error(&with(args), 2);
        assert!(
            error["message"].as_str().unwrap().contains(field),
            "{args:?}: {error}"
        );
    }
    for param in [
        "state=x",
        "client_id=x",
        "redirect_uri=x",
        "code_challenge=x",
        "code_challenge_method=plain",
        "response_type=token",
        "nope",
    ] {
        error(&with(&[&uris[..], &["--authorize-param", param]].concat()), 2);
    }
    for path in ["callback", "/a?b", "/a#b", "//evil.example/", "/a b", ""] {
        error(&with(&[&uris[..], &["--redirect-path", path]].concat()), 2);
    }
    error(
        &with(&[&uris[..], &["--revocation-uri", "http://as.example/r"]].concat()),
        2,
    );
    error(&with(&[&uris[..], &["--app", "Not An App"]].concat()), 2);
    error(&with(&[&uris[..], &["--token-expires-in", "soon"]].concat()), 2);
    refused(
        &home.keyward(&[&["auth-client", "add", "Bad.Key"], &fixed[3..], &uris[..]].concat()),
        2,
    );
    // Nobody there: the issuer cannot be asked.
    error(&with(&["--issuer", "http://127.0.0.1:9"]), 8);
    error(&with(&["--issuer", "http://as.example"]), 2);
    assert_eq!(
        json(&home.keyward(&["auth-client", "list", "--json"])),
        json!([]),
        "a refusal leaves nothing"
    );

    let made = json(&with(
        &[
            &uris[..],
            &[
                "--redirect-path",
                "/oauth/back",
                "--authorize-param",
                "access_type=offline",
                "--scope",
                "a",
            ],
        ]
        .concat(),
    ));
    has_members(&made, AUTH_CLIENT);
    assert_eq!(
        (&made["auth_uri"], &made["redirect"], &made["has_client_secret"]),
        (
            &json!("https://as.example/auth"),
            &json!("http://127.0.0.1/oauth/back"),
            &json!(false)
        )
    );
    let (running, link) = begin(
        &home,
        "C",
        &["--scope", "b", "--scope", "c", "--param", "login_hint=ada@x"],
    );
    // O-02, O-04, O-07, O-10: what the link carries.
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "x"),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("login_hint", "ada@x"),
        ("scope", "b c"),
    ] {
        assert_eq!(http::query(&link, name).as_deref(), Some(value), "{link}");
    }
    let redirect = http::query(&link, "redirect_uri").unwrap();
    assert!(
        redirect.starts_with("http://127.0.0.1:") && redirect.ends_with("/oauth/back"),
        "{redirect}"
    );
    assert!(
        http::query(&link, "state").unwrap().len() >= 43
            && http::query(&link, "code_challenge").unwrap().len() == 43
    );
    drop(running);
    refused(
        &home.keyward(&["connect", "C", "--no-browser", "--param", "state=x"]),
        2,
    );
    refused(&home.keyward(&["connect", "Bad.Key", "--no-browser"]), 2);
    for timeout in ["0s", "11m", "soon"] {
        refused(
            &home.keyward(&["connect", "C", "--no-browser", "--timeout", timeout]),
            2,
        );
    }
}

/// EL11, OA1, OA2: how tokens are got and where the browser comes back to may be corrected while nothing uses the client.
#[test]
fn el11_an_unused_client_is_corrected() {
    let home = keychain_home();
    let add = [
        "auth-client",
        "add",
        "hand",
        "--type",
        "oauth2",
        "--client-id",
        "x",
        "--auth-uri",
        "https://as.example/auth",
        "--token-uri",
        "https://as.example/token",
    ];
    ok(&home.keyward(&add));
    let update =
        |more: &[&str]| home.keyward(&[&["auth-client", "update", "hand", "--json"][..], more].concat());
    let changed = json(&update(&[
        "--redirect",
        "fixed:8123/back",
        "--client-auth",
        "post",
    ]));
    assert_eq!(changed["redirect"], "http://127.0.0.1:8123/back");
    // Without an address for device codes there is no such consent.
    error(&update(&["--grant", "device_code"]), 2);
    let changed = json(&update(&["--grant", "client_credentials"]));
    let told = ok(&home.keyward(&["auth-client", "show", "hand"])).text();
    assert!(
        told.contains("client_credentials") && told.contains("post"),
        "{told}"
    );
    for (args, field) in [
        (["--redirect", "ftp:x"], "redirect"),
        (["--grant", "wish"], "grant"),
        (["--client-auth", "wish"], "client auth"),
        (["--redirect-path", "back"], "path"),
    ] {
        let refused = error(&update(&args), 2);
        assert!(refused["message"].as_str().unwrap().contains(field), "{refused}");
    }
    let kept = json(&home.keyward(&["auth-client", "show", "hand", "--json"]));
    assert_eq!(kept, changed, "a refusal changes nothing");
}

/// O-03: an issuer that does not say it checks PKCE is warned of here as in the window; and a client that is to show a
/// secret is told that it has none.
#[test]
fn o03_an_issuer_without_s256_is_warned_of() {
    let home = keychain_home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "code_challenge_methods_supported": ["plain"],
    })
    .to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{document}",
                document.len()
            );
        }
    });
    let add = |key: &str, more: &[&str]| {
        let fixed = [
            "auth-client",
            "add",
            key,
            "--type",
            "oauth2",
            "--issuer",
            &issuer,
            "--client-id",
            "c",
        ];
        ok(&home.keyward(&[&fixed[..], more].concat())).said()
    };
    let said = add("plain", &[]);
    assert!(
        said.contains("Warning: The server does not say that it checks PKCE (S256)"),
        "{said}"
    );
    assert!(!said.contains("--client-secret-stdin"), "{said}");
    let said = add("basic", &["--client-auth", "basic"]);
    assert!(
        said.contains("keyward auth-client update basic --client-secret-stdin"),
        "{said}"
    );
}
