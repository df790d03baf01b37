//! R-27, O-69: many Connections at a provider that fails in every way, and many that are due at once.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{
    background, connections,
    home::Opening,
    lifecycle::{self, NewMode},
    ports::{Clock, SystemClock},
};
use keyward_lab::{
    Client, Fault, checker,
    client::{Chaos, Rotation},
};

use crate::{
    lab::Lab,
    support::{Chance, ENV, World, owner, soak, token_for},
};

const CONNECTIONS: usize = 50;
const CLIENTS: u64 = 5;
const SECONDS: u64 = 60;

/// 50 Connections with five-second tokens, a background that refreshes them, callers that ask all the time, one
/// request in ten met by one of thirty faults, and an outage. At least 99.9 % of what is handed out while the provider
/// answers is fresh, no refresh token is lost, and nobody is asked in a storm.
#[test]
fn r27_chaos() {
    assert!(Fault::every().len() >= 30);
    let world = World::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let engine = world.engine_at(Opening::Host, Arc::clone(&clock));
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    let lab = Lab::at(Arc::new(move || clock.now().0));
    for n in 0..CLIENTS {
        let client = Client {
            lifetime: 5,
            rotation: if n == 0 {
                Rotation::None
            } else {
                Rotation::Grace(600)
            },
            ..Client::default()
        };
        lab.register(&engine, &format!("CLIENT{n}"), client);
    }
    let keys: Vec<String> = (0..CONNECTIONS).map(|n| format!("APP{n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        lab.connect(&engine, &format!("CLIENT{}", n as u64 % CLIENTS), key);
    }
    for n in 0..CLIENTS {
        lab.server.adjust(&format!("CLIENT{n}"), |client| {
            client.chaos = Some(Chaos {
                percent: 10,
                seed: 0x5EED_0027 + n,
            });
        });
    }
    let background = background::start(&engine).unwrap();
    let is_over = AtomicBool::new(false);
    let (fresh, excused, wrong) = (Mutex::new(0_u64), Mutex::new(0_u64), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for n in 0..4 {
            let (engine, lab, keys) = (&engine, &lab, &keys);
            let (is_over, fresh, excused, wrong) = (&is_over, &fresh, &excused, &wrong);
            scope.spawn(move || {
                let mut chance = Chance(0x5EED + n);
                while !is_over.load(Ordering::SeqCst) {
                    let key = &keys[usize::try_from(chance.between(0, CONNECTIONS as u64)).unwrap()];
                    match token_for(engine, key, None) {
                        Ok(token) => {
                            lab.server.handed_out(&token);
                            *fresh.lock().unwrap() += 1;
                        }
                        Err(error) => {
                            // The provider failed this Connection at its last request: it is not up for it.
                            let found = connections::find(engine, ENV, key).unwrap().connection;
                            match found.failures > 0 {
                                true => *excused.lock().unwrap() += 1,
                                false => wrong.lock().unwrap().push(format!("{key}: {error:?}")),
                            }
                        }
                    }
                    thread::sleep(Duration::from_millis(chance.between(5, 25)));
                }
            });
        }
        let third = Duration::from_secs(SECONDS * soak() / 3);
        thread::sleep(third);
        lab.server.set_down(true);
        thread::sleep(Duration::from_secs(5));
        lab.server.set_down(false);
        thread::sleep(third * 2);
        is_over.store(true, Ordering::SeqCst);
    });
    drop(background);
    let (fresh, excused) = (fresh.into_inner().unwrap(), excused.into_inner().unwrap());
    let wrong = wrong.into_inner().unwrap();
    let verdict = checker::judge(&lab.server.history().events(), 1);
    println!(
        "{fresh} hand-outs, {excused} refused while the provider failed, {} refused while it did not; {} refreshes, {} reuses, {} overlaps, {} stale, {} storms",
        wrong.len(),
        verdict.refreshes,
        verdict.reused.len(),
        verdict.overlapping.len(),
        verdict.stale.len(),
        verdict.storms.len()
    );
    assert!(verdict.refreshes > CONNECTIONS * 5, "{verdict:?}");
    assert!(verdict.reused.is_empty(), "{:?}", verdict.reused);
    assert!(verdict.overlapping.is_empty(), "{:?}", verdict.overlapping);
    assert!(verdict.storms.is_empty(), "{:?}", verdict.storms);
    assert!(verdict.most_at_once <= 4, "{}", verdict.most_at_once);
    let failed = wrong.len() as u64 + verdict.stale.len() as u64;
    assert!(failed * 1_000 <= fresh + failed, "{wrong:?} {:?}", verdict.stale);
    for key in &keys {
        let id = connections::find(&engine, ENV, key).unwrap().connection.id;
        let held = world.tokens(id).unwrap().refresh_token.unwrap();
        assert!(
            lab.server.accepts(held.expose_text().unwrap()),
            "{key} lost its refresh token"
        );
    }
}

/// O-69: 200 tokens are due at once, at two hosts that take 200 ms for each: never more than four requests are under way,
/// two at a host, and all are fresh within a minute.
#[test]
fn o69_two_hundred_due_at_once() {
    let (world, engine) = World::host();
    let labs = [Lab::new(&world), Lab::new(&world)];
    for (n, lab) in labs.iter().enumerate() {
        let client = Client {
            latency: Duration::from_millis(200),
            ..Client::default()
        };
        let key = format!("CLIENT{n}");
        lab.register(&engine, &key, Client::default());
        for m in 0..100 {
            lab.connect(&engine, &key, &format!("APP{n}_{m}"));
        }
        lab.server.register(&key, client);
        lab.server.history().clear();
    }
    world.clock.sleep(8 * 3_600);
    let begun = Instant::now();
    let background = background::start(&engine).unwrap();
    let refreshed = || {
        labs.iter()
            .map(|lab| lab.server.history().refreshes())
            .sum::<usize>()
    };
    while refreshed() < 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(150),
            "{} of 200",
            refreshed()
        );
        thread::sleep(Duration::from_millis(20));
    }
    println!("200 refreshed in {:?}", begun.elapsed());
    drop(background);
    assert_eq!(refreshed(), 200);
    for lab in &labs {
        let verdict = checker::judge(&lab.server.history().events(), 60);
        assert!(verdict.is_clean(), "{verdict:?}");
        assert!(verdict.most_at_once <= 2, "{}", verdict.most_at_once);
    }
    let all = connections::list(&engine, ENV, None).unwrap();
    assert!(
        all.iter()
            .all(|shown| !shown.connection.lifetime.unwrap().is_due(engine.now()))
    );
}
