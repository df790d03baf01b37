//! `connection why`: the grant doctor, from a real refusal to the act that mends it (OA10).

use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, json, ok};
use crate::provider::{CONNECTION, Ground, connect, connecting, ground};
use crate::queue::file;

/// The cause it names first.
fn first(document: &Value) -> (&str, &Value) {
    let cause = &document["causes"][0];
    has_members(cause, "id title why fix act command");
    (cause["id"].as_str().unwrap(), &cause["command"])
}

#[test]
fn oa10_why_in_the_providers_terms() {
    let Ground { home, server } = ground(90);
    connect(&home, "SHOP", &[]);
    let why = || json(&home.keyward(&["connection", "why", "SHOP", "--json"]));
    let healthy = why();
    has_members(&healthy, "connection causes consented_at");
    assert_eq!(first(&healthy), ("healthy", &Value::Null));
    assert_eq!(healthy["connection"]["key"], "SHOP");
    has_members(&healthy["connection"], CONNECTION);
    assert!(healthy["consented_at"].is_string(), "{healthy}");

    // It worked before, so it is the secret and not the id; nobody has to consent again.
    server.fail_next(1, 401, "invalid_client").unwrap();
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 8);
    assert_eq!(
        first(&why()),
        (
            "client_secret_wrong",
            &json!("keyward auth-client update idp --client-secret-stdin")
        )
    );
    let said = ok(&home.keyward(&["connection", "why", "SHOP"])).text();
    for words in [
        "The client secret was rotated",
        "→ keyward auth-client update idp --client-secret-stdin",
        "(invalid_client)",
    ] {
        assert!(said.contains(words), "{said}");
    }

    // O-61: one that passes does not hide it.
    server.fail_next(1, 503, "temporarily_unavailable").unwrap();
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 8);
    assert_eq!(first(&why()).0, "client_secret_wrong");

    server.fail_next(1, 400, "invalid_grant").unwrap();
    error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 7);
    assert_eq!(first(&why()), ("grant_ended", &json!("keyward connect SHOP")));
    // The act it names mends it.
    connect(&home, "SHOP", &[]);
    assert_eq!(first(&why()).0, "healthy");

    ok(&home.keyward(&["connection", "disconnect", "SHOP"]));
    assert_eq!(first(&why()), ("disconnected", &json!("keyward connect SHOP")));

    add(&home, "SECRET", b"x");
    error(&home.keyward(&["connection", "why", "SECRET", "--json"]), 3);
    error(&home.keyward(&["connection", "why", "NONE", "--json"]), 3);
}

/// OA10: a consent that failed is diagnosed, with and without a host: at once where there is no connection yet, and
/// afterwards of one that was planned.
#[test]
fn oa10_a_failed_consent_is_diagnosed() {
    let Ground { home, server } = ground(90);
    server.fail_next(1, 401, "invalid_client").unwrap();
    let failed = error(&connecting(&home, "SHOP", &[]), 8);
    assert!(
        failed.to_string().contains("invalid_client")
            && hint(&failed).starts_with("Client id or client secret is wrong."),
        "{failed}"
    );
    let planned = json!({"connections": [{"name": "PLANNED", "auth_client": "idp"}]}).to_string();
    ok(&home.keyward(&["auth-client", "import", &file(&home, "roster.json", &planned)]));
    let why = || json(&home.keyward(&["connection", "why", "PLANNED", "--json"]));
    assert_eq!(first(&why()).0, "not_connected_yet");
    server.fail_next(1, 401, "invalid_client").unwrap();
    error(&connecting(&home, "PLANNED", &[]), 8);
    assert_eq!(first(&why()).0, "client_unknown");
    assert_eq!(why()["connection"]["state"], "awaiting_consent");
    connect(&home, "PLANNED", &[]);
    assert_eq!(first(&why()).0, "healthy");
}
