//! Providers that speak their own way, each against a server that does (OA4). A long file: one short test a way.

use std::time::Duration;

use base64::{Engine as _, prelude::*};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2, Origin},
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
};
use keyward_oauth::{
    Error, Http,
    authorize::{self, Code, Pending, Request},
    behaviour, callback,
    token::{self, Answer},
};

use crate::{
    NOW, client, consented, now,
    server::{Act, Seen, Server, answer, json},
};

const SECRET: &str = "secret-1";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A registration with a secret in the body and this dialect.
fn speaking(port: u16, dialect: Dialect) -> Oauth2 {
    Oauth2 {
        client_authentication: ClientAuthentication::Post,
        dialect,
        ..client(port)
    }
}

fn behaving(port: u16, behaviour: Behaviour) -> Oauth2 {
    speaking(
        port,
        Dialect {
            behaviour: Some(behaviour),
            ..Dialect::default()
        },
    )
}

async fn exchange(client: &Oauth2) -> Result<Answer, Error> {
    let (pending, code) = consented(client);
    finish(client, &pending, code).await
}

async fn finish(client: &Oauth2, pending: &Pending, code: Code) -> Result<Answer, Error> {
    let secret = SecretValue::from(SECRET);
    token::exchange(&Http::new().unwrap(), client, Some(&secret), pending, code, &now).await
}

async fn refresh(client: &Oauth2, token: &str) -> Result<Answer, Error> {
    let secret = SecretValue::from(SECRET);
    token::refresh(
        &Http::new().unwrap(),
        client,
        Some(&secret),
        &SecretValue::from(token),
        &now,
    )
    .await
}

fn access(answer: &Answer) -> &str {
    answer.tokens.access_token.expose_text().unwrap()
}

fn refresh_token(answer: &Answer) -> Option<&str> {
    answer
        .tokens
        .refresh_token
        .as_ref()
        .and_then(SecretValue::expose_text)
}

/// A parameter of the request line, decoded.
fn query(seen: &Seen, name: &str) -> Option<String> {
    let target = seen.line.split(' ').nth(1).unwrap();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name);
    found.next().map(|(_, value)| value.into_owned())
}

fn tokens(body: &str) -> Server {
    Server::always(json("200 OK", body))
}

const PLAIN: &str = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600}"#;

#[tokio::test]
async fn oa4_a_json_body_says_the_same_as_a_form() {
    let server = tokens(PLAIN);
    let mut client = speaking(
        server.port,
        Dialect {
            token_body: TokenBody::Json,
            ..Dialect::default()
        },
    );
    client.resources = strings(&["https://a.example", "https://b.example"]);
    client.token_params = pairs(&[("audience", "a \"b\" ü")]);
    exchange(&client).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["grant_type"], "authorization_code");
    assert_eq!(body["code"], "code-1");
    assert_eq!(body["client_secret"], SECRET);
    assert_eq!(body["audience"], "a \"b\" ü");
    assert_eq!(
        body["resource"],
        serde_json::json!(["https://a.example", "https://b.example"])
    );
    assert!(
        body["code_verifier"]
            .as_str()
            .is_some_and(|verifier| verifier.len() >= 43)
    );
}

#[tokio::test]
async fn oa4_a_query_request_keeps_the_query_of_its_address_and_has_no_body() {
    let server = tokens(PLAIN);
    let mut client = speaking(
        server.port,
        Dialect {
            token_body: TokenBody::Query,
            ..Dialect::default()
        },
    );
    client.token_uri = format!("http://127.0.0.1:{}/token?output=json", server.port);
    refresh(&client, "rt/1").await.unwrap();
    let seen = &server.seen()[0];
    assert!(seen.line.starts_with("GET /token?output=json&"), "{}", seen.line);
    assert_eq!(query(seen, "refresh_token").as_deref(), Some("rt/1"));
    assert_eq!((seen.body.as_str(), seen.header("content-type")), ("", None));
}

/// EL4, EL13: refreshes go to their own address with its query, and with parameters of their own.
#[tokio::test]
async fn el4_el13_a_refresh_has_its_own_address_and_parameters() {
    let server = tokens(PLAIN);
    let mut client = client(server.port);
    client.refresh_token_uri = Some(format!("http://127.0.0.1:{}/renew?tenant=a%2Fb&x=1", server.port));
    client.token_params = pairs(&[("expiring", "1")]);
    client.refresh_params = pairs(&[("expires_in", "1800")]);
    client.resources = strings(&["https://api.example/"]);
    refresh(&client, "rt").await.unwrap();
    exchange(&client).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].line, "POST /renew?tenant=a%2Fb&x=1 HTTP/1.1");
    assert_eq!(seen[0].form("expires_in").as_deref(), Some("1800"));
    assert_eq!(seen[0].form("expiring"), None);
    assert_eq!(seen[1].line, "POST /token HTTP/1.1");
    assert_eq!(seen[1].form("expiring").as_deref(), Some("1"));
    // O-15: with every request.
    assert!(
        seen.iter()
            .all(|seen| seen.form("resource").as_deref() == Some("https://api.example/"))
    );
}

/// O-11: also a setting that came past the checks of before is refused, and nothing is sent.
#[tokio::test]
async fn o11_parameters_never_stand_in_for_the_protocols_own() {
    let server = tokens(PLAIN);
    let mut client = client(server.port);
    client.refresh_params = pairs(&[("grant_type", "password")]);
    assert!(matches!(
        refresh(&client, "rt").await,
        Err(Error::BadParameter(_))
    ));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn oa4_parameters_are_renamed_and_left_out() {
    let server = tokens(PLAIN);
    let dialect = Dialect {
        renamed: pairs(&[
            ("client_id", "client_key"),
            ("token:code", "auth_code"),
            ("token:redirect_uri", ""),
        ]),
        pkce: Pkce::Off,
        scope_separator: Separator::Comma,
        headers: pairs(&[("User-Agent", "acme/1"), ("X-Api", "k")]),
        ..Dialect::default()
    };
    let mut client = speaking(server.port, dialect);
    client.auth_uri.push_str("?client_id_hint=1");
    client.resources = strings(&["https://a.example", "https://b.example"]);
    let pending = authorize::begin(&Request {
        client: &client,
        redirect_uri: "http://127.0.0.1:50123/callback",
        scopes: &strings(&["a", "b:c"]),
        params: &[],
    })
    .unwrap();
    let url = url::Url::parse(pending.url()).unwrap();
    let sent: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let one = |name: &str| {
        let mut found = sent
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.as_str());
        (found.next(), found.next())
    };
    assert_eq!(one("client_key"), (Some("client-1"), None));
    assert_eq!(one("client_id"), (None, None));
    assert_eq!(one("client_id_hint"), (Some("1"), None));
    assert_eq!(one("scope"), (Some("a,b:c"), None));
    assert_eq!(one("code_challenge"), (None, None));
    assert_eq!(
        one("resource"),
        (Some("https://a.example"), Some("https://b.example"))
    );
    assert_eq!(
        one("redirect_uri"),
        (Some("http://127.0.0.1:50123/callback"), None)
    );
    exchange(&client).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.form("client_key").as_deref(), Some("client-1"));
    assert_eq!(seen.form("auth_code").as_deref(), Some("code-1"));
    for gone in ["client_id", "code", "redirect_uri", "code_verifier"] {
        assert_eq!(seen.form(gone), None, "{gone}");
    }
    assert_eq!(
        (seen.header("user-agent"), seen.header("x-api")),
        (Some("acme/1"), Some("k"))
    );
}

/// What the callback said beside the code, and under another name (QuickBooks, Amazon Selling Partner).
#[tokio::test]
async fn oa4_values_of_the_callback_and_of_the_answer_are_kept() {
    let body = r#"{"access_token":"at-1","refresh_token":"rt-1","instance_url":"https://eu1.example",
        "team":{"id":"T1"},"merchant":9007199254740993,"echo":"at-1","odd":{"a":1}}"#;
    let server = tokens(body);
    let dialect = Dialect {
        callback_names: pairs(&[("code", "spapi_oauth_code")]),
        keep_from_callback: strings(&["realmId"]),
        keep_from_answer: pairs(&[
            ("instance_url", "/instance_url"),
            ("team_id", "/team/id"),
            ("merchant", "/merchant"),
            ("echo", "/echo"),
            ("odd", "/odd"),
            ("absent", "/absent"),
        ]),
        ..Dialect::default()
    };
    let client = speaking(server.port, dialect);
    let pending = crate::begin(&client, "http://127.0.0.1:50123/callback");
    let state = crate::parameter(&pending, "state");
    let judged = |query: &str| {
        let head = format!("GET /callback?{query}&state={state} HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n");
        callback::judge(&pending, head.as_bytes())
    };
    // The standard name means nothing where the provider has another, and a repeated one is nobody's (RFC 6749 §3.1).
    assert!(judged("code=other").is_err());
    assert!(judged("spapi_oauth_code=c&realmId=1&realmId=2").is_err());
    let code = judged("realmId=4620816365&spapi_oauth_code=c-1&code=other&unknown=x").unwrap();
    let answer = finish(&client, &pending, code).await.unwrap();
    assert_eq!(server.seen()[0].form("code").as_deref(), Some("c-1"));
    // R-17: a token is not kept under another name.
    let kept = pairs(&[
        ("realmId", "4620816365"),
        ("instance_url", "https://eu1.example"),
        ("team_id", "T1"),
        ("merchant", "9007199254740993"),
    ]);
    assert_eq!(answer.kept, kept);
    let before = pairs(&[("realmId", "1"), ("older", "2")]);
    let after = answer.kept_over(&before);
    assert_eq!(after[0], ("older".to_owned(), "2".to_owned()));
    assert_eq!(after[1..], kept);
}

#[tokio::test]
async fn oa4_members_lie_where_the_dialect_says() {
    let body =
        r#"{"result":{"token":"at-1","renew":"rt-1","granted":["a","b"],"ends":120,"renew_ends":"7200"}}"#;
    let server = tokens(body);
    let dialect = Dialect {
        answer_paths: pairs(&[
            ("access_token", "/result/token"),
            ("refresh_token", "/result/renew"),
            ("scope", "/result/granted"),
            ("expires_in", "/result/ends"),
            ("refresh_token_expires_in", "/result/renew_ends"),
        ]),
        ..Dialect::default()
    };
    let mut client = speaking(server.port, dialect);
    client.refresh_window = Some(30);
    let answer = refresh(&client, "rt").await.unwrap();
    assert_eq!((access(&answer), refresh_token(&answer)), ("at-1", Some("rt-1")));
    assert_eq!(answer.tokens.scope.as_deref(), Some("a b"));
    assert_eq!(answer.tokens.lifetime.expires_at, Timestamp(NOW.0 + 120));
    // O-64: the window of the auth client comes with the token.
    assert_eq!(answer.tokens.lifetime.due_at(), Timestamp(NOW.0 + 90));
    assert_eq!(answer.refresh_token_expires_in, Some(Duration::from_secs(7200)));
}

/// O-77: the answer's own word on its refresh token, and nothing of the catalogue's: the two are joined where what was
/// known before is known too (OA9).
#[tokio::test]
async fn oa9_the_life_of_a_refresh_token_is_told() {
    let life = RefreshTokenLife {
        idle: Some(100),
        absolute: Some(40),
        rotation: Rotation::Always,
    };
    let of = |body: &'static str| async move {
        let server = tokens(body);
        let client = speaking(
            server.port,
            Dialect {
                refresh_token: life,
                ..Dialect::default()
            },
        );
        let told = |answer: Result<Answer, Error>| {
            let rest = answer.unwrap().refresh_token_expires_in;
            rest.map(|rest| rest.as_secs())
        };
        (told(exchange(&client).await), told(refresh(&client, "rt").await))
    };
    assert_eq!(of(PLAIN).await, (None, None));
    let said = r#"{"access_token":"a","refresh_token":"r","refresh_token_expires_in":30}"#;
    assert_eq!(of(said).await, (Some(30), Some(30)));
    // Keycloak: 0 is for ever.
    let endless = r#"{"access_token":"a","refresh_token":"r","refresh_token_expires_in":0}"#;
    assert_eq!(of(endless).await, (None, None));
}

#[tokio::test]
async fn oa4_a_form_answer_is_read_where_it_says_that_it_is_one() {
    let body = "access_token=at%2F1&scope=repo%2Cgist&token_type=bearer&expires_in=60";
    let form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
    let server = Server::always(answer("200 OK", form, body));
    let answered = refresh(&client(server.port), "rt").await.unwrap();
    assert_eq!(access(&answered), "at/1");
    assert_eq!(answered.tokens.scope.as_deref(), Some("repo gist"));
    assert_eq!(answered.tokens.lifetime.expires_at, Timestamp(NOW.0 + 60));
    let refused = "error=bad_verification_code&error_description=The+code+is+old";
    let server = Server::always(answer("200 OK", form, refused));
    match refresh(&client(server.port), "rt").await {
        Err(Error::Permanent {
            oauth_error,
            description,
        }) => {
            assert_eq!(oauth_error, "bad_verification_code");
            assert_eq!(description.as_deref(), Some("The code is old"));
        }
        other => panic!("{:?}", other.map(drop)),
    }
    // O-53: bytes of another kind are kept as they came.
    let server = Server::always(answer("200 OK", "Content-Type: text/html\r\n", body));
    assert!(matches!(
        refresh(&client(server.port), "rt").await,
        Err(Error::BadResponse { .. })
    ));
}

/// Strava: when it ends, by the provider's clock.
#[tokio::test]
async fn o66_an_end_stands_for_a_length() {
    let date = "Content-Type: application/json\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let body = format!(r#"{{"access_token":"a","expires_at":{}}}"#, 784_111_777 + 21_600);
    let server = Server::always(answer("200 OK", date, &body));
    let answered = refresh(&client(server.port), "rt").await.unwrap();
    assert_eq!(answered.tokens.lifetime.expires_at, Timestamp(NOW.0 + 21_600));
}

/// Slack: `ok:false` in a 200, whatever stands beside it.
#[tokio::test]
async fn oa4_ok_false_is_a_refusal() {
    let of = |body: &'static str| async move { refresh(&client(tokens(body).port), "rt").await.map(drop) };
    assert!(matches!(
        of(r#"{"ok":false,"error":"invalid_refresh_token"}"#).await,
        Err(Error::Permanent { .. })
    ));
    assert!(matches!(
        of(r#"{"ok":false,"error":"ratelimited"}"#).await,
        Err(Error::Transient { .. })
    ));
    assert!(matches!(
        of(r#"{"ok":false,"error":"bad_client_secret","access_token":"stale"}"#).await,
        Err(Error::Config { .. })
    ));
    assert!(of(r#"{"ok":true,"access_token":"a"}"#).await.is_ok());
}

#[tokio::test]
async fn oa4_slack_user_tokens_are_under_authed_user_and_at_the_top_of_a_refresh() {
    let first = r#"{"ok":true,"access_token":"xoxb-bot","scope":"chat:write","team":{"id":"T1"},
        "authed_user":{"id":"U1","access_token":"xoxp-1","refresh_token":"xoxe-1","expires_in":43200,"scope":"search:read,chat:write"}}"#;
    let later = r#"{"ok":true,"access_token":"xoxp-2","refresh_token":"xoxe-2","expires_in":43200}"#;
    let server = Server::start(move |seen| {
        let is_refresh = seen.form("grant_type").as_deref() == Some("refresh_token");
        Act::Bytes(json("200 OK", if is_refresh { later } else { first }))
    });
    let mut client = behaving(server.port, Behaviour::SlackUserToken);
    client.dialect.keep_from_answer = pairs(&[("team_id", "/team/id"), ("user_id", "/authed_user/id")]);
    let answer = exchange(&client).await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("xoxp-1", Some("xoxe-1"))
    );
    assert_eq!(answer.tokens.scope.as_deref(), Some("search:read chat:write"));
    assert_eq!(answer.kept, pairs(&[("team_id", "T1"), ("user_id", "U1")]));
    let answer = refresh(&client, "xoxe-1").await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("xoxp-2", Some("xoxe-2"))
    );
}

#[tokio::test]
async fn oa4_facebook_exchanges_for_sixty_days_and_once_more_to_refresh() {
    let server = Server::start(|seen| {
        Act::Bytes(match query(seen, "fb_exchange_token").as_deref() {
            None => json(
                "200 OK",
                r#"{"access_token":"short","token_type":"bearer","expires_in":3600}"#,
            ),
            Some("short") => json("200 OK", r#"{"access_token":"long-1","expires_in":5184000}"#),
            Some("long-1") => json("200 OK", r#"{"access_token":"long-2","expires_in":5184000}"#),
            Some(_) => json(
                "400 Bad Request",
                r#"{"error":{"message":"The session of long-9 has ended","type":"OAuthException","code":190}}"#,
            ),
        })
    });
    let client = behaving(server.port, Behaviour::FacebookExchange);
    let answer = exchange(&client).await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("long-1", Some("long-1"))
    );
    assert_eq!(answer.tokens.lifetime.length().as_secs(), 5_184_000);
    let answer = refresh(&client, "long-1").await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("long-2", Some("long-2"))
    );
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        query(&seen[1], "grant_type").as_deref(),
        Some("fb_exchange_token")
    );
    assert_eq!(query(&seen[1], "client_id").as_deref(), Some("client-1"));
    assert_eq!(query(&seen[1], "client_secret").as_deref(), Some(SECRET));
    // O-60, R-17: its errors are objects with a number, and do not repeat the token to us.
    match refresh(&client, "long-9").await {
        Err(Error::Permanent {
            oauth_error,
            description,
        }) => {
            assert_eq!((oauth_error.as_str(), description), ("invalid_grant", None));
        }
        other => panic!("{:?}", other.map(drop)),
    }
}

#[tokio::test]
async fn o60_errors_of_meta_are_told_apart_by_their_number() {
    let of = |error: &'static str| async move {
        let server = Server::always(json("400 Bad Request", error));
        refresh(&behaving(server.port, Behaviour::FacebookExchange), "long")
            .await
            .map(drop)
    };
    assert!(matches!(
        of(r#"{"error":{"code":4,"message":"m"}}"#).await,
        Err(Error::Transient { .. })
    ));
    let transient = r#"{"error":{"code":99,"is_transient":true}}"#;
    assert!(matches!(of(transient).await, Err(Error::Transient { .. })));
    match of(r#"{"error":{"code":101,"message":"Error validating application"}}"#).await {
        Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "meta_101"),
        other => panic!("{other:?}"),
    }
}

async fn check_exchange_of(
    behaviour: Behaviour,
    first: &'static str,
    exchange_word: &str,
    refresh_word: &str,
) {
    let server = Server::start(move |seen| {
        Act::Bytes(if seen.line.starts_with("POST /token ") {
            json("200 OK", first)
        } else if seen.line.starts_with("GET /access_token?") {
            json(
                "200 OK",
                r#"{"access_token":"long-1","token_type":"bearer","expires_in":5183944}"#,
            )
        } else {
            json(
                "200 OK",
                r#"{"access_token":"long-2","token_type":"bearer","expires_in":5183944}"#,
            )
        })
    });
    let mut client = behaving(server.port, behaviour);
    client.refresh_token_uri = Some(format!("http://127.0.0.1:{}/refresh_access_token", server.port));
    client.dialect.keep_from_answer = pairs(&[("user_id", "/user_id")]);
    let answer = exchange(&client).await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("long-1", Some("long-1"))
    );
    assert_eq!(answer.kept, pairs(&[("user_id", "17")]));
    let answer = refresh(&client, "long-1").await.unwrap();
    assert_eq!(
        (access(&answer), refresh_token(&answer)),
        ("long-2", Some("long-2"))
    );
    let seen = server.seen();
    assert_eq!(query(&seen[1], "grant_type").as_deref(), Some(exchange_word));
    assert_eq!(query(&seen[1], "access_token").as_deref(), Some("short"));
    assert_eq!(query(&seen[1], "client_secret").as_deref(), Some(SECRET));
    assert_eq!(query(&seen[2], "grant_type").as_deref(), Some(refresh_word));
    assert_eq!(query(&seen[2], "access_token").as_deref(), Some("long-1"));
    // A refresh needs no secret, so none travels.
    assert_eq!(query(&seen[2], "client_secret"), None);
}

#[tokio::test]
async fn oa4_instagram_exchanges_and_refreshes_by_get_at_its_other_host() {
    let first = r#"{"data":[{"access_token":"short","user_id":"17","permissions":"a"}]}"#;
    check_exchange_of(
        Behaviour::InstagramExchange,
        first,
        "ig_exchange_token",
        "ig_refresh_token",
    )
    .await;
}

#[tokio::test]
async fn oa4_threads_exchanges_and_refreshes_as_instagram_does() {
    let first = r#"{"access_token":"short","user_id":17}"#;
    check_exchange_of(
        Behaviour::ThreadsExchange,
        first,
        "th_exchange_token",
        "th_refresh_token",
    )
    .await;
}

#[tokio::test]
async fn oa4_basecamp_has_a_type_in_place_of_a_grant() {
    let server = tokens(PLAIN);
    let client = behaving(server.port, Behaviour::BasecampType);
    exchange(&client).await.unwrap();
    refresh(&client, "rt").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].form("type").as_deref(), Some("web_server"));
    assert_eq!(seen[1].form("type").as_deref(), Some("refresh"));
    assert!(seen.iter().all(|seen| seen.form("grant_type").is_none()));
}

#[tokio::test]
async fn oa4_withings_asks_by_action_and_answers_in_an_envelope() {
    let of = |body: &'static str| async move {
        let server = tokens(body);
        let mut client = behaving(server.port, Behaviour::WithingsEnvelope);
        client.dialect.keep_from_answer = pairs(&[("userid", "/userid")]);
        let answer = refresh(&client, "rt").await;
        assert_eq!(server.seen()[0].form("action").as_deref(), Some("requesttoken"));
        answer
    };
    let answer = of(r#"{"status":0,"body":{"userid":"363","access_token":"a","refresh_token":"r","expires_in":10800,"scope":"user.info,user.metrics"}}"#).await.unwrap();
    assert_eq!((access(&answer), refresh_token(&answer)), ("a", Some("r")));
    assert_eq!(answer.tokens.scope.as_deref(), Some("user.info user.metrics"));
    assert_eq!(answer.kept, pairs(&[("userid", "363")]));
    let failed = r#"{"status":503,"body":{},"error":"Invalid Params: invalid refresh_token"}"#;
    assert!(matches!(of(failed).await, Err(Error::Permanent { .. })));
    assert!(matches!(
        of(r#"{"status":601,"body":{}}"#).await,
        Err(Error::Transient { .. })
    ));
    match of(r#"{"status":2554,"body":{},"error":"Unspecified"}"#).await {
        Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "withings_2554"),
        other => panic!("{:?}", other.map(drop)),
    }
}

#[tokio::test]
async fn oa4_a_data_envelope_is_opened_and_its_code_believed() {
    let of = |body: &'static str| async move {
        refresh(&behaving(tokens(body).port, Behaviour::DataEnvelope), "rt").await
    };
    let answer =
        of(r#"{"code":0,"message":"OK","request_id":"1","data":{"access_token":"a","scope":[4,5]}}"#)
            .await
            .unwrap();
    assert_eq!(access(&answer), "a");
    assert_eq!(answer.tokens.scope, None);
    let ended = r#"{"code":40105,"message":"Access token is incorrect or has been revoked.","data":{}}"#;
    assert!(matches!(of(ended).await, Err(Error::Permanent { .. })));
    assert!(matches!(
        of(r#"{"code":40100,"data":{}}"#).await,
        Err(Error::Transient { .. })
    ));
    assert!(matches!(
        of(r#"{"code":51010,"data":{}}"#).await,
        Err(Error::Transient { .. })
    ));
    assert!(matches!(
        of(r#"{"code":40002,"data":{}}"#).await,
        Err(Error::Config { .. })
    ));
}

#[tokio::test]
async fn oa4_stripe_apps_have_the_secret_as_the_user() {
    let server = tokens(PLAIN);
    refresh(&behaving(server.port, Behaviour::SecretAsUser), "rt")
        .await
        .unwrap();
    let seen = &server.seen()[0];
    let pair = BASE64_STANDARD.encode(format!("{SECRET}:"));
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Basic {pair}").as_str())
    );
    assert_eq!(seen.form("client_secret"), None);
}

/// Apple: a secret that is signed for each request, by the key whose text is the client secret.
#[tokio::test]
async fn oa4_apple_gets_a_signed_secret_and_never_the_key() {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    let server = tokens(PLAIN);
    let mut client = behaving(server.port, Behaviour::AppleClientSecret);
    let variables = pairs(&[("team_id", "TEAM1"), ("key_id", "KEY1")]);
    client.provider = Some(Origin {
        id: "apple".to_owned(),
        variables,
    });
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = |key: &rcgen::KeyPair| {
        let text = BASE64_STANDARD.encode(key.serialize_der());
        SecretValue::from(format!(
            "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
        ))
    };
    let http = Http::new().unwrap();
    token::refresh(&http, &client, Some(&pem(&key)), &SecretValue::from("rt"), &now)
        .await
        .unwrap();
    let seen = server.seen();
    let jwt = seen[0].form("client_secret").unwrap();
    assert!(!seen[0].body.contains("PRIVATE"));
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key_raw());
    public
        .verify(
            signed.as_bytes(),
            &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    let part = |index: usize| -> serde_json::Value {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(signed.split('.').nth(index).unwrap())
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    assert_eq!(
        (part(0)["alg"].clone(), part(0)["kid"].clone()),
        ("ES256".into(), "KEY1".into())
    );
    assert_eq!(
        (part(1)["iss"].clone(), part(1)["sub"].clone()),
        ("TEAM1".into(), "client-1".into())
    );
    // O-46: for the issuer alone, and for minutes.
    assert_eq!(part(1)["aud"], "https://appleid.apple.com");
    assert_eq!(part(1)["exp"].as_i64(), Some(NOW.0 + 300));
    let odd = token::refresh(
        &http,
        &client,
        Some(&SecretValue::from("x")),
        &SecretValue::from("rt"),
        &now,
    )
    .await;
    assert!(matches!(odd, Err(Error::BadParameter(_))));
    assert_eq!(server.seen().len(), 1);
}

/// Zoho, Acrobat Sign: the callback names the host, out of those that the registration lists (O-42, T-11).
#[tokio::test]
async fn o42_a_named_host_is_followed_only_where_it_is_listed() {
    let server = tokens(PLAIN);
    let mut client = behaving(server.port, Behaviour::CallbackHost);
    client.token_uri = "https://accounts.zoho.com/oauth/v2/token?x=1".to_owned();
    client.revocation_uri = Some("https://accounts.zoho.com/oauth/v2/token/revoke".to_owned());
    client.introspection_uri = Some("https://accounts.zoho.com/introspect".to_owned());
    client.dialect.keep_from_callback = strings(&["accounts-server", "location"]);
    client.dialect.hosts = strings(&["accounts.zoho.eu", "*.adobesign.com"]);
    let at = |home: &str| {
        behaviour::at_home(&client, &pairs(&[("accounts-server", home)])).map(|client| client.into_owned())
    };
    let moved = at("https://accounts.zoho.eu").unwrap();
    assert_eq!(moved.token_uri, "https://accounts.zoho.eu/oauth/v2/token?x=1");
    assert_eq!(
        moved.revocation_uri.as_deref(),
        Some("https://accounts.zoho.eu/oauth/v2/token/revoke")
    );
    assert_eq!(
        moved.introspection_uri.as_deref(),
        Some("https://accounts.zoho.eu/introspect")
    );
    assert_eq!(moved.auth_uri, client.auth_uri);
    assert_eq!(
        at("https://api.na4.adobesign.com/").unwrap().token_uri,
        "https://api.na4.adobesign.com/oauth/v2/token?x=1"
    );
    for evil in [
        "https://evil.example",
        "https://accounts.zoho.eu.evil.example",
        "https://accounts.zoho.eu@evil.example",
        "https://accounts.zoho.eu:8443",
        "http://accounts.zoho.eu",
        "https://adobesign.com",
        "https://evil-adobesign.com",
        "https://.adobesign.com",
        "accounts.zoho.eu",
    ] {
        assert!(matches!(at(evil), Err(Error::BadEndpoint(_))), "{evil}");
    }
    assert_eq!(
        behaviour::at_home(&client, &[]).unwrap().token_uri,
        client.token_uri
    );
    // And at the consent itself: the code goes nowhere.
    let pending = crate::begin(&client, "http://127.0.0.1:50123/callback");
    let state = crate::parameter(&pending, "state");
    let home = format!("http%3A%2F%2F127.0.0.1%3A{}", server.port);
    let head = format!(
        "GET /callback?code=c&accounts-server={home}&state={state} HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n"
    );
    let code = callback::judge(&pending, head.as_bytes()).unwrap();
    assert!(matches!(
        finish(&client, &pending, code).await,
        Err(Error::BadEndpoint(_))
    ));
    assert!(server.seen().is_empty());
}

/// eBay: the name that it gave to the redirect address stands in its place, in both requests alike (O-13); the answer
/// is held against the address itself (O-23).
#[tokio::test]
async fn oa4_o13_a_named_redirect_is_said_by_its_name() {
    let server = tokens(PLAIN);
    let mut client = behaving(server.port, Behaviour::RedirectName);
    client.auth_uri.push_str("?realm=own");
    let refused = authorize::begin(&Request {
        client: &client,
        redirect_uri: "http://127.0.0.1:50123/callback",
        scopes: &[],
        params: &[],
    });
    assert!(matches!(refused, Err(Error::BadParameter(_))), "without its name");
    client.provider = Some(Origin {
        id: "ebay".to_owned(),
        variables: pairs(&[("redirect_name", "Acme-App-PRD-1")]),
    });
    let (pending, code) = consented(&client);
    let url = url::Url::parse(pending.url()).unwrap();
    let said: Vec<String> = url
        .query_pairs()
        .filter(|(name, _)| name == "redirect_uri" || name == "realm")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(
        said,
        ["own", "Acme-App-PRD-1"],
        "what the address has itself stays"
    );
    assert!(pending.redirect_uri().starts_with("http://127.0.0.1:"));
    finish(&client, &pending, code).await.unwrap();
    refresh(&client, "rt").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].form("redirect_uri").as_deref(), Some("Acme-App-PRD-1"));
    assert_eq!(seen[1].form("redirect_uri"), None);
}
