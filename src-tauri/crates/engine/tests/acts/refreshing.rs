use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{Kind, connect, home::Opening, lifecycle, refresh};
use keyward_model::{SecretValue, connection::ConnectionState};

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

/// EL13: a token endpoint that hangs freezes nothing else.
#[test]
fn el13_a_hanging_provider_freezes_nothing_else() {
    let (world, engine) = World::connected();
    world.connect(&engine, "OTHER");
    new_secret(&engine, "KEY", "value").unwrap();
    world.clock.pass(3_590);
    world.provider.with(|state| state.delay = Duration::from_secs(4));
    let hanging = Arc::clone(&engine);
    let waiting = thread::spawn(move || token(&hanging));
    thread::sleep(Duration::from_millis(300));
    world.provider.with(|state| state.delay = Duration::ZERO);
    let start = Instant::now();
    assert!(token_for(&engine, "OTHER", None).is_ok());
    new_secret(&engine, "SECOND", "value").unwrap();
    keyward_engine::secrets::reveal(&engine, &owner(), ENV, "KEY", None).unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
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
}
