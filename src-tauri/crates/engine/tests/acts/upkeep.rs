//! What keeps tokens alive: refresh tokens with ends of their own, reports of refused tokens, tokens that wait to be
//! revoked or stored.

use std::{sync::Arc, thread, time::Duration};

use keyward_engine::{
    Kind, background,
    changes::ChangeKind,
    connections::{self, Alarm, Revocation},
    home::Opening,
    refresh,
    roster::{self, Line, LineKind, Run, Taken},
};
use keyward_lab::{
    Client, Endpoint, Fault, checker,
    client::{ExpiresIn, Rotation},
};
use keyward_model::{
    SecretValue,
    connection::{ConnectionState, EndKind},
};

use crate::{
    lab::Lab,
    support::{ENV, World, count, eventually, kind, logged, owner, shown, token},
};

const DAY: u64 = 24 * 3_600;

fn connected(client: Client) -> (World, Arc<keyward_engine::Engine>, Lab) {
    let (world, engine) = World::host();
    let lab = Lab::new(&world);
    lab.register(&engine, "CLIENT", client);
    lab.connect(&engine, "CLIENT", "APP");
    (world, engine, lab)
}

fn look(engine: &keyward_engine::Engine) {
    engine.changes().publish(ChangeKind::Vault, None);
}

/// OA9: an access token that lives for ninety days, a refresh token that dies after thirty idle ones: the background
/// uses it in time, again and again.
#[test]
fn oa9_an_idle_refresh_token_is_kept_alive() {
    let (world, engine, lab) = connected(Client {
        lifetime: 90 * DAY,
        refresh_lifetime: Some(30 * DAY),
        ..Client::default()
    });
    let now = engine.now();
    let connection = shown(&engine);
    assert_eq!(
        connection.refresh_token_expires_at(),
        Some(now.after(Duration::from_secs(30 * DAY)))
    );
    assert_eq!(
        connection.next_refresh_at(),
        Some(now.after(Duration::from_secs(27 * DAY)))
    );
    let _background = background::start(&engine).unwrap();
    for n in 1..=4 {
        world.clock.pass(27 * DAY + 10);
        // The rest after the refresh before may have begun only now; it is counted in monotonic time.
        eventually("used", || {
            world.clock.pass(2);
            look(&engine);
            lab.server.history().refreshes() == n
        });
        eventually("stored", || {
            shown(&engine)
                .lifetime
                .is_some_and(|lifetime| engine.now().since(lifetime.obtained_at) < Duration::from_secs(DAY))
        });
        assert_eq!(shown(&engine).upkeep.refresh_token.unwrap().kind, EndKind::Idle);
    }
    let held = world.tokens(shown(&engine).id).unwrap().refresh_token.unwrap();
    assert!(lab.server.accepts(held.expose_text().unwrap()));
}

/// O-77: a refresh token whose end no use puts off is announced a week before, is not used for its own sake, and its end
/// is the reason that is told.
#[test]
fn o77_a_fixed_end_is_announced() {
    let (world, engine, lab) = connected(Client {
        lifetime: 3_600,
        rotation: Rotation::None,
        refresh_lifetime: Some(10 * DAY),
        ..Client::default()
    });
    let warned = || {
        let checks = keyward_engine::doctor::run(&engine);
        checks.iter().filter(|check| check.id == "refresh_token").count()
    };
    // Two days later the provider says: eight days more.
    world.clock.pass(2 * DAY);
    lab.server
        .adjust("CLIENT", |client| client.refresh_lifetime = Some(8 * DAY));
    token(&engine).unwrap();
    let end = shown(&engine).upkeep.refresh_token.unwrap();
    assert_eq!(end.kind, EndKind::Fixed);
    assert_eq!(warned(), 0);
    let alarms = || -> Vec<Alarm> {
        let all = connections::alarms(&engine, ENV).unwrap();
        all.into_iter().map(|(_, alarm)| alarm).collect()
    };
    assert_eq!(alarms(), []);
    let facts = connections::facts(&engine, ENV, "APP").unwrap();
    assert_eq!(facts.refresh_token_end, Some(end));
    assert!(facts.consented_at.is_some() && !facts.is_unsaved && facts.failures == 0);
    world.clock.pass(2 * DAY);
    lab.server
        .adjust("CLIENT", |client| client.refresh_lifetime = Some(6 * DAY));
    token(&engine).unwrap();
    assert_eq!(warned(), 1);
    let end = shown(&engine).upkeep.refresh_token.unwrap();
    assert_eq!(alarms(), [Alarm::Ends(end.at)]);
    world.clock.pass(6 * DAY + 60);
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    let said = shown(&engine).error.unwrap().message;
    assert!(said.contains("as the provider had said"), "{said}");
    assert_eq!(warned(), 0);
}

/// OA14, O-76: a thousand reports of one refused token, from many threads and two processes, cause one refresh.
#[test]
fn o76_a_thousand_reports_cause_one_refresh() {
    let (world, engine, lab) = connected(Client::default());
    let refused = token(&engine).unwrap();
    lab.server.forget_access_tokens();
    let other = world.another(Opening::OneShot);
    thread::scope(|scope| {
        for n in 0..20 {
            let engine = if n % 2 == 0 { &engine } else { &other };
            let refused = SecretValue::from(refused.as_str());
            scope.spawn(move || {
                for _ in 0..50 {
                    refresh::invalidate(engine, &owner(), ENV, "APP", Some(&refused)).unwrap();
                }
            });
        }
    });
    assert_eq!(lab.server.history().refreshes(), 1);
    let new = token(&engine).unwrap();
    assert!(new != refused && lab.server.takes(&new));
    // Those of the host; where two processes write at once, the other's may be told as missing instead (L-10).
    assert!((500..=1_000).contains(&count(&engine, "connection.invalidate")));
    // A report without a token means the present one, unless that is newer than any report can be.
    for _ in 0..10 {
        refresh::invalidate(&engine, &owner(), ENV, "APP", None).unwrap();
    }
    assert_eq!(lab.server.history().refreshes(), 1);
    world.clock.pass(60);
    for _ in 0..10 {
        refresh::invalidate(&engine, &owner(), ENV, "APP", None).unwrap();
    }
    assert_eq!(lab.server.history().refreshes(), 2);
    assert!(checker::judge(&lab.server.history().events(), 0).is_clean());
    // A provider that fails is not asked by every report.
    lab.server.set_down(true);
    world.clock.pass(60);
    for _ in 0..10 {
        let reported = refresh::invalidate(&engine, &owner(), ENV, "APP", None);
        assert_eq!(kind(reported), Some(Kind::Provider));
    }
    assert_eq!(
        lab.server.history().refreshes(),
        4,
        "one, and once more at once (O-60)"
    );
}

/// O-52: tokens that are dropped while the provider cannot be reached are revoked once it can be; the queue survives a
/// lock, and what became of each is in the log.
#[test]
fn o52_a_revocation_waits_for_the_provider() {
    let (world, engine, lab) = connected(Client::default());
    let tokens = world.tokens(shown(&engine).id).unwrap();
    lab.server.set_down(true);
    let (_, outcome) = connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    assert!(matches!(outcome, Revocation::Queued(_)), "{outcome:?}");
    assert_eq!(shown(&engine).state, ConnectionState::Disconnected);
    assert!(world.tokens(shown(&engine).id).is_none());
    let waiting = connections::facts(&engine, ENV, "APP").unwrap().revocations;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].queued_at, waiting[0].tries), (engine.now(), 0));
    assert_eq!(
        waiting[0].retry_at.since(waiting[0].queued_at),
        Duration::from_secs(60)
    );
    let deleted = connections::delete(&engine, &owner(), ENV, &["APP".to_owned()]).unwrap();
    assert!(matches!(deleted[..], [(_, Revocation::NoTokens)]));
    assert_eq!(connections::pending_revocations(&engine).unwrap(), 1);
    let told = |id| {
        keyward_engine::doctor::run(&engine)
            .iter()
            .any(|check| check.id == id)
    };
    assert!(told("revocations"));
    keyward_engine::lifecycle::lock(&engine);
    keyward_engine::lifecycle::unlock(&engine, None).unwrap();
    let background = background::start(&engine).unwrap();
    world.clock.pass(61);
    look(&engine);
    eventually("tried again", || {
        lab.server.history().requests(Endpoint::Revoke) >= 4
    });
    lab.server.set_down(false);
    // Not before its time.
    look(&engine);
    thread::sleep(Duration::from_millis(1_500));
    assert!(lab.server.revoked().is_empty());
    world.clock.pass(6 * 3_600);
    look(&engine);
    eventually("revoked", || {
        connections::pending_revocations(&engine).unwrap() == 0
    });
    let expected = [tokens.refresh_token.unwrap(), tokens.access_token];
    let expected: Vec<_> = expected
        .iter()
        .map(|token| token.expose_text().unwrap())
        .collect();
    assert_eq!(lab.server.revoked(), expected);
    drop(background);
    assert!(logged(&engine).contains(&("connection.revoke".to_owned(), "ok".to_owned())));
    assert!(!told("revocations"));
}

/// O-52, OA9: what a deleted Connection left behind is told of no later one that has its key.
#[test]
fn o52_the_facts_are_of_this_connection_and_not_of_one_before() {
    let (world, engine, lab) = connected(Client::default());
    let facts = || connections::facts(&engine, ENV, "APP").unwrap();
    assert_eq!(facts().consented_at, Some(engine.now()));
    lab.server.set_down(true);
    connections::delete(&engine, &owner(), ENV, &["APP".to_owned()]).unwrap();
    world.clock.pass(60);
    let planned = Line {
        place: "line 1".to_owned(),
        kind: LineKind::Connection,
        fields: [("name", "APP"), ("auth_client", "CLIENT")]
            .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
            .into(),
    };
    roster::import(&engine, &owner(), ENV, &[planned], (Taken::Refuse, Run::Real)).unwrap();
    assert_eq!(connections::pending_revocations(&engine).unwrap(), 1);
    assert!(facts().revocations.is_empty() && facts().consented_at.is_none());
    lab.server.set_down(false);
    lab.connect(&engine, "CLIENT", "APP");
    assert_eq!(facts().consented_at, Some(engine.now()));
}

/// O-52: who cannot be reached for a month is given up, and that is said.
#[test]
fn o52_a_revocation_is_given_up_after_a_month() {
    let (world, engine, lab) = connected(Client::default());
    lab.server.set_down(true);
    connections::delete(&engine, &owner(), ENV, &["APP".to_owned()]).unwrap();
    let _background = background::start(&engine).unwrap();
    world.clock.pass(31 * DAY);
    look(&engine);
    eventually("given up", || {
        connections::pending_revocations(&engine).unwrap() == 0
    });
    let outcome = logged(&engine).pop().unwrap();
    assert_eq!(outcome.0, "connection.revoke");
    assert!(outcome.1.starts_with("given up"), "{outcome:?}");
}

/// EL12: no `expires_in` means the AuthClient's assumption; no refresh token means that nothing is ever asked.
#[test]
fn el12_no_lifetime_and_no_refresh_token() {
    let (world, engine, lab) = connected(Client {
        expires_in: ExpiresIn::Absent,
        offline: false,
        ..Client::default()
    });
    let connection = shown(&engine);
    assert_eq!(connection.lifetime.unwrap().length(), Duration::from_secs(3_600));
    assert!(!connection.has_refresh_token && connection.next_refresh_at().is_none());
    let said = connection.error.unwrap().message;
    assert!(
        said.contains(&connection.lifetime.unwrap().expires_at.to_rfc3339()),
        "{said}"
    );
    let _background = background::start(&engine).unwrap();
    world.clock.pass(3_590);
    look(&engine);
    token(&engine).unwrap();
    world.clock.pass(20);
    look(&engine);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    assert_eq!(
        kind(refresh::invalidate(&engine, &owner(), ENV, "APP", None)),
        Some(Kind::NeedsConsent)
    );
    assert_eq!(lab.server.history().refreshes(), 0);
}

/// O-63: a provider that answers nobody is asked once a minute, however many Connections wait for it.
#[test]
fn o63_a_provider_that_is_down_is_probed() {
    let (world, engine, lab) = connected(Client::default());
    let keys: Vec<String> = (0..12).map(|n| format!("APP{n}")).collect();
    for key in &keys {
        lab.connect(&engine, "CLIENT", key);
    }
    world.clock.pass(3_590);
    lab.server.set_down(true);
    lab.server.history().clear();
    let ask = |key: &String| {
        crate::support::token_for(&engine, key, None)
            .err()
            .map(|error| error.message)
    };
    for key in &keys[..3] {
        assert!(ask(key).unwrap().contains("could not be asked"));
        world.clock.pass(8);
    }
    let asked = lab.server.history().refreshes();
    for key in &keys[3..] {
        let said = ask(key).unwrap();
        assert!(said.contains("once a minute"), "{said}");
    }
    assert_eq!(lab.server.history().refreshes(), asked);
    world.clock.pass(60);
    lab.server.set_down(false);
    // The first one finds out for all.
    for key in &keys[3..] {
        assert_eq!(ask(key), None);
    }
}

/// O-52, R-17: a fault of the revocation endpoint is told as it is, and no text holds a token.
#[test]
fn o52_what_the_provider_says_to_a_revocation_is_told() {
    let (world, engine, lab) = connected(Client::default());
    let tokens = world.tokens(shown(&engine).id).unwrap();
    lab.server.will(
        "CLIENT",
        Endpoint::Revoke,
        [Fault::Refuse(400, "invalid_request"), Fault::Html],
    );
    let (_, outcome) = connections::disconnect(&engine, &owner(), ENV, "APP").unwrap();
    let said = format!("{outcome:?} {:?}", logged(&engine));
    assert!(matches!(outcome, Revocation::Failed(_)), "{outcome:?}");
    for token in [&tokens.access_token, tokens.refresh_token.as_ref().unwrap()] {
        assert!(
            !said.contains(&format!("\"{}\"", token.expose_text().unwrap())),
            "{said}"
        );
    }
}

/// UI 05: the last refreshes of a Connection, newest first, and of no other.
#[test]
fn the_last_refreshes_are_told() {
    let (world, engine, lab) = connected(Client::default());
    lab.connect(&engine, "CLIENT", "APP2");
    for fault in [None, Some(Fault::Status(503)), None] {
        world.clock.pass(3_590);
        lab.server.will("CLIENT", Endpoint::Token, fault);
        let _ = token(&engine);
        let _ = crate::support::token_for(&engine, "APP2", None);
    }
    let told = keyward_engine::audit::refreshes(&engine, ENV, "APP", 20).unwrap();
    let outcomes: Vec<_> = told.iter().map(|event| event.outcome.as_str()).collect();
    assert_eq!(outcomes, ["ok", "temporary", "ok"]);
    assert!(told.windows(2).all(|two| two[0].at >= two[1].at));
    assert_eq!(
        keyward_engine::audit::refreshes(&engine, ENV, "APP", 1)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        kind(keyward_engine::audit::refreshes(&engine, "nowhere", "APP", 1)),
        Some(Kind::NotFound)
    );
}
