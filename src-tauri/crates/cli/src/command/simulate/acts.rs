//! What is not one bad answer: clocks, crowds, refused tokens, certificates, consents, revocations.

use std::{sync::Arc, thread, time::Duration};

use keyward_engine::{connections::Revocation, ports::Clock};
use keyward_lab::{
    Certificate, Client, Endpoint, Fault, Lab,
    client::{Iss, Pkce, Rotation},
};

use super::{
    Case,
    faults::{expect, expect_requests},
    world::World,
};

type Played = Result<String, String>;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "crowd",
        happens: "Thirty-two programs ask for the same token at once.",
        play: crowd,
    },
    Case {
        id: "refused-token",
        happens: "The provider ends an access token early, and a hundred programs report it.",
        play: refused,
    },
    Case {
        id: "clock-put-back",
        happens: "Somebody sets the clock back by an hour while a token runs out.",
        play: clock,
    },
    Case {
        id: "asleep",
        happens: "The computer sleeps for eight hours.",
        play: asleep,
    },
    Case {
        id: "rotation",
        happens: "The provider replaces the refresh token each time and ends everything when an old one comes back.",
        play: rotation,
    },
    Case {
        id: "bad-certificate",
        happens: "The token address has a certificate that is self-signed, expired, or another host's.",
        play: certificates,
    },
    Case {
        id: "other-issuer",
        happens: "The consent is answered in another provider's name.",
        play: issuer,
    },
    Case {
        id: "pkce",
        happens: "The provider insists on PKCE.",
        play: pkce,
    },
    Case {
        id: "revocation-offline",
        happens: "The provider cannot be reached when a connection is dropped.",
        play: revocation,
    },
];

/// Looks until something is so, for at most twenty seconds.
fn eventually(is_so: impl Fn() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn crowd(world: &World) -> Played {
    world.connect(Client {
        latency: Duration::from_millis(100),
        ..Client::default()
    })?;
    world.until_due()?;
    let tokens: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> = (0..32).map(|_| scope.spawn(|| world.token())).collect();
        asking.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut given = Vec::new();
    for token in tokens {
        let token = token.map_err(|_| "It went wrong: a thread broke off.")?;
        given.push(token.map_err(|error| error.message)?);
    }
    given.dedup();
    expect(given.len() == 1, "not all had the same token")?;
    expect_requests(world, 1)?;
    Ok("One request left, and all had its token.".to_owned())
}

fn refused(world: &World) -> Played {
    world.connect(Client::default())?;
    let old = world.token().map_err(|error| error.message)?;
    world.lab.forget_access_tokens();
    thread::scope(|scope| {
        let reports: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..25).try_for_each(|_| world.invalidate(&old))))
            .collect();
        reports.into_iter().try_for_each(|report| {
            report
                .join()
                .map_err(|_| "It went wrong: a thread broke off.".to_owned())?
                .map_err(|error| error.message)
        })
    })?;
    expect_requests(world, 1)?;
    let new = world.token().map_err(|error| error.message)?;
    expect(new != old && world.lab.takes(&new), "the token is the old one")?;
    Ok("Keyward asked once and had a new token for all.".to_owned())
}

fn clock(world: &World) -> Played {
    // The laboratory has the same clock; what counts is whether Keyward asks.
    world.connect(Client::default())?;
    world.clock.pass(1_800);
    world.clock.jump(-3_600);
    world.token().map_err(|error| error.message)?;
    world.clock.pass(1_790);
    world.token().map_err(|error| error.message)?;
    match world.clock.boot() {
        Some(_) => {
            expect_requests(world, 1)?;
            Ok(
                "Keyward counted by the machine's own time and had a fresh token before the old one ended."
                    .to_owned(),
            )
        }
        None => Ok("This system has no time of its own to count by; the wall clock decides.".to_owned()),
    }
}

fn asleep(world: &World) -> Played {
    world.connect(Client::default())?;
    world.clock.pass(8 * 3_600);
    let background = world.background()?;
    eventually(|| world.refreshes() > 0);
    drop(background);
    expect_requests(world, 1)?;
    world.token().map_err(|error| error.message)?;
    expect_requests(world, 1)?;
    Ok("Keyward refreshed by itself once it woke.".to_owned())
}

fn rotation(world: &World) -> Played {
    world.connect(Client {
        rotation: Rotation::Strict,
        ..Client::default()
    })?;
    for _ in 0..20 {
        world.until_due()?;
        world.token().map_err(|error| error.message)?;
    }
    expect_requests(world, 20)?;
    Ok("Twenty refreshes later no old token had been sent.".to_owned())
}

fn certificates(world: &World) -> Played {
    world.connect(Client::default())?;
    for certificate in [
        Certificate::SelfSigned,
        Certificate::Expired,
        Certificate::WrongHost,
    ] {
        let own = Arc::clone(&world.clock);
        let bad =
            Lab::start_tls(Arc::new(move || own.now().0), certificate).map_err(|error| error.to_string())?;
        let other = World::new(None)?;
        other.register(Client::default(), Some(&bad.uri(Endpoint::Token)))?;
        expect(other.consent().is_err(), "a consent went through")?;
        expect(
            bad.history().requests(Endpoint::Token) == 0,
            "the code was sent to a host that did not prove its name",
        )?;
        // The host notes a broken greeting when it hears of it, which may be later than we do.
        eventually(|| !bad.history().events().is_empty());
        expect(!bad.history().events().is_empty(), "the host was never asked")?;
    }
    Ok("Keyward sent nothing to any of them.".to_owned())
}

fn issuer(world: &World) -> Played {
    let refused = world.connect(Client {
        iss: Iss::Wrong,
        ..Client::default()
    });
    expect(refused.is_err(), "the answer was taken")?;
    expect(
        world.lab.history().requests(Endpoint::Token) == 0,
        "the code was sent to a provider that may not be the one who gave it",
    )?;
    Ok("Keyward refused the answer and sent no code.".to_owned())
}

fn pkce(world: &World) -> Played {
    world.connect(Client {
        pkce: Pkce::Required,
        ..Client::default()
    })?;
    world.token().map_err(|error| error.message)?;
    Ok("Keyward proved that the code was given to it.".to_owned())
}

fn revocation(world: &World) -> Played {
    world.connect(Client::default())?;
    world.will_revoke([Fault::DropBefore, Fault::DropBefore]);
    let outcome = world.disconnect().map_err(|error| error.message)?;
    expect(matches!(outcome, Revocation::Queued(_)), "it was not put off")?;
    world.clock.pass(3_600);
    let background = world.background()?;
    eventually(|| world.lab.revoked().len() >= 2);
    drop(background);
    expect(
        world.lab.revoked().len() == 2,
        "the tokens were not revoked later",
    )?;
    Ok("Keyward dropped the tokens here, and had them revoked as soon as it could.".to_owned())
}
