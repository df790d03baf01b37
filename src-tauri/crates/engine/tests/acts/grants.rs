//! Ways to tokens beside the usual one, and whose account they are for. A long file: each way has its own server.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_engine::{
    Engine, Kind, audit,
    auth_clients::{self, New, NewOauth1, NewOauth2, NewRegistration},
    connect, connections,
    consent::State,
    diagnosis, doctor, refresh,
};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{Grant, Redirect, Signature, Visibility},
    connection::{AuthType, ConnectionState},
    health::Rule,
};

use crate::{
    server::{Act, Server, answer, json},
    support::{ENV, World, answer_to, begin, ended, kind, owner, token, wish},
};

/// RFC 8037 Appendix A.1.
const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn at(server: &Server, path: &str) -> String {
    format!("http://127.0.0.1:{}/{path}", server.port)
}

fn add(engine: &Engine, key: &str, registration: NewRegistration<'_>) {
    let new = New {
        key,
        name: None,
        application: None,
        visibility: Visibility::Environment,
        registration,
    };
    auth_clients::create(engine, &owner(), ENV, &new).unwrap();
}

fn add_oauth2(engine: &Engine, key: &str, server: &Server, new: NewOauth2<'_>) {
    let (auth_uri, token_uri) = (at(server, "authorize"), at(server, "token"));
    add(
        engine,
        key,
        NewRegistration::Oauth2(NewOauth2 {
            auth_uri: Some(&auth_uri),
            token_uri: Some(&token_uri),
            client_id: "client-1",
            ..new
        }),
    );
}

/// A server whose code is the subject of the ID token.
fn one_person_a_code() -> Server {
    Server::start(|seen| {
        let subject = seen.form("code").unwrap_or_default();
        let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(
            "{{\"sub\":\"{subject}\",\"email\":\"{subject}@a.example\"}}"
        ));
        Act::Bytes(json(
            "200 OK",
            &format!(
                "{{\"access_token\":\"at-{subject}\",\"refresh_token\":\"rt-{subject}\",\"id_token\":\"e30.{claims}.\",\"expires_in\":3600}}"
            ),
        ))
    })
}

fn connect_as(engine: &Arc<Engine>, who: &str) -> keyward_engine::consent::Progress {
    let consent = begin(engine, &wish("APP"));
    connect::paste(engine, consent.id, &answer_to(&consent, &format!("code={who}"))).unwrap();
    ended(&consent)
}

/// O-18: who signs in under a name of somebody else's is told, and nothing is replaced; disconnecting first allows it.
#[test]
fn o18_a_name_stays_the_same_persons() {
    let (_world, engine) = World::host();
    let server = one_person_a_code();
    add_oauth2(&engine, "CLIENT", &server, NewOauth2::default());
    assert_eq!(connect_as(&engine, "ada").state, State::Done);
    assert_eq!(connect_as(&engine, "ada").state, State::Done);
    let refused = connect_as(&engine, "bob");
    assert_eq!(refused.state, State::Failed);
    let error = refused.error.unwrap();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("ada@a.example") && error.message.contains("bob@a.example"));
    assert!(
        error.hint.contains("keyward connection disconnect APP first"),
        "{}",
        error.hint
    );
    assert_eq!(token(&engine).unwrap(), "at-ada");
    connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(connect_as(&engine, "bob").state, State::Done);
    assert_eq!(token(&engine).unwrap(), "at-bob");
}

/// O-43: issuer and endpoints are one unit. Metadata that begins to name another token endpoint takes neither a code nor
/// a refresh token away from the endpoint that the person agreed to, and one issuer never speaks for another.
#[test]
fn o43_metadata_that_changes_leads_no_token_elsewhere() {
    let (world, engine) = World::host();
    let thief = Server::always(json("200 OK", r#"{"access_token":"at-x","expires_in":3600}"#));
    let token_endpoint = Arc::new(Mutex::new(None::<String>));
    let is_gone = Arc::new(AtomicBool::new(false));
    let (said, gone) = (Arc::clone(&token_endpoint), Arc::clone(&is_gone));
    let server = Server::start(move |seen| {
        let own = format!("http://{}", seen.header("host").unwrap_or_default());
        if gone.load(Ordering::SeqCst) && seen.line.starts_with("POST") {
            return Act::Bytes(json("404 Not Found", "{}"));
        }
        if seen.line.contains("/.well-known/") {
            let token_endpoint = said.lock().unwrap().clone().unwrap_or(format!("{own}/token"));
            let document = format!(
                "{{\"issuer\":\"{own}\",\"authorization_endpoint\":\"{own}/authorize\",\"token_endpoint\":\"{token_endpoint}\"}}"
            );
            return Act::Bytes(json("200 OK", &document));
        }
        let body = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600}"#;
        Act::Bytes(json("200 OK", body))
    });
    let issuer = format!("http://127.0.0.1:{}", server.port);
    let new = NewOauth2 {
        issuer: Some(&issuer),
        client_id: "client-1",
        ..NewOauth2::default()
    };
    add(&engine, "CLIENT", NewRegistration::Oauth2(new));
    *token_endpoint.lock().unwrap() = Some(at(&thief, "token"));
    let progress = connect_as(&engine, "ada");
    assert_eq!(progress.state, State::Done, "{:?}", progress.error);
    // Shown to the person, audited, and told once.
    let warning = progress.result.unwrap().connection.error.unwrap();
    assert_eq!(warning.code, "issuer_moved");
    assert!(
        warning.message.contains(&at(&thief, "token")),
        "{}",
        warning.message
    );
    assert!(
        warning.hint.contains("sends nothing to the new ones"),
        "{}",
        warning.hint
    );
    let moves = || {
        let all = audit::list(&engine, None, 0, 1_000).unwrap();
        let moves = all
            .into_iter()
            .filter(|(_, event)| event.action == "auth_client.issuer_moved");
        moves
            .map(|(_, event)| (event.subject, event.outcome))
            .collect::<Vec<_>>()
    };
    let told = moves();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "auth client CLIENT");
    assert!(told[0].1.contains(&at(&thief, "token")), "{}", told[0].1);
    world.clock.pass(3_590);
    assert_eq!(token(&engine).unwrap(), "at-1");
    world.clock.pass(25 * 3_600);
    let again = connect_as(&engine, "ada");
    assert_eq!(again.state, State::Done, "{:?}", again.error);
    assert!(again.result.unwrap().connection.error.is_none(), "told already");
    assert_eq!(moves().len(), 1);
    // Another move is another thing to tell.
    *token_endpoint.lock().unwrap() = Some(at(&thief, "other"));
    world.clock.pass(25 * 3_600);
    assert!(
        connect_as(&engine, "ada")
            .result
            .unwrap()
            .connection
            .error
            .is_some()
    );
    assert_eq!(moves().len(), 2);
    // The old address is switched off one day: the failure says what was told long ago.
    is_gone.store(true, Ordering::SeqCst);
    let failed = connect_as(&engine, "ada").error.unwrap();
    assert!(failed.hint.contains(&at(&thief, "other")), "{}", failed.hint);
    let asked = |grant: &str| {
        let seen = server.seen();
        seen.iter()
            .filter(|seen| seen.form("grant_type").as_deref() == Some(grant))
            .count()
    };
    // The fourth code went to the old address too, which answered 404.
    assert_eq!((asked("authorization_code"), asked("refresh_token")), (4, 1));
    assert_eq!(thief.seen().len(), 0, "it was asked for something");
    // And what is registered under another's name is refused at once (O-44).
    let named = format!("{issuer}/");
    assert_eq!(
        kind(auth_clients::discover(&engine, &named)),
        Some(Kind::Provider)
    );
}

/// OA2: three legs, a token without an end, and nothing that refreshes it.
#[test]
fn oa2_oauth1_connects_and_its_token_has_no_end() {
    let (world, engine) = World::host();
    let server = Server::start(|seen| {
        let body = match seen.line.contains("/request ") {
            true => "oauth_token=rt-1&oauth_token_secret=rs-1&oauth_callback_confirmed=true",
            false => "oauth_token=at-1&oauth_token_secret=as-1&screen_name=ada",
        };
        Act::Bytes(answer("200 OK", "", body))
    });
    let (request, authorize, access) = (
        at(&server, "request"),
        at(&server, "authorize"),
        at(&server, "access"),
    );
    let secret = SecretValue::from("cs-1");
    add(
        &engine,
        "TWITTER",
        NewRegistration::Oauth1(NewOauth1 {
            // OA4: what the entry of the catalogue says stands where a person says nothing.
            provider: Some("x-oauth1"),
            request_uri: Some(&request),
            authorize_uri: Some(&authorize),
            access_uri: Some(&access),
            consumer_key: "ck-1",
            consumer_secret: Some(&secret),
            redirect: Some(Redirect::Free),
            ..NewOauth1::default()
        }),
    );
    let kept = auth_clients::find(&engine, "TWITTER").unwrap().auth_client;
    assert_eq!(kept.registration.kind(), "oauth1");
    assert_eq!(kept.application.as_ref().map(|name| name.as_str()), Some("x"));
    assert_eq!(
        kept.oauth1().map(|kept| kept.signature),
        Some(Signature::HmacSha1)
    );
    assert!(kept.client_secret().is_some());
    let consent = begin(&engine, &wish("APP"));
    let address = format!("{}?oauth_token=rt-1&oauth_verifier=v-1", consent.redirect_uri());
    connect::paste(&engine, consent.id, &address).unwrap();
    let progress = ended(&consent);
    assert_eq!(progress.state, State::Done, "{:?}", progress.error);
    let connection = progress.result.unwrap().connection;
    assert_eq!(connection.auth_type, AuthType::Oauth1);
    assert_eq!(connection.account.as_deref(), Some("ada"));
    assert_eq!((connection.lifetime, connection.next_refresh_at()), (None, None));
    let raw = world.tokens(connection.id).unwrap().raw;
    assert!(
        raw.expose_text().unwrap().contains("as-1"),
        "whoever signs requests needs it"
    );
    world.clock.pass(3 * 366 * 24 * 3600);
    assert_eq!(token(&engine).unwrap(), "at-1");
    assert_eq!(
        kind(refresh::refresh_now(&engine, &owner(), ENV, "APP")),
        Some(Kind::Invalid)
    );
    // OA10: its values were not entered but consented to, and that can be taken back.
    let why = diagnosis::why(&engine, ENV, "APP").unwrap();
    assert_eq!(why.causes[0].id, "healthy_without_end");
    assert!(why.consented_at.is_some());
    assert_eq!(server.seen().len(), 2);
    connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    let why = diagnosis::why(&engine, ENV, "APP").unwrap();
    assert_eq!(why.causes[0].id, "disconnected");
}

/// OA2: an assertion of the account's key gets the tokens, and gets them again when they are due.
#[test]
fn oa2_jwt_bearer_renews_by_itself() {
    let (world, engine) = World::host();
    let server = Server::always(json("200 OK", r#"{"access_token":"at","expires_in":3600}"#));
    let key = SecretValue::from(KEY);
    add_oauth2(
        &engine,
        "ROBOT",
        &server,
        NewOauth2 {
            client_secret: Some(&key),
            grant: Some(Grant::JwtBearer),
            scopes: vec!["a".to_owned()],
            ..NewOauth2::default()
        },
    );
    let progress = ended(&begin(&engine, &wish("APP")));
    assert_eq!(progress.state, State::Done, "{:?}", progress.error);
    let connection = progress.result.unwrap().connection;
    assert!(connection.error.is_none() && connection.has_refresh_token);
    assert!(connection.next_refresh_at().is_some());
    world.clock.pass(3590);
    token(&engine).unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for request in &seen {
        assert_eq!(
            request.form("grant_type").as_deref(),
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
        );
        assert_eq!(request.form("refresh_token"), None);
        assert_eq!(request.form("client_secret"), None);
        assert_eq!(request.form("scope").as_deref(), Some("a"));
    }
    assert_ne!(seen[0].form("assertion"), seen[1].form("assertion"));
}

/// OA2, RFC 6749 §3.1: a client that asks for itself sends nobody to a browser, and needs no address for that; with a
/// code it does.
#[test]
fn oa2_only_a_code_needs_an_authorization_address() {
    let (_world, engine) = World::host();
    let server = Server::always(json("200 OK", r#"{"access_token":"at","expires_in":3600}"#));
    let token_uri = at(&server, "token");
    let secret = SecretValue::from("s");
    let client = |grant| NewOauth2 {
        token_uri: Some(&token_uri),
        client_id: "client-1",
        client_secret: Some(&secret),
        grant: Some(grant),
        ..NewOauth2::default()
    };
    add(
        &engine,
        "ROBOT",
        NewRegistration::Oauth2(client(Grant::ClientCredentials)),
    );
    let progress = ended(&begin(&engine, &wish("APP")));
    assert_eq!(progress.state, State::Done, "{:?}", progress.error);
    let new = New {
        key: "PERSON",
        name: None,
        application: None,
        visibility: Visibility::Environment,
        registration: NewRegistration::Oauth2(client(Grant::AuthorizationCode)),
    };
    let refused = auth_clients::create(&engine, &owner(), ENV, &new);
    assert_eq!(kind(refused), Some(Kind::Invalid));
}

/// OA3, WK5: a client secret that the issuer made with an end is announced before it; its successor has none.
#[test]
fn oa3_wk5_the_end_of_a_made_client_secret_is_announced() {
    let (world, engine) = World::host();
    let ends = engine.now().seconds() + 40 * 24 * 3600;
    let server = Server::start(move |seen| {
        let own = format!("http://{}", seen.header("host").unwrap_or_default());
        Act::Bytes(if seen.line.contains("/.well-known/") {
            let document = format!(
                "{{\"issuer\":\"{own}\",\"authorization_endpoint\":\"{own}/authorize\",\"token_endpoint\":\"{own}/token\",\
                 \"registration_endpoint\":\"{own}/register\",\
                 \"token_endpoint_auth_methods_supported\":[\"client_secret_basic\"]}}"
            );
            json("200 OK", &document)
        } else {
            let made = format!(
                "{{\"client_id\":\"made-1\",\"client_secret\":\"canary\",\"client_secret_expires_at\":{ends},\
                 \"token_endpoint_auth_method\":\"client_secret_basic\"}}"
            );
            json("201 Created", &made)
        })
    });
    let issuer = format!("http://127.0.0.1:{}", server.port);
    let new = NewOauth2 {
        issuer: Some(&issuer),
        ..NewOauth2::default()
    };
    add(&engine, "MADE", NewRegistration::Oauth2(new));
    let found = || {
        let findings = keyward_engine::health::check(&engine, &owner()).unwrap().findings;
        let of_client = findings.into_iter().filter(|one| one.place.key == "MADE");
        of_client
            .map(|one| (one.rule, one.at.map(Timestamp::seconds), one.hint()))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(), []);
    for (days, rule) in [(20, Rule::Expiring), (21, Rule::Expired)] {
        world.clock.pass(days * 24 * 3600);
        let found = found();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0, found[0].1), (rule, Some(ends)));
        assert!(found[0].2.contains("--client-secret-stdin"), "{}", found[0].2);
    }
    let successor = SecretValue::from("another");
    let changes = auth_clients::Changes {
        client_secret: Some(&successor),
        ..auth_clients::Changes::default()
    };
    auth_clients::update(&engine, &owner(), "MADE", &changes).unwrap();
    assert_eq!(found(), []);
}

/// O-61: what the provider refuses of a client that asks for itself is told, and ends nothing.
#[test]
fn o61_a_refused_client_keeps_its_tokens() {
    let (world, engine) = World::host();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Act::Bytes(json("200 OK", r#"{"access_token":"at","expires_in":3600}"#)),
        _ => Act::Bytes(json("401 Unauthorized", r#"{"error":"invalid_client"}"#)),
    });
    let secret = SecretValue::from("s");
    add_oauth2(
        &engine,
        "ROBOT",
        &server,
        NewOauth2 {
            client_secret: Some(&secret),
            grant: Some(Grant::ClientCredentials),
            ..NewOauth2::default()
        },
    );
    let connection = ended(&begin(&engine, &wish("APP"))).result.unwrap().connection;
    world.clock.pass(3590);
    assert_eq!(kind(token(&engine)), Some(Kind::Provider));
    assert_eq!(world.connection(connection.id).state, ConnectionState::Error);
    assert!(world.tokens(connection.id).is_some());
}

/// OA2, OA10: a refusal is told as that of what was sent: no code, no refresh token, where there is none.
#[test]
fn oa2_oa10_a_refusal_names_what_was_sent() {
    let (world, engine) = World::host();
    let is_refused = Arc::new(AtomicBool::new(false));
    let refused = Arc::clone(&is_refused);
    let server = Server::start(move |_| {
        Act::Bytes(match refused.load(Ordering::SeqCst) {
            false => json("200 OK", r#"{"access_token":"at","expires_in":3600}"#),
            true => json("400 Bad Request", r#"{"error":"invalid_grant"}"#),
        })
    });
    let secret = SecretValue::from("s");
    let client = |grant| NewOauth2 {
        client_secret: Some(&secret),
        grant: Some(grant),
        ..NewOauth2::default()
    };
    add_oauth2(&engine, "ROBOT", &server, client(Grant::ClientCredentials));
    add_oauth2(&engine, "LEGACY", &server, client(Grant::Password));
    let by = |auth_client| connect::Wish {
        auth_client: Some(auth_client),
        ..wish("APP")
    };
    assert_eq!(ended(&begin(&engine, &by("ROBOT"))).state, State::Done);
    is_refused.store(true, Ordering::SeqCst);
    world.clock.pass(3590);
    let said = token(&engine).unwrap_err().message;
    assert!(
        said.contains("the auth client's own request") && !said.contains("refresh token"),
        "{said}"
    );
    let why = diagnosis::why(&engine, ENV, "APP").unwrap();
    assert_eq!(why.causes[0].id, "own_request_refused");
    let said = ended(&begin(&engine, &by("ROBOT"))).error.unwrap().message;
    assert!(said.contains("the auth client's own request"), "{said}");
    let login = connect::Login {
        username: "ada".to_owned(),
        password: SecretValue::from("wrong"),
    };
    let new = connect::Wish {
        connection: "OTHER",
        ..by("LEGACY")
    };
    let consent = connect::sign_in(&engine, &owner(), &new, Some(login)).unwrap();
    let error = ended(&consent).error.unwrap();
    assert!(
        error.message.contains("the user name or the password"),
        "{}",
        error.message
    );
    assert!(!error.hint.contains("redirect"), "{}", error.hint);
}

/// OA1: the certificate is made once, readable by its owner alone; the port is the registered one.
#[test]
fn oa1_https_on_this_machine() {
    let (world, engine) = World::host();
    let server = one_person_a_code();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let redirect = Redirect::Https { port };
    add_oauth2(
        &engine,
        "CLIENT",
        &server,
        NewOauth2 {
            redirect: Some(redirect),
            ..NewOauth2::default()
        },
    );
    let path = world.home.root().join("loopback-certificate.json");
    let mut kept = Vec::new();
    for _ in 0..2 {
        let progress = connect_as(&engine, "ada");
        assert_eq!(progress.state, State::Done, "{:?}", progress.error);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        kept.push(std::fs::read(&path).unwrap());
    }
    assert_eq!(kept[0], kept[1]);
}

/// OA1, W-14: what the system hands over because of its scheme finishes the one consent that it answers.
#[test]
fn oa1_an_address_of_our_scheme_is_handed_over() {
    let (_world, engine) = World::host();
    let server = one_person_a_code();
    add_oauth2(
        &engine,
        "CLIENT",
        &server,
        NewOauth2 {
            redirect: Some(Redirect::Scheme("keyward".to_owned())),
            ..NewOauth2::default()
        },
    );
    let consents = [begin(&engine, &wish("FIRST")), begin(&engine, &wish("APP"))];
    assert_eq!(consents[1].redirect_uri(), "keyward:/callback");
    for odd in [
        "keyward:/callback?code=x&state=y",
        "keyward://evil/?code=x",
        "https://a.example/",
        "",
    ] {
        assert_eq!(
            kind(connect::hand_over(&engine, odd)),
            Some(Kind::Invalid),
            "{odd}"
        );
    }
    connect::hand_over(&engine, &answer_to(&consents[1], "code=ada")).unwrap();
    assert_eq!(ended(&consents[1]).state, State::Done);
    assert_eq!(consents[0].progress().state, State::Waiting);
}

/// O-41: two issuers on one path, one of which does not name itself, are warned of.
#[test]
fn o41_a_shared_path_is_warned_of() {
    let (_world, engine) = World::host();
    let warned = |engine: &Engine| {
        let checks = doctor::run(engine).into_iter();
        checks.filter(|check| check.id == "redirect_paths").count()
    };
    let servers = [one_person_a_code(), one_person_a_code()];
    add_oauth2(&engine, "ONE", &servers[0], NewOauth2::default());
    add_oauth2(&engine, "SAME_ISSUER", &servers[0], NewOauth2::default());
    assert_eq!(warned(&engine), 0);
    let own = NewOauth2 {
        redirect_path: Some("/callback/TWO"),
        ..NewOauth2::default()
    };
    add_oauth2(&engine, "TWO", &servers[1], own);
    assert_eq!(warned(&engine), 0);
    add_oauth2(&engine, "THREE", &servers[1], NewOauth2::default());
    assert_eq!(warned(&engine), 3, "each of those that share it");
}

/// O-18, O-52: where no ID token says whose the tokens are, the provider is asked.
#[test]
fn o18_introspection_names_the_account() {
    let (_world, engine) = World::host();
    let server = Server::start(|seen| {
        Act::Bytes(match seen.form("token") {
            Some(_) => json("200 OK", r#"{"active":true,"username":"ada","sub":"s1"}"#),
            None => json("200 OK", r#"{"access_token":"at","refresh_token":"rt"}"#),
        })
    });
    let introspection = at(&server, "introspect");
    let registration = NewOauth2 {
        introspection_uri: Some(&introspection),
        ..NewOauth2::default()
    };
    add_oauth2(&engine, "CLIENT", &server, registration);
    let connection = connect_as(&engine, "any").result.unwrap().connection;
    assert_eq!(connection.account.as_deref(), Some("ada"));
}
