//! What a host costs while nothing happens. Measured by hand: `cargo test --release -p keyward-engine --test acts figures
//! -- --ignored --nocapture`.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{
    background,
    home::Opening,
    lifecycle::{self, NewMode},
    ports::SystemClock,
};
use keyward_lab::Client;
use keyward_model::{Id, name::Handle};
use keyward_vault::table::connections;

use crate::{
    lab::Lab,
    support::{World, owner},
};

/// Processor time of this process so far.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}

/// Issue 4: 10 000 Connections scheduled, idle CPU below 0.5 % of a core.
#[test]
#[ignore = "measures for two minutes"]
fn ten_thousand_connections_asleep() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    let lab = Lab::new(&world);
    let client = Client {
        lifetime: 30 * 24 * 3_600,
        ..Client::default()
    };
    lab.register(&engine, "CLIENT", client);
    let mut first = lab.connect(&engine, "CLIENT", "APP");
    // What the clock of a test says is far from what this host's clock says.
    let mut lifetime = first.lifetime.unwrap();
    lifetime.obtained_at = engine.now();
    lifetime.expires_at = engine.now().after(Duration::from_secs(30 * 24 * 3_600));
    first.lifetime = Some(lifetime);
    let file = world.file();
    for thousand in 0..10_u64 {
        file.write(engine.now(), |tx| {
            for n in 0..1_000_u64 {
                let number = thousand * 1_000 + n + 1;
                let id = |part: u8| {
                    let mut bytes = [0; 16];
                    // Outside the bits that say the version of a UUID.
                    bytes[..6].copy_from_slice(&number.to_be_bytes()[2..]);
                    bytes[15] = part;
                    Id::from_random(bytes)
                };
                let connection = keyward_model::connection::Connection {
                    id: id(1),
                    key: Handle::parse(&format!("APP{number}")).unwrap(),
                    token_set: id(2),
                    refresh_intent: id(3),
                    default: false,
                    ..first.clone()
                };
                connections::insert(tx, &connection)?;
            }
            Ok(())
        })
        .unwrap();
    }
    drop(file);
    let background = background::start(&engine).unwrap();
    // The whole verification after an unlock is over by then.
    thread::sleep(Duration::from_secs(30));
    let (before, begun) = (spent(), Instant::now());
    thread::sleep(Duration::from_secs(90));
    let share = (spent() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    println!("{:.3} % of a core", share * 100.0);
    drop(background);
    assert_eq!(lab.server.history().refreshes(), 0);
}
