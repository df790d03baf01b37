//! What each fault of a provider means for the Connection. Tokens stay, whatever it is.

use std::time::Duration;

use keyward_engine::{Kind, refresh};
use keyward_model::connection::ConnectionState;

use crate::{
    provider::{Fault, State},
    server::{answer, json},
    support::{ENV, World, kind, owner, shown, token, token_for},
};

struct Expect {
    state: ConnectionState,
    /// Seconds until the next attempt.
    retry: Option<i64>,
    requests: usize,
    kind: Kind,
    /// Whether the outcome stays in doubt.
    intent: bool,
}

const WAITS: Expect = Expect {
    state: ConnectionState::Ready,
    retry: Some(10),
    requests: 1,
    kind: Kind::Provider,
    intent: false,
};

const STOPS: Expect = Expect {
    state: ConnectionState::Error,
    retry: None,
    requests: 1,
    kind: Kind::Provider,
    intent: false,
};

const ENDS: Expect = Expect {
    state: ConnectionState::NeedsConsent,
    retry: None,
    requests: 1,
    kind: Kind::NeedsConsent,
    intent: false,
};

#[test]
fn o59_o60_o61_o62_what_each_fault_means() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let html = "<html>Please log in to the hotel</html>";
    let coded = |status: &str, code: &str| json(status, &format!("{{\"error\":\"{code}\"}}"));
    let waits = |retry| Expect {
        retry: Some(retry),
        ..WAITS
    };
    // Who fails in the middle, or has no answer from behind it, does not know what the provider did.
    let doubtful = || Expect {
        intent: true,
        ..WAITS
    };
    // O-60: where the provider may have acted, the same token is sent once more at once.
    let twice = || Expect {
        requests: 2,
        intent: true,
        ..WAITS
    };
    let unavailable = |headers: &str| answer("503 Service Unavailable", headers, "");
    for (bytes, expect) in [
        (answer("408 Request Timeout", "", ""), WAITS),
        (answer("425 Too Early", "", ""), WAITS),
        (answer("429 Too Many Requests", "", ""), WAITS),
        (answer("500 Internal Server Error", "", html), doubtful()),
        (answer("502 Bad Gateway", "", html), doubtful()),
        (unavailable(""), WAITS),
        (answer("504 Gateway Timeout", "", ""), doubtful()),
        (coded("400 Bad Request", "temporarily_unavailable"), WAITS),
        (coded("400 Bad Request", "slow_down"), WAITS),
        // O-62: the provider's word, between ten seconds and an hour; garbage says nothing.
        (unavailable("Retry-After: 120\r\n"), waits(120)),
        (unavailable("Retry-After: 1\r\n"), waits(10)),
        (unavailable("Retry-After: -5\r\n"), waits(10)),
        (unavailable("Retry-After: soon\r\n"), waits(10)),
        (unavailable("Retry-After: 1000000000000\r\n"), waits(3_600)),
        (answer("200 OK", "Content-Type: text/html\r\n", html), twice()),
        (answer("200 OK", "", ""), twice()),
        (answer("403 Forbidden", "", html), twice()),
        (Vec::new(), twice()),
        (coded("401 Unauthorized", "invalid_client"), STOPS),
        (coded("400 Bad Request", "unauthorized_client"), STOPS),
        (coded("400 Bad Request", "unsupported_grant_type"), STOPS),
        (coded("400 Bad Request", "invalid_scope"), STOPS),
        (
            answer("302 Found", "Location: https://evil.example/\r\n", ""),
            STOPS,
        ),
        (answer("404 Not Found", "", html), STOPS),
        (coded("400 Bad Request", "invalid_grant"), ENDS),
        (coded("200 OK", "bad_refresh_token"), ENDS),
        (coded("400 Bad Request", "access_denied"), ENDS),
    ] {
        let shown_bytes = String::from_utf8_lossy(&bytes).into_owned();
        world.connect(&engine, "APP");
        world.clock.pass(3_550);
        let before = world.tokens(id).unwrap();
        let asked = world.provider.refreshes();
        world
            .provider
            .will([Fault::Instead(bytes.clone()), Fault::Instead(bytes)]);
        assert_eq!(kind(token(&engine)), Some(expect.kind), "{shown_bytes}");
        assert_eq!(
            world.provider.refreshes() - asked,
            expect.requests,
            "{shown_bytes}"
        );
        let connection = shown(&engine);
        assert_eq!(connection.state, expect.state, "{shown_bytes}");
        let retry = connection.retry_at.map(|at| at.0 - engine.now().0);
        assert_eq!(retry, expect.retry, "{shown_bytes}");
        assert!(connection.error.is_some());
        assert_eq!(world.intent(id).is_some(), expect.intent, "{shown_bytes}");
        // No token is lost.
        let after = world.tokens(id).unwrap();
        assert_eq!(after.access_token.expose(), before.access_token.expose());
        assert_eq!(
            after.refresh_token.unwrap().expose(),
            before.refresh_token.unwrap().expose()
        );
        // Nobody asks again by itself before its time; what still lives is there for whoever says so (O-65).
        world.provider.will([]);
        assert_eq!(kind(token(&engine)), Some(expect.kind), "{shown_bytes}");
        assert_eq!(
            world.provider.refreshes() - asked,
            expect.requests,
            "{shown_bytes}"
        );
        assert!(
            token_for(&engine, "APP", Some(Duration::from_secs(1))).is_ok(),
            "{shown_bytes}"
        );
        match expect.retry {
            Some(seconds) => {
                world.clock.pass(u64::try_from(seconds).unwrap());
                assert!(token(&engine).is_ok(), "{shown_bytes}");
            }
            None => {
                // Time mends nothing, the Owner's own wish does.
                world.clock.pass(40);
                assert_eq!(kind(token(&engine)), Some(expect.kind));
                assert!(refresh::refresh_now(&engine, &owner(), ENV, "APP").is_ok());
            }
        }
        let connection = shown(&engine);
        let healed = (
            connection.state,
            connection.error,
            connection.retry_at,
            connection.failures,
        );
        assert_eq!(healed, (ConnectionState::Ready, None, None, 0));
        assert!(world.intent(id).is_none());
    }
    assert_eq!(world.provider.with(|state| state.reused), 0);
}

/// O-60: nobody there. Nothing was sent, so nothing is in doubt.
#[test]
fn o60_no_connection_leaves_no_doubt() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let token_uri = format!("http://{nobody}/token");
    let new = keyward_engine::auth_clients::New {
        key: "DEAD",
        name: None,
        application: None,
        visibility: keyward_model::auth_client::Visibility::Environment,
        registration: keyward_engine::auth_clients::NewRegistration::Oauth2(
            keyward_engine::auth_clients::NewOauth2 {
                auth_uri: Some(&token_uri),
                token_uri: Some(&token_uri),
                client_id: "c",
                ..Default::default()
            },
        ),
    };
    let dead = keyward_engine::auth_clients::create(&engine, &owner(), ENV, &new).unwrap();
    let mut connection = world.connection(id);
    connection.auth_client = Some(dead.address);
    world
        .file()
        .write(engine.now(), |tx| {
            keyward_vault::table::connections::update(tx, &connection)
        })
        .unwrap();
    world.clock.pass(3_550);
    let failed = token(&engine).unwrap_err();
    assert_eq!(failed.kind, Kind::Provider);
    assert!(
        failed.message.contains("refused the connection"),
        "{}",
        failed.message
    );
    assert!(world.intent(id).is_none());
    assert_eq!(shown(&engine).state, ConnectionState::Ready);
}

/// O-63: over 1 000 failures in a row pauses lie between ten seconds and five minutes, spread by chance below a bound
/// that doubles; nothing is asked before its time.
#[test]
fn o63_pauses_are_drawn_below_a_bound_that_doubles() {
    let (world, engine) = World::connected();
    world.clock.pass(3_550);
    let mut pauses = Vec::new();
    for n in 0..1_000_u32 {
        world.provider.will([Fault::Instead(answer("503 Nope", "", ""))]);
        // The Owner's own wish: it waits neither for a pause nor for a host that is down.
        assert_eq!(
            kind(refresh::refresh_now(&engine, &owner(), ENV, "APP")),
            Some(Kind::Provider)
        );
        let connection = shown(&engine);
        assert_eq!(connection.failures, n + 1);
        let retry_at = connection.retry_at.unwrap();
        assert_eq!(connection.next_refresh_at(), Some(retry_at));
        let pause = u64::try_from(retry_at.0 - engine.now().0).unwrap();
        let bound = if n < 9 { 1 << n } else { 300 };
        assert!(
            (10..=bound.max(10)).contains(&pause),
            "{pause} s after {n} failures"
        );
        pauses.push(pause);
        world.clock.pass(pause - 1);
        assert_eq!(kind(token(&engine)), Some(Kind::Provider));
        world.clock.pass(1);
    }
    assert_eq!(world.provider.refreshes(), 1_000);
    let late = &pauses[9..];
    let mean = late.iter().sum::<u64>() / late.len() as u64;
    assert!(
        (130..=170).contains(&mean),
        "full jitter: the mean is half the bound, not {mean}"
    );
    let (low, high) = (
        late.iter().filter(|pause| **pause < 100).count(),
        late.iter().filter(|pause| **pause > 200).count(),
    );
    assert!(low > 250 && high > 250, "{low} below 100 s, {high} above 200 s");
    refresh::refresh_now(&engine, &owner(), ENV, "APP").unwrap();
    assert_eq!(shown(&engine).failures, 0);
    assert_eq!(shown(&engine).retry_at, None);
}

/// O-53, O-60: the provider acted and its answer was lost; with a server that allows no reuse that costs exactly one
/// consent, and never a loop.
#[test]
fn o53_o60_a_lost_answer_costs_one_consent() {
    let (world, engine) = World::connected();
    world.clock.pass(3_550);
    world.provider.will([Fault::Lost]);
    assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    assert_eq!(world.provider.refreshes(), 2);
    for _ in 0..10 {
        world.clock.pass(400);
        assert_eq!(kind(token(&engine)), Some(Kind::NeedsConsent));
    }
    assert_eq!(world.provider.refreshes(), 2);
    assert!(shown(&engine).error.unwrap().message.contains("interrupted"));
    // A server that lets the old token be used for a while gives new ones.
    world.connect(&engine, "APP");
    world.clock.pass(3_550);
    let grace = |state: &mut State| state.rotation = crate::provider::Rotation::Absent;
    world.provider.with(grace);
    world.provider.will([Fault::Lost]);
    assert!(token(&engine).is_ok());
    assert_eq!(shown(&engine).state, ConnectionState::Ready);
}
