use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{Engine, Kind, auth_clients, connect, home::Opening, lifecycle, refresh, resolve};
use keyward_model::{SecretValue, connection::ConnectionState, reference::Reference};

use crate::{
    provider::{Fault, Rotation},
    support::{
        ENV, World, answer_to, begin, count, ended, kind, new_secret, owner, shown, token, token_for, wish,
    },
};

/// O-55: whoever asks at once, in one process or in several, causes one request and gets its answer.
#[test]
fn o55_sixty_four_threads_of_four_processes_cause_one_request() {
    let (world, engine) = World::connected();
    let mut engines = vec![engine];
    engines.extend((0..3).map(|_| world.another(Opening::OneShot)));
    for round in 1..=3 {
        world.clock.pass(3_590);
        let answers: Vec<String> = thread::scope(|scope| {
            let asking: Vec<_> = (0..64)
                .map(|n| {
                    let engine = &engines[n % engines.len()];
                    scope.spawn(move || token(engine).unwrap())
                })
                .collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|one| *one == answers[0]), "round {round}");
        assert_eq!(world.provider.refreshes(), round);
    }
    assert_eq!(world.provider.with(|state| state.reused), 0, "O-58");
    assert_eq!(count(&engines[0], "connection.refresh"), 3);
    assert_eq!(count(&engines[0], "connection.token"), 3 * 64, "I1");
}

/// O-55: a failure is shared as well: those who waited do not ask again.
#[test]
fn o55_o59_a_refusal_is_not_repeated_by_those_who_waited() {
    let (world, engine) = World::connected();
    world.clock.pass(3_590);
    world.provider.revoke_all();
    world
        .provider
        .with(|state| state.delay = Duration::from_millis(100));
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent)));
        }
    });
    assert_eq!(world.provider.refreshes(), 1);
}

/// O-53: the intent is on the disk before the request is sent, and gone with the answer.
#[test]
fn o53_the_intent_comes_before_the_request() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    world.clock.pass(3_590);
    let seen = Arc::new(Mutex::new(None));
    let world = Arc::new(world);
    let (looker, own) = (Arc::clone(&world), Arc::clone(&seen));
    world.provider.with(|state| {
        state.meanwhile = Some(Box::new(move || *own.lock().unwrap() = looker.intent(id)));
    });
    let before = world.tokens(id).unwrap().refresh_token.unwrap();
    token(&engine).unwrap();
    let intent = seen.lock().unwrap().take().expect("an intent");
    assert_eq!(intent.attempt, 1);
    assert_eq!(intent.refresh_token_digest, digest(&before));
    assert!(intent.unreadable_answer.is_none());
    assert!(world.intent(id).is_none());
    assert_ne!(
        world.tokens(id).unwrap().refresh_token.unwrap().expose(),
        before.expose()
    );
}

fn digest(token: &SecretValue) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(token.expose()).into()
}

/// O-53: an answer that cannot be read is kept as it came, through all later failures; the old tokens stay.
#[test]
fn o53_an_unreadable_answer_is_kept() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let before = token(&engine).unwrap();
    world.clock.pass(3_590);
    // The provider rotated, and its answer was cut: the token that is sent once more was used already.
    world.provider.will([Fault::Cut]);
    let failed = token(&engine);
    assert_eq!(world.provider.refreshes(), 2, "O-60: asked once more at once");
    assert_eq!(failed.unwrap_err().kind, Kind::NeedsConsent);
    let kept = world
        .intent(id)
        .expect("an intent")
        .unreadable_answer
        .expect("the answer");
    assert!(kept.expose_text().unwrap().contains("canary-rt-"));
    let tokens = world.tokens(id).unwrap();
    assert_eq!(tokens.access_token.expose_text(), Some(before.as_str()));
    let error = shown(&engine).error.unwrap();
    assert!(error.message.contains("interrupted"), "{}", error.message);
    assert_eq!(shown(&engine).state, ConnectionState::NeedsConsent);
    // The new consent ends all that.
    world.connect(&engine, "APP");
    assert!(world.intent(id).is_none() && token(&engine).is_ok());
}

/// O-53, O-56: whoever finds an intent of a process that was killed asks once more, and says the true reason.
#[test]
fn o53_o56_an_intent_that_was_left_behind() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    for is_valid in [true, false] {
        world.clock.pass(3_590);
        let connection = world.connection(id);
        let left = keyward_model::connection::RefreshIntent {
            attempt: 1,
            refresh_token_digest: digest(&world.tokens(id).unwrap().refresh_token.unwrap()),
            started_at: connection.updated_at,
            unreadable_answer: None,
        };
        world
            .file()
            .write(connection.updated_at, |tx| {
                keyward_vault::table::connections::put_intent(tx, &connection, &left)
            })
            .unwrap();
        if !is_valid {
            world.provider.revoke_all();
        }
        let asked = world.provider.refreshes();
        assert_eq!(kind(token(&engine)), (!is_valid).then_some(Kind::NeedsConsent));
        assert_eq!(world.provider.refreshes(), asked + 1);
        assert!(world.intent(id).is_none());
    }
    assert!(shown(&engine).error.unwrap().message.contains("interrupted"));
    assert!(
        world.tokens(id).unwrap().refresh_token.is_some(),
        "O-59: kept until the Owner decides"
    );
}

/// I5: a vault that is locked while the provider answers takes the answer: the old token is worth nothing any more.
#[test]
fn i5_a_vault_locked_during_a_refresh_still_takes_the_tokens() {
    let (world, engine) = World::connected();
    world.clock.pass(3_590);
    let locker = Arc::clone(&engine);
    world
        .provider
        .with(|state| state.meanwhile = Some(Box::new(move || lifecycle::lock(&locker))));
    // The vault is locked: the value does not leave, and the tokens are there.
    assert_eq!(kind(token(&engine)), Some(Kind::Locked));
    lifecycle::settle(&engine, Duration::from_secs(5));
    lifecycle::unlock(&engine, None).unwrap();
    assert!(token(&engine).is_ok());
    assert_eq!(world.provider.refreshes(), 1);
    world.clock.pass(3_590);
    assert!(token(&engine).is_ok());
    assert_eq!(world.provider.with(|state| state.reused), 0);
}

/// O-54: a new refresh token replaces the old one; one that is absent, null or empty keeps it.
#[test]
fn o54_el13_rotation() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let held = || world.tokens(id).unwrap().refresh_token.unwrap().expose().to_vec();
    let first = held();
    for rotation in [Rotation::Absent, Rotation::Says("null"), Rotation::Says("\"\"")] {
        world.provider.with(|state| state.rotation = rotation);
        world.clock.pass(3_590);
        token(&engine).unwrap();
        assert_eq!(held(), first);
        assert!(shown(&engine).has_refresh_token);
    }
    // No string: an answer that cannot be read. The old one is still good, and used.
    world.provider.with(|state| state.rotation = Rotation::Says("7"));
    world.clock.pass(3_590);
    assert_eq!(kind(token(&engine)), Some(Kind::Provider));
    assert_eq!(held(), first);
    world.provider.with(|state| state.rotation = Rotation::Strict);
    world.clock.pass(20);
    token(&engine).unwrap();
    assert_ne!(held(), first);
}

/// O-59: somebody connected again while the old token was refused: those tokens are used, and nothing is overwritten.
#[test]
fn o59_a_refusal_of_a_token_that_was_replaced_meanwhile() {
    let (world, engine) = World::connected();
    world.clock.pass(3_590);
    let world = Arc::new(world);
    let (person, other) = (Arc::clone(&world), world.another(Opening::OneShot));
    world.provider.revoke_all();
    world.provider.with(|state| {
        state.meanwhile = Some(Box::new(move || drop(person.connect(&other, "APP"))));
    });
    let fresh = token(&engine).unwrap();
    let connection = shown(&engine);
    assert_eq!(connection.state, ConnectionState::Ready);
    assert_eq!(connection.error, None);
    let stored = world.tokens(connection.id).unwrap();
    assert_eq!(stored.access_token.expose_text(), Some(fresh.as_str()));
    assert_eq!(world.provider.refreshes(), 1);

    // The same when the refresh itself succeeds too late: the new consent counts.
    world.clock.pass(3_590);
    let (person, other) = (Arc::clone(&world), world.another(Opening::OneShot));
    world.provider.with(|state| {
        state.meanwhile = Some(Box::new(move || drop(person.connect(&other, "APP"))));
    });
    let fresh = token(&engine).unwrap();
    let stored = world.tokens(connection.id).unwrap();
    assert_eq!(stored.access_token.expose_text(), Some(fresh.as_str()));
    world.clock.pass(3_590);
    assert!(token(&engine).is_ok());
    assert_eq!(world.provider.with(|state| state.reused), 0);
}

/// O-64, O-65: over 10 000 hand-outs nothing leaves that is due.
#[test]
fn o64_o65_no_token_is_handed_out_inside_its_window() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..10_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        world.clock.pass(seed % 25);
        let (tokens, _) = refresh::fresh_token(&engine, &owner(), ENV, "APP", None).unwrap();
        let left = tokens.lifetime.left(engine.now());
        assert!(
            left >= tokens.lifetime.window() && left.as_secs() >= 360,
            "{left:?}"
        );
    }
    let passed = engine
        .now()
        .since(keyward_model::Timestamp(crate::support::NOW))
        .as_secs();
    let refreshes = u64::try_from(world.provider.refreshes()).unwrap();
    // O-64: and not sooner than due.
    assert!(
        refreshes <= passed / 3_240 && refreshes >= passed / 3_300 - 1,
        "{refreshes} in {passed} s"
    );
    assert_eq!(world.provider.with(|state| state.reused), 0);
    assert!(world.intent(id).is_none());
}

/// O-65: `--min-ttl` replaces the default; more than a fresh token lives is an error and costs no request.
#[test]
fn o65_min_ttl() {
    let (world, engine) = World::connected();
    let ask = |seconds| token_for(&engine, "APP", Some(Duration::from_secs(seconds)));
    world.clock.pass(3_500);
    assert!(ask(100).is_ok(), "due, but it lives that long");
    assert_eq!(world.provider.refreshes(), 0);
    assert!(ask(101).is_ok());
    assert_eq!(world.provider.refreshes(), 1);
    assert!(ask(3_600).is_ok());
    for _ in 0..5 {
        assert_eq!(kind(ask(3_601)), Some(Kind::Provider));
    }
    assert_eq!(world.provider.refreshes(), 1);
    world.clock.pass(10);
    assert!(
        ask(3_595).is_ok(),
        "not due, and refreshed because it was asked for"
    );
    assert_eq!(world.provider.refreshes(), 2);
}

/// O-66, EL12: what `expires_in` may look like, and what is assumed without it.
#[test]
fn o66_el12_lifetimes() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let year = 366 * 24 * 3_600;
    for (says, lives) in [
        ("3600", 3_600),
        ("\"3600\"", 3_600),
        ("3600.0", 3_600),
        ("\" 90 \"", 90),
        ("", 3_600),
        ("null", 3_600),
        ("\"soon\"", 3_600),
        ("[]", 3_600),
        ("1e18", year),
        ("0", 0),
        ("-1", 0),
    ] {
        world.provider.with(|state| state.expires_in = says);
        let connection = world.connect(&engine, "APP");
        assert_eq!(connection.lifetime.unwrap().length().as_secs(), lives, "{says}");
    }
    // A token without any life is never handed out, and never asked for by itself.
    assert_eq!(kind(token(&engine)), Some(Kind::Provider));
    assert_eq!(shown(&engine).next_refresh_at(), None);
    // One that lives a second is due at once, and handed out all the same.
    world.provider.with(|state| state.expires_in = "1");
    assert!(token(&engine).is_ok());
}

/// EL12: the AuthClient says what a provider leaves out.
#[test]
fn el12_token_expires_in_of_the_auth_client() {
    let (world, engine) = World::host();
    world.provider.with(|state| state.expires_in = "");
    let (auth_uri, token_uri) = (
        world.provider.address("authorize"),
        world.provider.address("token?tenant=a%2Fb&x=1+2"),
    );
    // EL13: a client secret that looks like a number.
    let secret = SecretValue::from("0012e5");
    let mut new = auth_clients::New {
        key: "C",
        name: None,
        application: None,
        issuer: None,
        auth_uri: Some(&auth_uri),
        token_uri: Some(&token_uri),
        revocation_uri: None,
        client_id: "0x1F",
        client_secret: Some(&secret),
        token_expires_in: Some(0),
        redirect_path: Some("/callback/c"),
        authorize_params: Vec::new(),
        scopes: Vec::new(),
    };
    assert_eq!(
        kind(auth_clients::create(&engine, &owner(), ENV, &new)),
        Some(Kind::Invalid)
    );
    new.token_expires_in = Some(120);
    auth_clients::create(&engine, &owner(), ENV, &new).unwrap();
    let connection = world.connect(&engine, "APP");
    assert_eq!(connection.lifetime.unwrap().length().as_secs(), 120);
    world.clock.pass(60);
    token(&engine).unwrap();
    assert_eq!(world.provider.refreshes(), 1);
    // EL13: the query of the token address is kept, the secret arrives as it is.
    let last = world.provider.with(|state| state.last.clone()).unwrap();
    assert_eq!(last.line, "POST /token?tenant=a%2Fb&x=1+2 HTTP/1.1");
    let basic = last
        .header("authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap()
        .to_owned();
    assert_eq!(basic, "MHgxRjowMDEyZTU=");
}

/// EL13: a token endpoint that hangs freezes nothing else.
#[test]
fn el13_a_hanging_provider_freezes_nothing_else() {
    let (world, engine) = World::connected();
    world.connect(&engine, "OTHER");
    new_secret(&engine, "KEY", "value").unwrap();
    world.clock.pass(3_590);
    world.provider.with(|state| state.delay = Duration::from_secs(2));
    let hanging = Arc::clone(&engine);
    let waiting = thread::spawn(move || token(&hanging));
    thread::sleep(Duration::from_millis(300));
    world.provider.with(|state| state.delay = Duration::ZERO);
    let start = Instant::now();
    assert!(token_for(&engine, "OTHER", None).is_ok());
    new_secret(&engine, "SECOND", "value").unwrap();
    keyward_engine::secrets::reveal(&engine, &owner(), ENV, "KEY", "secret.reveal").unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        start.elapsed()
    );
    assert!(waiting.join().unwrap().is_ok());
}

/// EL10: *refresh now* brings a new token, and joins nobody's failure.
#[test]
fn el10_refresh_now() {
    let (world, engine) = World::connected();
    let before = token(&engine).unwrap();
    let after = refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(after.connection.state, ConnectionState::Ready);
    assert_ne!(token(&engine).unwrap(), before);
    // O-62: a person may ask in spite of a pause.
    world
        .provider
        .will([Fault::Instead(crate::server::answer("503 Nope", "", ""))]);
    assert_eq!(
        kind(refresh::refresh_now(&engine, &owner(), ENV, "APP")),
        Some(Kind::Provider)
    );
    assert!(shown(&engine).retry_at.is_some());
    refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(shown(&engine).retry_at, None);
}

/// CLI.md: fields of a Connection; never the refresh token, under whatever name or inside whatever member.
#[test]
fn references_give_fields_and_never_the_refresh_token() {
    let (world, engine) = World::connected();
    let ask = |text: &str| -> keyward_engine::Result<String> {
        let reference = Reference::parse_argument(text).unwrap();
        let mut resolved = resolve::resolve(&engine, &owner(), ENV, &[reference])?;
        resolved
            .answers
            .remove(0)
            .map(|value| value.expose_text().unwrap().to_owned())
    };
    assert_eq!(ask("keyward://APP").unwrap(), token(&engine).unwrap());
    assert_eq!(ask("keyward://@github").unwrap(), token(&engine).unwrap());
    assert_eq!(ask("keyward://default/APP/token_type").unwrap(), "Bearer");
    assert_eq!(ask("keyward://default/APP/scope").unwrap(), "read");
    assert_eq!(
        ask("keyward://default/APP/raw.instance").unwrap(),
        "https://i.example"
    );
    assert_eq!(ask("keyward://default/APP/raw.team.name").unwrap(), "blue");
    for refused in ["raw.refresh_token", "raw.team", "raw.team.refresh_token"] {
        assert_eq!(
            kind(ask(&format!("keyward://default/APP/{refused}"))),
            Some(Kind::Denied),
            "{refused}"
        );
    }
    assert_eq!(
        kind(ask("keyward://default/APP/refresh_token")),
        Some(Kind::NotFound)
    );
    world.provider.revoke_all();
    world.clock.pass(3_600);
    assert_eq!(kind(ask("keyward://APP")), Some(Kind::NeedsConsent));
    let outcomes: Vec<String> = crate::support::logged(&engine)
        .into_iter()
        .filter(|(action, _)| action == "reference.resolve")
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(outcomes.last().map(String::as_str), Some("needs_consent"));
    assert!(outcomes.contains(&"denied".to_owned()));
}

/// O-58, R-17: no error text, no audit event and no progress holds a token.
#[test]
fn r17_no_text_holds_a_token() {
    let (world, engine) = World::connected();
    let mut texts = Vec::new();
    for fault in [
        Fault::Instead(crate::server::json(
            "400 Bad Request",
            r#"{"error":"invalid_request","error_description":"canary-rt-1 and at-2"}"#,
        )),
        Fault::Cut,
        Fault::Lost,
    ] {
        world.clock.pass(3_590);
        world.provider.will([fault]);
        let failed: Result<_, _> = refresh::refresh_now(&engine, &owner(), ENV, "APP");
        texts.push(
            failed
                .map(|_| ())
                .map_err(|error| format!("{error:?}"))
                .err()
                .unwrap_or_default(),
        );
        texts.push(format!("{:?}", shown(&engine)));
        world.connect(&engine, "APP");
    }
    texts.push(format!("{:?}", crate::support::logged(&engine)));
    assert!(texts.iter().all(|text| !text.contains("canary-rt")), "{texts:?}");
}

/// O-17: an answer to another vault's consent is nobody's.
#[test]
fn o17_an_address_of_another_keyward_is_useless() {
    let ((one, engine), (two, other)) = (World::host(), World::host());
    one.auth_client(&engine, "CLIENT");
    two.auth_client(&other, "CLIENT");
    let (mine, theirs) = (begin(&engine, &wish("APP")), begin(&other, &wish("APP")));
    let address = answer_to(&theirs, "code=c").replace(theirs.redirect_uri(), mine.redirect_uri());
    assert_eq!(
        kind(connect::paste(&engine, mine.id, &address)),
        Some(Kind::Invalid)
    );
    assert_eq!(
        kind(connect::paste(&engine, theirs.id, &address)),
        Some(Kind::NotFound)
    );
    for (engine, consent) in [(&engine, &mine), (&other, &theirs)] {
        connect::cancel(engine, consent.id).unwrap();
        ended(consent);
    }
    let _: &Engine = &engine;
}
