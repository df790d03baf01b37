//! `connection` and `token`: using, refreshing and dropping what a consent gave.

use std::time::Duration;

use keyward_tests::http;
use keyward_tests::oidc::{NATIVE_CLIENT, NO_REFRESH_CLIENT, OidcServer};
use keyward_tests::place;
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, is_id, is_time, json, keychain_home, ok, refused};
use crate::provider::{ASKED, CONNECTION, Ground, add_client, connect, connecting, ground, show};
use crate::queue::file;

/// OA1: one consent in the browser, and from then on any command gets the token (PV4, EL1). EL5: what it holds is shown.
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
            "url": null, "apply": connection["apply"], "default": false, "created_at": connection["created_at"],
        })
    );
    assert!(
        connection["account"].as_str().unwrap().contains("ada"),
        "the ID token says whose it is: {connection}"
    );
    assert!(
        connection["scope"]
            .as_str()
            .unwrap()
            .split(' ')
            .any(|scope| scope == "api:read"),
        "{connection}"
    );
    assert!(outcome.said().contains("Connected"), "{}", outcome.said());
    assert_eq!(show(&home, "SHOP"), connection);
    assert_eq!(
        json(&home.keyward(&["connection", "list", "--json"])),
        json!([connection])
    );
    assert_eq!(
        json(&home.keyward(&["connection", "list", "--state", "ready", "--json"])),
        json!([connection])
    );
    assert_eq!(
        json(&home.keyward(&["connection", "list", "--state", "error", "--json"])),
        json!([])
    );
    refused(&home.keyward(&["connection", "list", "--state", "happy"]), 2);
    error(&home.keyward(&["connection", "show", "NONE", "--json"]), 3);
    assert_eq!(
        json(&home.keyward(&["auth-client", "show", "idp", "--json"]))["connections"],
        1
    );

    // `token`: raw without a newline, or as an object.
    let token = json(&home.keyward(&["token", "SHOP", "--json"]));
    has_members(&token, "access_token token_type expires_at scope");
    assert_eq!(
        (&token["expires_at"], &token["scope"]),
        (&connection["expires_at"], &connection["scope"])
    );
    assert!(
        token["token_type"]
            .as_str()
            .unwrap()
            .eq_ignore_ascii_case("bearer")
    );
    let raw = ok(&home.keyward(&["token", "SHOP"]));
    assert_eq!(json!(raw.text()), token["access_token"]);
    assert!(raw.said().is_empty(), "{}", raw.said());
    // The provider takes it.
    let me = http::get(
        &format!("{}/me", server.issuer()),
        &[("authorization", &format!("Bearer {}", raw.text()))],
    )
    .unwrap();
    assert_eq!((me.status, &me.json().unwrap()["sub"]), (200, &json!("ada")));
    error(&home.keyward(&["token", "NONE", "--json"]), 3);

    // Fields of the reference; never the refresh token.
    let get = |reference: &str| ok(&home.keyward(&["get", reference])).text();
    for reference in [
        "SHOP",
        "keyward://SHOP",
        "{vault.SHOP}",
        "{vault.SHOP.access_token}",
        "keyward://default/SHOP/access_token",
        "{vault.SHOP.raw.access_token}",
    ] {
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
    let run = home
        .keyward(&["run", "--", "printenv", "T"])
        .var("T", "Bearer {vault.SHOP}");
    assert_eq!(ok(&run).text(), format!("Bearer {}\n", raw.text()));
    assert_eq!(
        server.refreshes().unwrap(),
        0,
        "a token with life left is handed out as it is"
    );
    // One namespace: the key is taken for a Secret, and a Secret's for a Connection.
    error(&home.keyward(&["secret", "add", "SHOP", "--json"]).stdin("x"), 6);
    add(&home, "TAKEN", b"x");
    error(&connecting(&home, "TAKEN", &[]), 6);
    error(&connecting(&home, "taken", &[]), 6);

    // OA12: connecting an existing name renews the same Connection.
    std::thread::sleep(Duration::from_millis(1_100));
    let again = connect(&home, "SHOP", &[]);
    assert_eq!(
        (&again["id"], &again["created_at"]),
        (&connection["id"], &connection["created_at"])
    );
    assert_ne!(again["expires_at"], connection["expires_at"]);
    assert_ne!(get("SHOP"), raw.text());
    // EL8: two auth clients are a choice; another one than before is a conflict.
    add_client(&home, &server, "other", NATIVE_CLIENT, &["--app", "github"]);
    let choice = error(&connecting(&home, "SECOND", &[]), 2);
    assert!(
        hint(&choice).contains("idp") && hint(&choice).contains("other"),
        "{choice}"
    );
    error(&connecting(&home, "SHOP", &["--auth-client", "other"]), 6);
    error(&connecting(&home, "SECOND", &["--auth-client", "none"]), 3);
    assert_eq!(connect(&home, "SHOP", &[])["id"], connection["id"]);

    // AM9: the first Connection of an application is its default: @APP.
    let first = connect(&home, "FIRST", &["--auth-client", "other"]);
    assert_eq!(
        (&first["application"], &first["default"]),
        (&json!("github"), &json!(true))
    );
    assert_eq!(
        connect(&home, "SECOND", &["--auth-client", "other"])["default"],
        false
    );
    let first = ok(&home.keyward(&["token", "FIRST"])).text();
    for reference in [
        "@github",
        "keyward://@github",
        "keyward://./@github/access_token",
        "{vault.@github}",
    ] {
        assert_eq!(get(reference), first, "{reference}");
    }
    error(&home.keyward(&["auth-client", "delete", "other", "--json"]), 6);
    ok(&home.keyward(&["connection", "delete", "FIRST", "SECOND"]));
    ok(&home.keyward(&["auth-client", "delete", "other"]));
}

/// AM10, EL12: no refresh token is said, with why and what to do; it is never tried; then expired = 7.
#[test]
fn am10_no_refresh_token() {
    let Ground { home, server } = ground(90);
    add_client(&home, &server, "short", NO_REFRESH_CLIENT, &[]);
    server.set_ttl(Duration::from_secs(5)).unwrap();
    let outcome = ok(&connecting(&home, "SHORT", &["--auth-client", "short"]));
    let connection = outcome.json().unwrap();
    has_members(&connection, CONNECTION);
    has_members(&connection["error"], "code message hint");
    assert_eq!(
        (
            &connection["state"],
            &connection["refresh_token"],
            &connection["next_refresh_at"],
            &connection["error"]["code"]
        ),
        (
            &json!("ready"),
            &json!(false),
            &Value::Null,
            &json!("no_refresh_token")
        )
    );
    assert!(
        outcome.said().contains("no refresh token") && outcome.said().contains("offline"),
        "{}",
        outcome.said()
    );
    ok(&home.keyward(&["token", "SHORT"]));
    error(&home.keyward(&["connection", "refresh", "SHORT", "--json"]), 7);
    std::thread::sleep(Duration::from_millis(5_200));
    let over = error(&home.keyward(&["token", "SHORT", "--json"]), 7);
    assert!(hint(&over).contains("keyward connect SHORT"), "{over}");
    error(&home.keyward(&["get", "SHORT", "--json"]), 7);
    error(&home.keyward(&["get", "{vault.SHORT.expires_at}", "--json"]), 7);
    assert_eq!(server.refreshes().unwrap(), 0);
}

/// AM10: the README's example, without a word about a prompt, brings a refresh token; and the queue tells a connection
/// that got none.
#[test]
fn am10_offline_access_is_enough() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let add = |key: &str, client_id: &str| {
        ok(&home.keyward(&[
            "auth-client",
            "add",
            key,
            "--type",
            "oauth2",
            "--issuer",
            server.issuer(),
            "--client-id",
            client_id,
            "--scope",
            "openid",
            "--scope",
            "offline_access",
        ]))
    };
    add("acme", NATIVE_CLIENT);
    let connection = connect(&home, "acme-work", &["--auth-client", "acme"]);
    assert_eq!(
        (&connection["refresh_token"], &connection["error"]),
        (&json!(true), &Value::Null)
    );
    add("short", NO_REFRESH_CLIENT);
    let planned = json!({"connections": [{"name": "SHORT", "auth_client": "short"}]}).to_string();
    ok(&home.keyward(&["auth-client", "import", &file(&home, "roster.json", &planned)]));
    let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
    let ran = json(
        &home
            .keyward(&["consent", "run", "--json"])
            .var("BROWSER", browser.to_str().unwrap()),
    );
    assert_eq!(
        (&ran[0]["outcome"], &ran[0]["error"]["code"]),
        (&json!("connected"), &json!("no_refresh_token")),
        "{ran}"
    );
}

/// EL10, OA11, AM6: refresh now; disconnect revokes and keeps the definition; delete is for good.
#[test]
fn am6_refresh_disconnect_delete() {
    let Ground { home, server } = ground(90);
    let connection = connect(&home, "SHOP", &[]);
    let before = ok(&home.keyward(&["token", "SHOP"])).text();
    let refreshed = json(&home.keyward(&["connection", "refresh", "SHOP", "--json"]));
    has_members(&refreshed, CONNECTION);
    assert_eq!(
        (&refreshed["id"], &refreshed["state"]),
        (&connection["id"], &json!("ready"))
    );
    assert_ne!(
        ok(&home.keyward(&["token", "SHOP"])).text(),
        before,
        "the new token"
    );
    assert_eq!(server.refreshes().unwrap(), 1);
    error(&home.keyward(&["connection", "refresh", "NONE", "--json"]), 3);

    let said = ok(&home.keyward(&["connection", "disconnect", "SHOP"]));
    assert!(
        said.stdout.is_empty() && said.said().contains("revoked"),
        "{}",
        said.said()
    );
    let revoked = |server: &OidcServer| {
        let seen = server.requests().unwrap();
        assert!(
            seen.iter()
                .all(|one| one.endpoint != "revocation" || one.status == 200),
            "{seen:?}"
        );
        seen.iter().filter(|one| one.endpoint == "revocation").count()
    };
    assert_eq!(
        revoked(&server),
        2,
        "O-52: the refresh token and the access token"
    );
    assert_eq!(server.grants_revoked().unwrap(), 1);
    let gone = show(&home, "SHOP");
    has_members(&gone, CONNECTION);
    assert_eq!(
        (
            &gone["state"],
            &gone["refresh_token"],
            &gone["expires_at"],
            &gone["next_refresh_at"],
            &gone["id"]
        ),
        (
            &json!("disconnected"),
            &json!(false),
            &Value::Null,
            &Value::Null,
            &connection["id"]
        )
    );
    error(&home.keyward(&["token", "SHOP", "--json"]), 7);
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 7);
    assert!(
        ok(&home.keyward(&["connection", "disconnect", "SHOP"]))
            .said()
            .contains("No tokens")
    );
    error(&home.keyward(&["auth-client", "delete", "idp", "--json"]), 6);
    // Connecting it again is the same Connection.
    assert_eq!(connect(&home, "SHOP", &[])["id"], connection["id"]);

    // Several, all of them or none.
    connect(&home, "SECOND", &[]);
    error(
        &home.keyward(&["connection", "delete", "SHOP", "NONE", "--json"]),
        3,
    );
    assert_eq!(
        json(&home.keyward(&["connection", "list", "--json"]))
            .as_array()
            .unwrap()
            .len(),
        2
    );
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
    let fixed = [
        "auth-client",
        "add",
        "hand",
        "--type",
        "oauth2",
        "--client-id",
        NATIVE_CLIENT,
        "--auth-uri",
        &auth,
        "--token-uri",
        &token,
    ];
    ok(&home.keyward(&[&fixed[..], &ASKED].concat()));
    connect(&home, "HAND", &[]);
    let said = ok(&home.keyward(&["connection", "disconnect", "HAND"])).said();
    assert!(said.contains("No revocation address"), "{said}");
    assert_eq!(revoked(&server), 6);
}

/// OA11, O-52: a provider that is down when it should revoke: the tokens are gone here all the same, and wait to be
/// revoked; that is said.
#[test]
fn oa11_a_revocation_that_fails_is_told() {
    let Ground { home, server } = ground(90);
    connect(&home, "SHOP", &[]);
    drop(server);
    let said = ok(&home.keyward(&["connection", "disconnect", "SHOP"])).said();
    assert!(
        said.contains("cannot be reached") && said.contains("keyward serve"),
        "{said}"
    );
    assert_eq!(show(&home, "SHOP")["state"], "disconnected");
    let checks = ok(&home.keyward(&["doctor", "--json"])).text();
    assert!(checks.contains("\"revocations\""), "{checks}");
    let said = ok(&home.keyward(&["connection", "delete", "SHOP"])).said();
    assert!(said.contains("No tokens"), "{said}");
}
