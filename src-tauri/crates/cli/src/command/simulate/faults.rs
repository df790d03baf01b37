//! Faults of the token endpoint.

use keyward_engine::Kind;
use keyward_lab::{
    Client, Fault,
    client::{ExpiresIn, Rotation},
};
use keyward_model::connection::ConnectionState;

use super::{Case, world::World};

type Played = Result<String, String>;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "slow",
        happens: "The provider takes its time.",
        play: |world| recovers(world, Rotation::Strict, [Fault::Latency(SHORT)], 1),
    },
    Case {
        id: "drop-before",
        happens: "The connection ends before the provider has read the request.",
        play: |world| recovers(world, Rotation::Strict, [Fault::DropBefore], 2),
    },
    Case {
        id: "drop-after",
        happens: "The provider replaces the refresh token and its answer is lost; it takes the old one for a while.",
        play: |world| recovers(world, Rotation::Grace(60), [Fault::DropAfter], 2),
    },
    Case {
        id: "truncate",
        happens: "The answer ends in its middle.",
        play: |world| recovers(world, Rotation::Grace(60), [Fault::Truncate], 2),
    },
    Case {
        id: "gzip-bomb",
        happens: "The answer unpacks to a thousand times its size.",
        play: |world| recovers(world, Rotation::Grace(60), [Fault::GzipBomb], 2),
    },
    Case {
        id: "oversize",
        happens: "The answer does not end.",
        play: |world| recovers(world, Rotation::Grace(60), [Fault::Oversize], 2),
    },
    Case {
        id: "drop-after-strict",
        happens: "The same answer is lost, and the provider takes no old token.",
        play: one_consent,
    },
    Case {
        id: "captive-portal",
        happens: "The network's own sign-in page answers in the provider's place.",
        play: |world| waits(world, Rotation::Strict, [Fault::Html, Fault::Html], 10),
    },
    Case {
        id: "unavailable",
        happens: "The provider answers 503 and says: in two minutes.",
        play: |world| {
            waits(
                world,
                Rotation::Strict,
                [Fault::RetryAfter("120".to_owned())],
                120,
            )
        },
    },
    Case {
        id: "too-many-requests",
        happens: "The provider answers 429.",
        play: |world| waits(world, Rotation::Strict, [Fault::Status(429)], 10),
    },
    Case {
        id: "garbage",
        happens: "Something that is no HTTP answers.",
        play: |world| waits(world, Rotation::Strict, [Fault::Garbage, Fault::Garbage], 10),
    },
    Case {
        id: "redirect",
        happens: "The token address sends Keyward to another host.",
        play: |world| stops(world, Fault::Redirect(307), ConnectionState::Error),
    },
    Case {
        id: "client-refused",
        happens: "The provider no longer knows this client.",
        play: |world| {
            stops(
                world,
                Fault::Refuse(401, "invalid_client"),
                ConnectionState::Error,
            )
        },
    },
    Case {
        id: "revoked",
        happens: "Somebody ended the access on the provider's own page.",
        play: |world| {
            stops(
                world,
                Fault::Refuse(400, "invalid_grant"),
                ConnectionState::NeedsConsent,
            )
        },
    },
    Case {
        id: "strange-lifetimes",
        happens: "The provider says no lifetime, or a strange one.",
        play: lifetimes,
    },
    Case {
        id: "every-fault",
        happens: "Thirty kinds of faults, one after another, each followed by an honest answer.",
        play: every,
    },
];

const SHORT: std::time::Duration = std::time::Duration::from_millis(300);

fn client(rotation: Rotation) -> Client {
    Client {
        rotation,
        ..Client::default()
    }
}

/// A fresh token comes of it, by so many requests.
fn recovers<const N: usize>(
    world: &World,
    rotation: Rotation,
    faults: [Fault; N],
    requests: usize,
) -> Played {
    world.connect(client(rotation))?;
    world.until_due()?;
    world.will(faults);
    let token = world
        .token()
        .map_err(|error| format!("No token came: {}", error.message))?;
    expect(
        world.lab.takes(&token),
        "the token is not the provider's present one",
    )?;
    expect_requests(world, requests)?;
    Ok(match requests {
        1 => "Keyward waited and had a fresh token.".to_owned(),
        _ => "Keyward asked once more at once and had a fresh token.".to_owned(),
    })
}

/// Nothing is asked for so long, no token is lost, and then a fresh one comes.
fn waits<const N: usize>(world: &World, rotation: Rotation, faults: [Fault; N], seconds: u64) -> Played {
    world.connect(client(rotation))?;
    world.until_due()?;
    world.will(faults);
    let Err(error) = world.token() else {
        return Err("a token came although no answer did".to_owned());
    };
    expect(
        error.kind == Kind::Provider,
        "the failure is not told as one that passes",
    )?;
    expect_requests(world, N)?;
    // Real time passes as well, and more of it on a busy machine.
    world.clock.pass(seconds - 6);
    expect(world.token().is_err(), "a token came before its time")?;
    expect_requests(world, N)?;
    world.clock.pass(7);
    world
        .token()
        .map_err(|error| format!("It did not recover: {}", error.message))?;
    expect_requests(world, N + 1)?;
    Ok(format!(
        "Keyward kept the tokens, asked nothing for {seconds} s, and then had a fresh token."
    ))
}

/// One request, then a person is asked for and nobody else; that person's act mends it.
fn stops(world: &World, fault: Fault, state: ConnectionState) -> Played {
    world.connect(client(Rotation::Strict))?;
    world.until_due()?;
    world.will([fault]);
    for _ in 0..5 {
        expect(world.token().is_err(), "a token came all the same")?;
        world.clock.pass(400);
    }
    expect_requests(world, 1)?;
    expect(world.connection()?.state == state, "the state is another one")?;
    let did = match state {
        ConnectionState::NeedsConsent => {
            world.consent()?;
            "one new consent mended it"
        }
        _ => {
            world.refresh_now().map_err(|error| error.message)?;
            "a refresh by hand, once that was mended, brought a fresh token"
        }
    };
    world.token().map_err(|error| error.message)?;
    Ok(format!(
        "Keyward asked once, said why and what to do, and asked nobody again; {did}."
    ))
}

fn one_consent(world: &World) -> Played {
    world.connect(client(Rotation::Strict))?;
    world.until_due()?;
    world.will([Fault::DropAfter]);
    let Err(error) = world.token() else {
        return Err("a token came that nobody can have".to_owned());
    };
    expect(error.kind == Kind::NeedsConsent, "no consent was asked for")?;
    let said = world
        .connection()?
        .error
        .map(|error| error.message)
        .unwrap_or_default();
    expect(said.contains("interrupted"), "the true reason was not told")?;
    world.clock.pass(1_000);
    expect(world.token().is_err(), "a token came that nobody can have")?;
    expect_requests(world, 2)?;
    world.consent()?;
    world.token().map_err(|error| error.message)?;
    Ok("Keyward asked once more, told the true reason, and one new consent mended it.".to_owned())
}

fn lifetimes(world: &World) -> Played {
    world.connect(client(Rotation::Strict))?;
    let strange = ["\"3600\"", "3600.5", "-1", "0", "1e18", "null", "\"soon\"", "[]"];
    let mut all = vec![ExpiresIn::Absent];
    all.extend(strange.map(|text| ExpiresIn::Json(text.to_owned())));
    let count = all.len();
    for expires_in in all {
        let said = format!("{expires_in:?}");
        world
            .lab
            .adjust("SIMULATED", |client| client.expires_in = expires_in);
        world
            .refresh_now()
            .map_err(|error| format!("With {said}: {}", error.message))?;
        let lifetime = world.connection()?.lifetime.ok_or("no lifetime")?;
        let year = 366 * 24 * 3_600;
        expect(
            lifetime.length().as_secs() <= year,
            "a lifetime is longer than a year",
        )?;
    }
    expect_requests(world, count)?;
    Ok(format!(
        "Keyward read all {count}, assumed an hour where none is said, and believed none above a year."
    ))
}

fn every(world: &World) -> Played {
    world.connect(client(Rotation::Grace(3_600)))?;
    let every = Fault::every();
    let count = every.len();
    for fault in every {
        let said = format!("{fault:?}");
        world.until_due()?;
        world.will([fault]);
        if world.token().is_err() {
            world.clock.pass(3_601);
            world
                .token()
                .map_err(|error| format!("After {said}: {}", error.message))?;
        }
    }
    Ok(format!(
        "Keyward had a fresh token after each of {count}, and no refresh token was lost."
    ))
}

pub(super) fn expect(holds: bool, wrong: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(format!("It went wrong: {wrong}.")),
    }
}

pub(super) fn expect_requests(world: &World, expected: usize) -> Result<(), String> {
    let seen = world.refreshes();
    match seen == expected {
        true => Ok(()),
        false => Err(format!(
            "It went wrong: the provider saw {seen} refresh requests, not {expected}."
        )),
    }
}
