use std::{net::TcpStream, sync::Arc, thread, time::Duration};

use keyward_engine::{
    Kind, auth_clients,
    changes::ChangeKind,
    connect::{self, Opening as Browse, time_left},
    connections::{self, Revocation},
    consent::State,
    home::Opening,
    lifecycle, refresh,
};
use keyward_model::connection::ConnectionState;

use crate::{
    provider::Fault,
    server::{answer, json},
    support::{
        ENV, World, answer_to, begin, count, ended, eventually, kind, new_secret, owner, shown, token, visit,
        wish,
    },
};

/// O-20, O-24: the browser's answer finishes it, once; the listener is gone afterwards.
#[test]
fn o20_o24_a_browser_comes_back_and_the_door_closes() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let mut wish = wish("APP");
    wish.browser = Browse::Browser;
    let mut changes = engine.changes().subscribe();
    let consent = begin(&engine, &wish);
    assert_eq!(*world.browser.0.lock().unwrap(), [consent.link()]);
    assert_eq!(consent.progress().browser.as_deref(), Some("onlooker"));
    assert_eq!(time_left(&engine, &consent).1, connect::USUAL_WAIT);
    let address = answer_to(&consent, "code=code-1");
    assert!(visit(&format!("{address}x")).starts_with("HTTP/1.1 400"));
    assert!(visit(&address).starts_with("HTTP/1.1 303"));
    let progress = ended(&consent);
    assert_eq!(progress.state, State::Done);
    assert_eq!(world.provider.with(|state| state.exchanges), 1);
    let authority = address
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    assert!(TcpStream::connect(authority).is_err(), "O-20");
    let connection = progress.result.unwrap().connection;
    assert_eq!(connection.granted_scope.as_deref(), Some("read"), "O-14");
    assert!(connection.default, "AM9");
    assert_eq!(count(&engine, "connection.connect"), 1);
    let mut kinds = Vec::new();
    while let Ok(change) = changes.try_recv() {
        kinds.push(change.kind);
    }
    assert!(
        kinds.contains(&ChangeKind::Connection) && kinds.contains(&ChangeKind::Consent),
        "I4"
    );
}

/// O-36: a pasted address is judged as the listener would; a second paste changes nothing (O-24).
#[test]
fn o36_o24_a_pasted_address_finishes_it_once() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let consent = begin(&engine, &wish("APP"));
    let address = answer_to(&consent, "code=code-1");
    for forged in [
        "https://evil.example/callback?code=x&state=y",
        &address.replace("state=", "state=x"),
        &address.replace("127.0.0.1", "127.0.0.2"),
        &address.replace("&state", "&code=2&state"),
        "",
    ] {
        assert_eq!(
            kind(connect::paste(&engine, consent.id, forged)),
            Some(Kind::Invalid),
            "{forged}"
        );
        assert_eq!(consent.progress().state, State::Waiting);
    }
    connect::paste(&engine, consent.id, &address).unwrap();
    let again = kind(connect::paste(&engine, consent.id, &address));
    assert!(matches!(again, Some(Kind::Invalid | Kind::Conflict)), "{again:?}");
    assert_eq!(ended(&consent).state, State::Done);
    assert_eq!(
        kind(connect::paste(&engine, consent.id, &address)),
        Some(Kind::Conflict)
    );
    assert_eq!(world.provider.with(|state| state.exchanges), 1);
}

/// O-33: a genuine no ends it in words, through either door.
#[test]
fn o33_a_genuine_no_ends_it() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    for (error, state, expected) in [
        ("access_denied", State::Denied, Kind::Denied),
        ("login_required", State::Failed, Kind::NeedsConsent),
        ("server_error", State::Failed, Kind::Provider),
    ] {
        let consent = begin(&engine, &wish("APP"));
        let address = answer_to(&consent, &format!("error={error}&error_description=Not+today"));
        let refused = connect::paste(&engine, consent.id, &address);
        assert_eq!(kind(refused), Some(expected));
        let progress = ended(&consent);
        assert_eq!(progress.state, state);
        assert!(progress.error.unwrap().message.contains("Not today"));

        let consent = begin(&engine, &wish("APP"));
        visit(&answer_to(&consent, &format!("error={error}")));
        assert_eq!(ended(&consent).state, state);
    }
    assert_eq!(world.provider.with(|state| state.exchanges), 0);
    assert!(connections::list(&engine, ENV, None).unwrap().is_empty());
}

/// O-20, O-22: cancel, lock and the end of its time close the listener.
#[test]
fn o20_o22_cancel_lock_and_time_end_it() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let closed = |address: &str| TcpStream::connect(address.split('/').next().unwrap()).is_err();
    let door = |consent: &keyward_engine::consent::Consent| {
        consent.redirect_uri().strip_prefix("http://").unwrap().to_owned()
    };

    let consent = begin(&engine, &wish("APP"));
    assert!(!closed(&door(&consent)));
    let cancelled = connect::cancel(&engine, consent.id).unwrap();
    assert_eq!(cancelled.progress().state, State::Cancelled);
    assert!(closed(&door(&consent)));

    let mut short = wish("APP");
    short.timeout = Duration::from_secs(1);
    let consent = begin(&engine, &short);
    let progress = ended(&consent);
    assert_eq!(progress.state, State::TimedOut);
    assert_eq!(progress.error.unwrap().kind, Kind::NeedsConsent);
    assert!(closed(&door(&consent)));
    short.timeout = connect::LONGEST_WAIT + Duration::from_secs(1);
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &short)),
        Some(Kind::Invalid)
    );

    let consent = begin(&engine, &wish("APP"));
    lifecycle::lock(&engine);
    assert_eq!(ended(&consent).state, State::Cancelled);
    eventually("the door is closed", || closed(&door(&consent)));
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("APP"))),
        Some(Kind::Locked)
    );
}

/// OA12: connecting an existing name renews the same Connection, also one that was disconnected.
#[test]
fn oa12_connecting_again_keeps_the_identity() {
    let (world, engine) = World::connected();
    let first = shown(&engine);
    let before = token(&engine).unwrap();
    world.clock.pass(100);
    let again = world.connect(&engine, "APP");
    assert_eq!(
        (again.id, again.created_at, again.default),
        (first.id, first.created_at, true)
    );
    assert_ne!(token(&engine).unwrap(), before);

    world.clock.pass(3_500);
    token(&engine).unwrap();
    let (_, revocation) = connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(revocation, Revocation::Revoked);
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    let again = world.connect(&engine, "APP");
    assert_eq!((again.id, again.state), (first.id, ConnectionState::Ready));
    assert!(token(&engine).is_ok());
    assert_eq!(connections::list(&engine, ENV, None).unwrap().len(), 1);

    world.auth_client(&engine, "OTHER");
    let mut other = wish("APP");
    other.auth_client = Some("OTHER");
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &other)),
        Some(Kind::Conflict)
    );
    let mut same = wish("APP");
    same.auth_client = Some("CLIENT");
    connect::cancel(&engine, begin(&engine, &same).id).unwrap();
}

/// OA12: two consents for one new name, in two processes, end in one Connection and lose no tokens.
#[test]
fn oa12_two_consents_at_once_make_one_connection() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let other = world.another(Opening::OneShot);
    let (one, two) = (begin(&engine, &wish("APP")), begin(&other, &wish("APP")));
    for (engine, consent) in [(&engine, &one), (&other, &two)] {
        connect::paste(engine, consent.id, &answer_to(consent, "code=c")).unwrap();
        assert_eq!(ended(consent).state, State::Done);
    }
    assert_eq!(connections::list(&engine, ENV, None).unwrap().len(), 1);
    assert_eq!(
        ended(&one).result.unwrap().connection.id,
        ended(&two).result.unwrap().connection.id
    );
    refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();

    // A key that something else took meanwhile is told; nothing is overwritten.
    let consent = begin(&engine, &wish("LATER"));
    new_secret(&engine, "LATER", "value").unwrap();
    connect::paste(&engine, consent.id, &answer_to(&consent, "code=c")).unwrap();
    let progress = ended(&consent);
    assert_eq!(progress.error.unwrap().kind, Kind::Conflict);
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("LATER"))),
        Some(Kind::Conflict)
    );
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("app"))),
        Some(Kind::Conflict)
    );
}

/// I5: what a provider gave for a code is stored, also when the vault is locked at that moment.
#[test]
fn i5_a_vault_locked_during_the_exchange_still_takes_the_tokens() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let locker = Arc::clone(&engine);
    world
        .provider
        .with(|state| state.meanwhile = Some(Box::new(move || lifecycle::lock(&locker))));
    let consent = begin(&engine, &wish("APP"));
    connect::paste(&engine, consent.id, &answer_to(&consent, "code=c")).unwrap();
    assert_eq!(ended(&consent).state, State::Done);
    assert_eq!(kind(token(&engine)), Some(Kind::Locked));
    lifecycle::unlock(&engine, None).unwrap();
    assert!(token(&engine).is_ok());
}

/// AM10, EL12: without a refresh token it is said, never tried, and the token is handed out until it ends.
#[test]
fn am10_el12_without_a_refresh_token() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    world.provider.with(|state| state.offline = false);
    let consent = begin(&engine, &wish("APP"));
    connect::paste(&engine, consent.id, &answer_to(&consent, "code=c")).unwrap();
    let progress = ended(&consent);
    assert_eq!(progress.state, State::DoneWithoutRefreshToken);
    let connection = progress.result.unwrap().connection;
    assert_eq!(connection.state, ConnectionState::Ready);
    let error = connection.error.clone().unwrap();
    assert_eq!(error.code, "no_refresh_token");
    assert!(error.hint.contains("offline_access") && !error.message.contains("invalid_client"));
    assert_eq!(connection.next_refresh_at(), None);

    world.clock.pass(3_599);
    assert!(token(&engine).is_ok());
    let least = Some(Duration::from_secs(10));
    assert_eq!(
        kind(crate::support::token_for(&engine, "APP", least)),
        Some(Kind::NeedsConsent)
    );
    world.clock.pass(1);
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    assert_eq!(
        kind(refresh::refresh_now(&engine, &owner(), ENV, "APP")),
        Some(Kind::NeedsConsent)
    );
    assert_eq!(world.provider.refreshes(), 0);
}

/// EL8, EL11, EL4: which AuthClient is meant, and that one in use stays.
#[test]
fn el8_el11_auth_clients() {
    let (world, engine) = World::host();
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("APP"))),
        Some(Kind::NotFound)
    );
    let client = world.auth_client(&engine, "CLIENT");
    world.connect(&engine, "APP");
    world.auth_client(&engine, "OTHER");
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("NEW"))),
        Some(Kind::Invalid)
    );
    assert_eq!(auth_clients::find(&engine, "CLIENT").unwrap().connections, 1);
    assert_eq!(
        auth_clients::find(&engine, &client.to_string())
            .unwrap()
            .auth_client
            .id,
        client
    );
    assert_eq!(
        kind(auth_clients::delete(&engine, &owner(), "CLIENT")),
        Some(Kind::Conflict)
    );
    auth_clients::delete(&engine, &owner(), "OTHER").unwrap();
    assert_eq!(kind(auth_clients::find(&engine, "OTHER")), Some(Kind::NotFound));
}

/// OA11, O-52: the refresh token first; what the provider said is told, and the tokens go in any case.
#[test]
fn o52_disconnect_and_delete_revoke() {
    let (world, engine) = World::connected();
    for (revocation, expected) in [
        (answer("200 OK", "", ""), "revoked"),
        (
            json("400 Bad Request", r#"{"error":"invalid_request"}"#),
            "failed",
        ),
        (answer("503 Service Unavailable", "", ""), "queued"),
    ] {
        world.provider.with(|state| {
            state.revocation = revocation;
            state.revoked.clear();
        });
        let (shown, outcome) = connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
        let said = match outcome {
            Revocation::Revoked => "revoked",
            Revocation::Failed(_) => "failed",
            Revocation::Queued(_) => "queued",
            _ => "other",
        };
        assert_eq!(said, expected);
        assert_eq!(shown.connection.state, ConnectionState::Disconnected);
        let kinds = world.provider.with(|state| {
            state
                .revoked
                .iter()
                .map(|(_, kind)| kind.clone())
                .collect::<Vec<_>>()
        });
        assert_eq!(kinds, ["refresh_token", "access_token"]);
        assert!(world.tokens(shown.connection.id).is_none());
        world.connect(&engine, "APP");
    }
    connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    let (_, nothing) = connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(nothing, Revocation::NoTokens);

    // RFC 7009 §2: a server that revokes refresh tokens alone has done enough.
    world.connect(&engine, "APP");
    world.provider.with(|state| {
        state.revocation = json("400 Bad Request", r#"{"error":"unsupported_token_type"}"#);
        state.revoked.clear();
    });
    let deleted = connections::delete(&engine, &owner(), ENV, &["APP".to_owned(), "APP".to_owned()]).unwrap();
    assert!(matches!(deleted[..], [(_, Revocation::Failed(_))]));
    assert_eq!(kind(connections::find(&engine, ENV, "APP")), Some(Kind::NotFound));
    assert_eq!(world.provider.with(|state| state.revoked.len()), 2);
    let all_or_none = ["APP".to_owned(), "NONE".to_owned()];
    world.connect(&engine, "APP");
    assert_eq!(
        kind(connections::delete(&engine, &owner(), ENV, &all_or_none)),
        Some(Kind::NotFound)
    );
    assert!(connections::find(&engine, ENV, "APP").is_ok());
}

/// O-55: disconnecting waits for a refresh that is under way, so that nothing is stored after it.
#[test]
fn o55_a_disconnect_waits_for_the_refresh() {
    let (world, engine) = World::connected();
    world.clock.pass(3_590);
    world
        .provider
        .with(|state| state.delay = Duration::from_millis(500));
    let refresher = Arc::clone(&engine);
    let refreshing = thread::spawn(move || token(&refresher));
    thread::sleep(Duration::from_millis(200));
    connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    assert!(refreshing.join().unwrap().is_ok());
    let connection = shown(&engine);
    assert_eq!(connection.state, ConnectionState::Disconnected);
    assert!(world.tokens(connection.id).is_none() && world.intent(connection.id).is_none());
    // What was revoked is the token that the refresh had brought.
    let revoked = world.provider.with(|state| state.revoked[0].0.clone());
    assert!(!world.provider.with(|state| state.refreshes.contains(&revoked)));
    world.provider.will([Fault::Lost]);
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    assert_eq!(world.provider.refreshes(), 1);
}
