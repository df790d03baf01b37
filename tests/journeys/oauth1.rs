//! OAuth 1.0a through the binary (OA2, RFC 5849): three legs, and a token that has no end. The provider checks each
//! signature over a base string of its own making.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_tests::home::Home;
use keyward_tests::http;
use ring::hmac;
use serde_json::{Value, json};

use crate::common::{error, has_members, hint, json, keychain_home, ok};
use crate::provider::{CONNECTION, LIMIT, begin, connect, connecting, document, show};
use crate::server::{Act, Seen, Server, answer};

const CONSUMER_SECRET: &str = "canary-cs&1";
const REQUEST_SECRET: &str = "canary-rs 1";
const TOKEN_SECRET: &str = "canary-as-1";

/// A provider whose person agrees at once. Its answers hold what has to be encoded.
fn provider() -> Server {
    let callback = Mutex::new(String::new());
    Server::start(move |seen| {
        let form = |body: String| {
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            Act::Bytes(answer("200 OK", kind, &body))
        };
        match path(seen) {
            "/request" if is_signed(seen, "") => {
                *callback.lock().unwrap() = parameters(seen)["oauth_callback"].clone();
                let secret = http::encode(REQUEST_SECRET);
                form(format!(
                    "oauth_token=rt%2F1&oauth_token_secret={secret}&oauth_callback_confirmed=true"
                ))
            }
            "/authorize" => {
                let back = callback.lock().unwrap();
                let location = format!("Location: {back}?oauth_token=rt%2F1&oauth_verifier=v%2B1\r\n");
                Act::Bytes(answer("302 Found", &location, ""))
            }
            "/access" if is_signed(seen, REQUEST_SECRET) && parameters(seen)["oauth_verifier"] == "v+1" => {
                form(format!(
                    "oauth_token=canary-at-1&oauth_token_secret={TOKEN_SECRET}&user_id=7&screen_name=ada"
                ))
            }
            _ => Act::Bytes(answer("401 Unauthorized", "", "oauth_problem=signature_invalid")),
        }
    })
}

fn target(seen: &Seen) -> &str {
    seen.line.split(' ').nth(1).unwrap()
}

fn path(seen: &Seen) -> &str {
    target(seen).split('?').next().unwrap()
}

/// What the Authorization header carries, decoded (RFC 5849 §3.5.1).
fn parameters(seen: &Seen) -> BTreeMap<String, String> {
    let header = seen.header("authorization").unwrap_or_default();
    let pairs = header.trim_start_matches("OAuth ").split(", ");
    let pairs = pairs.filter_map(|pair| pair.trim_end_matches('"').split_once("=\""));
    pairs
        .map(|(name, value)| (http::decode(name), http::decode(value)))
        .collect()
}

/// RFC 5849 §3.4: the signature that both secrets make of this request, in the method that it names.
fn is_signed(seen: &Seen, token_secret: &str) -> bool {
    let mut own = parameters(seen);
    let Some(signature) = own.remove("oauth_signature") else {
        return false;
    };
    let key = format!("{}&{}", http::encode(CONSUMER_SECRET), http::encode(token_secret));
    let algorithm = match own["oauth_signature_method"].as_str() {
        "PLAINTEXT" => return signature == key,
        "HMAC-SHA1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "HMAC-SHA256" => hmac::HMAC_SHA256,
        _ => return false,
    };
    // No address here has a query, and every name sorts as it is written.
    let pairs: Vec<String> = own
        .iter()
        .map(|(name, value)| format!("{}={}", http::encode(name), http::encode(value)))
        .collect();
    let address = format!("http://{}{}", seen.header("host").unwrap(), target(seen));
    let base = format!(
        "POST&{}&{}",
        http::encode(&address),
        http::encode(&pairs.join("&"))
    );
    let sent = BASE64_STANDARD.decode(signature).unwrap_or_default();
    hmac::verify(&hmac::Key::new(algorithm, key.as_bytes()), base.as_bytes(), &sent).is_ok()
}

/// `auth-client add KEY --type oauth1 …`: everything by hand, the secret on stdin.
fn add(home: &Home, server: &Server, key: &str, signature: &str) -> Value {
    let at = |path: &str| format!("http://127.0.0.1:{}/{path}", server.port);
    let (request, authorize, access) = (at("request"), at("authorize"), at("access"));
    let run = home.keyward(&[
        "auth-client",
        "add",
        key,
        "--type",
        "oauth1",
        "--request-token-uri",
        &request,
        "--auth-uri",
        &authorize,
        "--token-uri",
        &access,
        "--client-id",
        "ck-1",
        "--signature-method",
        signature,
        "--client-secret-stdin",
        "--json",
    ]);
    json(&run.stdin(CONSUMER_SECRET))
}

/// Paths that were asked, in order.
fn legs(server: &Server) -> Vec<String> {
    let seen = server.seen();
    seen.iter().map(|seen| path(seen).to_owned()).collect()
}

/// OA2: an auth client, a consent in the browser, a token handed out; each leg is signed in each method, and no secret
/// of it is ever shown unasked.
#[test]
fn oa2_three_legs_of_oauth1_end_in_a_token_without_an_end() {
    let home = keychain_home();
    for signature in ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"] {
        let server = provider();
        let client = format!("old-{}", signature.to_lowercase());
        let name = signature.replace('-', "_");
        let made = add(&home, &server, &client, signature);
        assert_eq!(
            (&made["type"], &made["client_id"], &made["has_client_secret"]),
            (&json!("oauth1"), &json!("ck-1"), &json!(true))
        );
        let connection = connect(&home, &name, &["--auth-client", &client]);
        has_members(&connection, CONNECTION);
        for (member, value) in [
            ("auth_type", json!("oauth1")),
            ("auth_client", json!(client)),
            ("state", json!("ready")),
            ("account", json!("ada")),
            ("error", Value::Null),
            ("expires_at", Value::Null),
            ("next_refresh_at", Value::Null),
            ("refresh_token", json!(false)),
        ] {
            assert_eq!(connection[member], value, "{signature}: {member}");
        }
        assert_eq!(show(&home, &name), connection);
        assert_eq!(
            legs(&server),
            ["/request", "/authorize", "/access"],
            "{signature}"
        );
        let seen = server.seen();
        let (request, access) = (parameters(&seen[0]), parameters(&seen[2]));
        assert_eq!(request["oauth_signature_method"], signature);
        assert_ne!(request["oauth_nonce"], access["oauth_nonce"]);
        assert_eq!(access["oauth_token"], "rt/1");
        assert!(!access.contains_key("oauth_callback") && !request.contains_key("oauth_token"));
    }
    for args in [
        &["connection", "show", "PLAINTEXT"][..],
        &["connection", "list", "--json"],
        &["auth-client", "show", "old-plaintext"],
        &["audit", "--json"],
    ] {
        let text = ok(&home.keyward(args)).text();
        assert!(!text.contains("canary-"), "O-08: {args:?}: {text}");
    }
    let shown = ok(&home.keyward(&["connection", "show", "PLAINTEXT"])).text();
    assert!(shown.contains("never"), "{shown}");
}

/// OA2: the value as every way hands it out, with the token's secret for whoever signs requests; nothing asks the
/// provider again, and nothing pretends to.
#[test]
fn oa2_an_oauth1_token_is_handed_out_and_never_refreshed() {
    let home = keychain_home();
    let server = provider();
    add(&home, &server, "old", "HMAC-SHA1");
    let id = connect(&home, "SHOP", &[])["id"].clone();
    assert_eq!(
        json(&home.keyward(&["token", "SHOP", "--json"])),
        json!({ "access_token": "canary-at-1", "token_type": "OAuth", "expires_at": null, "scope": null })
    );
    let get = |reference: &str| ok(&home.keyward(&["get", reference])).text();
    for (reference, value) in [
        ("SHOP", "canary-at-1"),
        ("keyward://default/SHOP/access_token", "canary-at-1"),
        ("{vault.SHOP.account}", "ada"),
        ("{vault.SHOP.raw.oauth_token_secret}", TOKEN_SECRET),
        ("{vault.SHOP.raw.user_id}", "7"),
    ] {
        assert_eq!(get(reference), value, "{reference}");
    }
    let run = home
        .keyward(&["run", "--", "printenv", "T"])
        .var("T", "keyward://SHOP");
    assert_eq!(ok(&run).text(), "canary-at-1\n");
    let refused = error(&home.keyward(&["connection", "refresh", "SHOP", "--json"]), 2);
    assert!(hint(&refused).contains("keyward connect SHOP"), "{refused}");
    assert_eq!(legs(&server).len(), 3, "one consent, nothing else");
    // OA12: connecting the name again renews the same Connection.
    assert_eq!(connect(&home, "SHOP", &[])["id"], id);
    ok(&home.keyward(&["connection", "disconnect", "SHOP"]));
    error(&home.keyward(&["token", "SHOP", "--json"]), 7);
    assert_eq!(legs(&server).len(), 6, "RFC 5849 has no revocation");
}

/// O-23, O-33: an answer for another request token neither ends nor aborts the consent; a person's no does.
#[test]
fn o23_an_oauth1_callback_is_judged_by_its_request_token() {
    let home = keychain_home();
    let server = provider();
    add(&home, &server, "old", "HMAC-SHA1");
    let (mut running, link) = begin(&home, "SHOP", &[]);
    assert_eq!(http::query(&link, "oauth_token").as_deref(), Some("rt/1"));
    let back = parameters(&server.seen()[0])["oauth_callback"].clone();
    for query in [
        "oauth_token=other&oauth_verifier=v",
        "oauth_verifier=v",
        "denied=other",
        "state=rt%2F1&code=v",
    ] {
        let answer = http::get(&format!("{back}?{query}"), &[]).unwrap();
        assert_eq!(answer.status, 400, "{query}");
    }
    let denied = http::get(&format!("{back}?denied=rt%2F1"), &[]).unwrap();
    assert!(denied.status < 400, "{}", denied.status);
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(5));
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);

    // Another secret at the registration: the provider's own word is told, and nothing is stored.
    let update = home.keyward(&["auth-client", "update", "old", "--client-secret-stdin"]);
    ok(&update.clone().stdin("wrong"));
    let refused = error(&connecting(&home, "SHOP", &[]), 8);
    assert!(refused.to_string().contains("signature_invalid"), "{refused}");
    ok(&update.stdin(CONSUMER_SECRET));
    let (mut running, link) = begin(&home, "SHOP", &[]);
    keyward_tests::consent::give(&link, keyward_tests::consent::Choice::Agree).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
}
