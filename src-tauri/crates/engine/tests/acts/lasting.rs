//! What stops a Connection lasts until it is mended: nothing that passes hides it, and what mends it ends it.

use std::sync::Arc;

use keyward_engine::{
    Engine, Kind,
    auth_clients::{self, Changes},
    background, diagnosis, refresh,
};
use keyward_model::{SecretValue, connection::ConnectionState, diagnosis::Remedy};

use crate::{
    provider::Fault,
    server::{answer, json},
    support::{ENV, World, eventually, kind, owner, shown, token, token_for},
};

fn refusal(code: &str) -> Fault {
    let body = format!("{{\"error\":\"{code}\"}}");
    Fault::Instead(json("400 Bad Request", &body))
}

fn unavailable() -> Fault {
    Fault::Instead(answer("503 Service Unavailable", "", ""))
}

fn causes(engine: &Engine) -> Vec<&'static str> {
    let why = diagnosis::why(engine, ENV, "APP").unwrap();
    why.causes.iter().map(|cause| cause.id).collect()
}

/// OA7, OA10, O-61: whoever asks while the provider is down as well learns that; why the connection had stopped, since
/// when and what mends it stay.
#[test]
fn o61_oa10_a_failure_that_passes_hides_no_lasting_one() {
    let (world, engine) = World::connected();
    for (code, state, cause) in [
        ("invalid_client", ConnectionState::Error, "client_secret_wrong"),
        ("invalid_grant", ConnectionState::NeedsConsent, "grant_ended"),
    ] {
        world.connect(&engine, "APP");
        world.provider.will([refusal(code)]);
        refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap_err();
        let stopped = shown(&engine);
        assert_eq!(stopped.state, state);
        for faults in [
            vec![unavailable()],
            vec![Fault::Instead(Vec::new()), unavailable()],
        ] {
            world.clock.pass(60);
            world.provider.will(faults);
            let failed = refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap_err();
            assert_eq!(failed.kind, Kind::Provider);
            assert!(
                failed.message.contains("could not be asked"),
                "{}",
                failed.message
            );
            assert!(
                failed.hint.contains("does not try again by itself"),
                "{}",
                failed.hint
            );
            let now = shown(&engine);
            assert_eq!(now.state, state);
            assert_eq!((&now.error, now.updated_at), (&stopped.error, stopped.updated_at));
            assert_eq!(
                (now.retry_at, now.failures, now.next_refresh_at()),
                (None, 0, None)
            );
            assert_eq!(causes(&engine)[0], cause);
        }
        world.provider.will([]);
    }
}

/// O-61, EL13: an auth client that was changed is another one to the provider: it is asked once more, by itself.
#[test]
fn o61_el13_a_mended_auth_client_is_tried_again() {
    let (world, engine) = World::connected();
    world.clock.pass(3_550);
    world.provider.will([refusal("invalid_client")]);
    assert_eq!(kind(token(&engine)), Some(Kind::Provider));
    // O-65: nothing is sent, and what the present token still lives is there for whoever says so.
    let refused = token(&engine).unwrap_err();
    assert_eq!(world.provider.refreshes(), 1);
    assert!(refused.hint.contains("--min-ttl 1s"), "{}", refused.hint);
    assert!(token_for(&engine, "APP", Some(std::time::Duration::from_secs(1))).is_ok());

    let update = |changes: &Changes<'_>| {
        auth_clients::update(&engine, &owner(), "CLIENT", changes).unwrap();
    };
    update(&Changes {
        name: Some("Another name"),
        scopes: Some(vec!["more".to_owned()]),
        ..Changes::default()
    });
    assert_eq!(
        shown(&engine).state,
        ConnectionState::Error,
        "a name and scopes of later consents change no request"
    );
    let secret = SecretValue::from("the new one");
    update(&Changes {
        client_secret: Some(&secret),
        ..Changes::default()
    });
    let due = shown(&engine);
    assert_eq!(due.state, ConnectionState::Ready);
    assert!(due.next_refresh_at().is_some_and(|at| at <= engine.now()));
    let why = diagnosis::why(&engine, ENV, "APP").unwrap();
    assert_eq!(why.causes[0].id, "auth_client_changed");
    assert_eq!(why.causes[0].act, Remedy::Refresh);
    let said = due.error.unwrap().message;
    assert!(said.contains("invalid_client"), "{said}");

    let _background = background::start(&engine).unwrap();
    eventually("refreshed", || shown(&engine).error.is_none());
    assert_eq!(world.provider.refreshes(), 2);
    assert_eq!(causes(&engine), ["healthy"]);
    assert!(token(&engine).is_ok());
    assert_eq!(world.provider.refreshes(), 2);
}

/// O-61, EL13: the client secret is mended while a refresh with the old one is under way. What it hears was said of the
/// old one: it asks again with the new one, and nothing stops.
#[test]
fn o61_el13_a_client_mended_under_a_refresh_is_asked_with_at_once() {
    let (world, engine) = World::connected();
    world.clock.pass(3_550);
    world.provider.will([refusal("invalid_client")]);
    let owner_of = Arc::clone(&engine);
    world.provider.with(|state| {
        state.meanwhile = Some(Box::new(move || {
            let secret = SecretValue::from("mended");
            let changes = Changes {
                client_secret: Some(&secret),
                ..Changes::default()
            };
            auth_clients::update(&owner_of, &owner(), "CLIENT", &changes).unwrap();
        }));
    });
    token(&engine).unwrap();
    assert_eq!(world.provider.refreshes(), 2);
    let last = world.provider.with(|state| state.last.clone()).unwrap();
    assert_eq!(
        last.header("authorization"),
        Some("Basic Y2xpZW50LTE6bWVuZGVk"),
        "client-1:mended"
    );
    assert_eq!(causes(&engine), ["healthy"]);
}

/// OA10, O-53: that a refresh was interrupted is told where an answer was lost, not where an answer said no for now.
#[test]
fn o53_oa10_an_answer_that_came_was_not_lost() {
    let (world, engine) = World::connected();
    for (status, is_lost) in [
        ("429 Too Many Requests", false),
        ("503 Service Unavailable", false),
        ("500 Internal Server Error", true),
        ("504 Gateway Timeout", true),
    ] {
        world.connect(&engine, "APP");
        world.clock.pass(3_550);
        let revoked =
            r#"{"error":"invalid_grant","error_description":"Token has been revoked by the user."}"#;
        world.provider.will([
            Fault::Instead(answer(status, "", "")),
            Fault::Instead(json("400 Bad Request", revoked)),
        ]);
        assert_eq!(kind(token(&engine)), Some(Kind::Provider), "{status}");
        world.clock.pass(20);
        assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent), "{status}");
        let causes = causes(&engine);
        assert_eq!(causes.contains(&"interrupted"), is_lost, "{status}: {causes:?}");
        assert!(causes.contains(&"revoked"), "{status}: {causes:?}");
        if !is_lost {
            assert_eq!(causes[0], "revoked");
        }
    }
}
