//! What a consent that failed, or that brought less than was asked for, tells: at once and later (OA10, O-33).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward_engine::{
    Engine, Kind,
    auth_clients::{self, New, NewOauth2, NewRegistration},
    connect, connections,
    consent::{Progress, State},
    consent_queue, diagnosis, lifecycle, refresh,
    roster::{self, Line, LineKind, Run, Taken},
};
use keyward_model::{
    SecretValue,
    auth_client::{Grant, Visibility},
    connection::ConnectionState,
};

use crate::{
    server::{Act, Server, answer, json},
    support::{ENV, World, answer_to, begin, ended, kind, owner, shown, token, wish},
};

const TOKENS: &str = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600}"#;

const WRONG_SECRET: &str =
    r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#;

/// A provider whose token endpoint says one thing until it is told another; its metadata has no other member.
struct Provider {
    server: Server,
    says: Arc<Mutex<Vec<u8>>>,
}

impl Provider {
    fn new(says: Vec<u8>) -> Self {
        let says = Arc::new(Mutex::new(says));
        let own = Arc::clone(&says);
        let server = Server::start(move |seen| {
            let here = format!("http://{}", seen.header("host").unwrap_or_default());
            Act::Bytes(if seen.line.contains("/.well-known/") {
                let document = format!(
                    "{{\"issuer\":\"{here}\",\"authorization_endpoint\":\"{here}/authorize\",\"token_endpoint\":\"{here}/token\"}}"
                );
                json("200 OK", &document)
            } else if seen.line.contains("/device") {
                let document = format!(
                    "{{\"device_code\":\"d\",\"user_code\":\"ABCD\",\"verification_uri\":\"{here}/type\",\"expires_in\":2,\"interval\":1}}"
                );
                json("200 OK", &document)
            } else {
                own.lock().unwrap().clone()
            })
        });
        Self { server, says }
    }

    fn says(&self, bytes: Vec<u8>) {
        *self.says.lock().unwrap() = bytes;
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.server.port)
    }

    /// Registers CLIENT there.
    fn register(&self, engine: &Engine, new: NewOauth2<'_>) {
        let (auth_uri, token_uri) = (self.at("/authorize"), self.at("/token"));
        let secret = SecretValue::from("a-secret");
        let by_hand = new.issuer.is_none();
        let registration = NewRegistration::Oauth2(NewOauth2 {
            auth_uri: by_hand.then_some(&auth_uri),
            token_uri: by_hand.then_some(&token_uri),
            client_id: "client-1",
            client_secret: Some(&secret),
            ..new
        });
        let new = New {
            key: "CLIENT",
            name: None,
            application: None,
            visibility: Visibility::Environment,
            registration,
        };
        auth_clients::create(engine, &owner(), ENV, &new).unwrap();
    }
}

fn plan(engine: &Engine, key: &str) {
    let fields = [("name", key), ("auth_client", "CLIENT")];
    let line = Line {
        place: "line 1".to_owned(),
        kind: LineKind::Connection,
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect(),
    };
    roster::import(engine, &owner(), ENV, &[line], (Taken::Refuse, Run::Real)).unwrap();
}

/// How a consent ends whose browser came back with this.
fn answered(engine: &Arc<Engine>, key: &str, with: &str) -> Progress {
    let consent = begin(engine, &wish(key));
    let _ = connect::paste(engine, consent.id, &answer_to(&consent, with));
    ended(&consent)
}

fn why(engine: &Engine) -> &'static str {
    diagnosis::why(engine, ENV, "APP").unwrap().causes[0].id
}

/// OA10, O-33: what the token endpoint says of the client is told in its words with its cause, and the grant doctor
/// knows it afterwards, of a Connection that nobody has consented to yet as well.
#[test]
fn oa10_o33_a_refused_client_is_told_at_the_consent_and_later() {
    let (_world, engine) = World::host();
    let provider = Provider::new(json("401 Unauthorized", WRONG_SECRET));
    provider.register(&engine, NewOauth2::default());
    // A new one: there is nothing to ask later, so the error says it all.
    let error = answered(&engine, "APP", "code=c").error.unwrap();
    assert_eq!(error.kind, Kind::Provider);
    assert!(
        error.message.contains("invalid_client (AADSTS7000215: "),
        "{error}"
    );
    for words in [
        "The client secret is wrong.",
        "then connect again",
        "auth-client show CLIENT",
    ] {
        assert!(error.hint.contains(words), "{}", error.hint);
    }
    assert_eq!(kind(connections::find(&engine, ENV, "APP")), Some(Kind::NotFound));

    plan(&engine, "APP");
    assert_eq!(why(&engine), "not_connected_yet");
    answered(&engine, "APP", "code=c");
    assert_eq!(why(&engine), "microsoft_secret_is_its_id");
    let connection = shown(&engine);
    assert_eq!(connection.state, ConnectionState::AwaitingConsent);
    assert!(connection.error.unwrap().message.contains("AADSTS7000215"));
    let queue = consent_queue::list(&engine, Some(ENV)).unwrap();
    assert_eq!(queue[0].cause.id, "microsoft_secret_is_its_id");

    // A consent mends it.
    provider.says(json("200 OK", TOKENS));
    assert_eq!(answered(&engine, "APP", "code=c").state, State::Done);
    assert_eq!(why(&engine), "healthy");

    // One that works goes on working, and says why it could not be renewed by hand.
    provider.says(json("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    answered(&engine, "APP", "code=c");
    assert_eq!(why(&engine), "client_secret_wrong");
    assert_eq!(shown(&engine).state, ConnectionState::Ready);
    assert!(token(&engine).is_ok());
    provider.says(json("200 OK", TOKENS));
    refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(why(&engine), "healthy");
}

/// OA10, O-33: a code of the provider's own is told as it is, through either door, with its cause where it has one.
#[test]
fn oa10_o33_a_providers_own_code_is_told() {
    let (_world, engine) = World::host();
    let provider = Provider::new(json("200 OK", TOKENS));
    provider.register(&engine, NewOauth2::default());
    plan(&engine, "APP");
    for (code, state, cause, hint) in [
        (
            "redirect_uri_mismatch",
            State::Failed,
            "redirect_not_registered",
            "The redirect address is not registered.",
        ),
        (
            "application_suspended",
            State::Failed,
            "unknown",
            "Look the code up in the provider's documentation.",
        ),
        (
            "access_denied",
            State::Denied,
            "unknown",
            "Connect again and agree",
        ),
    ] {
        let progress = answered(&engine, "APP", &format!("error={code}"));
        let error = progress.error.unwrap();
        assert_eq!(progress.state, state);
        assert!(error.message.contains(code), "{error}");
        assert!(error.hint.contains(hint), "{}", error.hint);
        // A person's no does not hide what was known before.
        assert_eq!(why(&engine), cause, "{code}");
    }
    plan(&engine, "OTHER");
    let cancelled = answered(&engine, "OTHER", "error=user_cancelled_login");
    assert_eq!(cancelled.state, State::Denied);
    let causes = diagnosis::why(&engine, ENV, "OTHER").unwrap().causes;
    assert_eq!(causes[0].id, "said_no");
    // What passes by itself is no trait of the registration.
    plan(&engine, "LATER");
    answered(&engine, "LATER", "error=temporarily_unavailable");
    let causes = diagnosis::why(&engine, ENV, "LATER").unwrap().causes;
    assert_eq!(causes[0].id, "not_connected_yet");
}

/// OA10, O-45: a token address that moved or is none is named, with what is compared; and an issuer is told from one with
/// a slash (O-44).
#[test]
fn oa10_o44_o45_the_address_at_fault_is_named() {
    let (_world, engine) = World::host();
    let provider = Provider::new(answer(
        "302 Found",
        "Location: https://elsewhere.example/\r\n",
        "",
    ));
    provider.register(&engine, NewOauth2::default());
    plan(&engine, "APP");
    for (bytes, cause, words) in [
        (
            answer("302 Found", "Location: https://elsewhere.example/\r\n", ""),
            "endpoint_moved",
            "redirect (HTTP 302)",
        ),
        (answer("404 Not Found", "", "gone"), "endpoint_gone", "(HTTP 404)"),
    ] {
        provider.says(bytes);
        let error = answered(&engine, "APP", "code=c").error.unwrap();
        assert!(
            error.message.contains(&provider.at("/token")) && error.message.contains(words),
            "{error}"
        );
        assert!(
            error.hint.contains("Compare the token address") && !error.hint.contains("scopes"),
            "{}",
            error.hint
        );
        assert_eq!(why(&engine), cause);
    }
    let slash = auth_clients::discover(&engine, &provider.at("/")).unwrap_err();
    assert_eq!(slash.kind, Kind::Provider);
    assert!(slash.message.contains("issuer_mismatch"), "{slash}");
    assert!(
        slash.hint.contains("Only the slash at the end differs"),
        "{}",
        slash.hint
    );
    let other = auth_clients::discover(&engine, &provider.at("/tenant")).unwrap_err();
    assert!(other.hint.contains("Ask the provider"), "{}", other.hint);
}

/// AM10 (OpenID Connect Core §11): who asks an issuer for offline_access asks the person as well, unless another prompt
/// is named; and a provider that gives no refresh token all the same is told as one.
#[test]
fn am10_offline_access_asks_the_person() {
    let (_world, engine) = World::host();
    let provider = Provider::new(json("200 OK", r#"{"access_token":"at-1","expires_in":3600}"#));
    let issuer = provider.at("");
    provider.register(
        &engine,
        NewOauth2 {
            issuer: Some(&issuer),
            scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
            ..NewOauth2::default()
        },
    );
    let link = |prompt: Option<&str>, scopes: Option<&str>| {
        let mut wish = wish("ASKED");
        wish.params = prompt.map(|prompt| vec![("prompt".to_owned(), prompt.to_owned())]);
        wish.scopes = scopes.map(|scope| vec![scope.to_owned()]);
        let consent = begin(&engine, &wish);
        connect::cancel(&engine, consent.id).unwrap();
        consent.link().to_owned()
    };
    assert!(link(None, None).contains("&prompt=consent"));
    let own = link(Some("login"), None);
    assert!(own.contains("&prompt=login") && !own.contains("consent"), "{own}");
    assert!(!link(None, Some("read")).contains("prompt"));

    // No ID token here: the scope openid is left out.
    let mut wish = wish("APP");
    wish.scopes = Some(vec!["offline_access".to_owned()]);
    let consent = begin(&engine, &wish);
    connect::paste(&engine, consent.id, &answer_to(&consent, "code=c")).unwrap();
    let progress = ended(&consent);
    assert_eq!(progress.state, State::DoneWithoutRefreshToken);
    let warning = progress.result.unwrap().connection.error.unwrap();
    assert_eq!(warning.code, "no_refresh_token");
    assert!(
        warning
            .message
            .contains("although the scope offline_access was asked for"),
        "{}",
        warning.message
    );
    assert_eq!(why(&engine), "refresh_token_withheld");
}

/// O-14: what was asked for and not granted is named when the tokens are stored, and by the grant doctor later.
#[test]
fn o14_scopes_that_were_not_granted_are_named() {
    let (_world, engine) = World::host();
    let tokens = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read"}"#;
    let provider = Provider::new(json("200 OK", tokens));
    provider.register(
        &engine,
        NewOauth2 {
            scopes: ["read", "write", "offline_access"].map(str::to_owned).to_vec(),
            ..NewOauth2::default()
        },
    );
    let connection = answered(&engine, "APP", "code=c").result.unwrap().connection;
    assert_eq!(connection.state, ConnectionState::Ready);
    let warning = connection.error.unwrap();
    assert_eq!(warning.code, "scopes_not_granted");
    assert_eq!(warning.message, "The provider did not grant: write.");
    assert_eq!(why(&engine), "scopes_not_granted");
    refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();
    assert!(shown(&engine).error.is_none());
    assert_eq!(why(&engine), "scopes_not_granted");
    // Without a refresh token both are told, the greater trouble first.
    provider.says(json(
        "200 OK",
        r#"{"access_token":"at-1","expires_in":3600,"scope":"read"}"#,
    ));
    let connection = answered(&engine, "APP", "code=c").result.unwrap().connection;
    let warning = connection.error.unwrap();
    assert_eq!(warning.code, "no_refresh_token");
    assert!(
        warning.message.ends_with("did not grant: write."),
        "{}",
        warning.message
    );
}

/// O-51: a code for another device that ended is told as one, not as a person who did not answer.
#[test]
fn o51_a_code_that_ended_is_told() {
    let (_world, engine) = World::host();
    let pending = json("400 Bad Request", r#"{"error":"authorization_pending"}"#);
    let provider = Provider::new(pending.clone());
    let device_uri = provider.at("/device");
    provider.register(
        &engine,
        NewOauth2 {
            grant: Some(Grant::DeviceCode),
            device_uri: Some(&device_uri),
            ..NewOauth2::default()
        },
    );
    for says in [pending, json("400 Bad Request", r#"{"error":"expired_token"}"#)] {
        provider.says(says);
        let mut wish = wish("APP");
        wish.timeout = Duration::from_secs(60);
        let progress = ended(&begin(&engine, &wish));
        assert_eq!(progress.state, State::Failed);
        let error = progress.error.unwrap();
        assert_eq!(error.kind, Kind::NeedsConsent);
        assert!(error.message.starts_with("The provider's code ended"), "{error}");
        assert!(error.hint.contains("new code"), "{}", error.hint);
    }
}

/// ST5: a consent that the lock ended says so; one that somebody stopped says that.
#[test]
fn st5_a_consent_that_the_lock_ended_says_so() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let stopped = begin(&engine, &wish("APP"));
    connect::cancel(&engine, stopped.id).unwrap();
    assert_eq!(
        ended(&stopped).error.unwrap().message,
        "The consent was cancelled."
    );
    let consent = begin(&engine, &wish("APP"));
    lifecycle::lock(&engine);
    let progress = ended(&consent);
    assert_eq!(progress.state, State::Cancelled);
    let error = progress.error.unwrap();
    assert_eq!(error.kind, Kind::Locked);
    assert!(error.message.contains("locked"), "{error}");
}

/// O-36: how a whole address begins is told as it is registered.
#[test]
fn o36_a_wrong_address_is_told_how_the_right_one_begins() {
    let (_world, engine) = World::host();
    let provider = Provider::new(json("200 OK", TOKENS));
    let redirect = keyward_model::auth_client::Redirect::Paste("https://app.example/done".to_owned());
    provider.register(
        &engine,
        NewOauth2 {
            redirect: Some(redirect),
            ..NewOauth2::default()
        },
    );
    let consent = begin(&engine, &wish("APP"));
    let refused = connect::paste(&engine, consent.id, "https://app.example/other")
        .err()
        .unwrap();
    assert!(
        refused.hint.contains("from https:// to the end"),
        "{}",
        refused.hint
    );
    connect::cancel(&engine, consent.id).unwrap();
}
