//! Each act by itself through a host, over one connection: what it costs at this size, and whether that grows with the vault.

use std::time::Instant;

use keyward_api::{client::Client, verbs::Verb, wire};
use keyward_model::SecretValue;

use crate::{
    Fallible, ROUNDS,
    cpu::{median, process},
    set::{Set, end},
    table::Table,
};

/// References of one request.
const BATCH: usize = 1_000;

/// Milliseconds of an act, the median of [`ROUNDS`].
pub(crate) struct Times {
    pub(crate) unlock: f64,
    pub(crate) add: f64,
    pub(crate) get: f64,
}

pub(crate) fn measure(table: &mut Table, set: &Set<'_>) -> Fallible<Times> {
    let mut host = set.serve()?;
    let mut client = set.client()?;
    let entries = set.entries;
    let here = || "default".to_owned();
    // keychain mode, so no KDF is in it; the first read verifies what it touches.
    let mut unlocks = Vec::new();
    for _ in 0..ROUNDS {
        client.call("default", &wire::VaultLock {})?;
        let began = Instant::now();
        client.call("default", &wire::VaultUnlock { passphrase: None })?;
        client.call("default", &resolve("SECRET_00007"))?;
        unlocks.push(milliseconds(began));
    }
    let unlock = median(unlocks);
    table.figure(
        "R-45",
        &format!("unlock and first get, {entries} (ms; goal 300 at 10 000)"),
        unlock,
    );
    let mut number = 0;
    let add = timed(&mut client, || {
        number += 1;
        wire::SecretCreate {
            environment: here(),
            key: format!("ACT_{number:05}"),
            name: None,
            description: None,
            tags: None,
            masked: None,
            value: wire::Plaintext(SecretValue::from("x".repeat(40))),
            notes: None,
            expires_at: None,
            rotate_every: None,
            favourite: None,
        }
    })?;
    table.figure("P5", &format!("add through a host, {entries} (ms)"), add);
    let get = timed(&mut client, || resolve("SECRET_00042"))?;
    table.figure("P1", &format!("get over the socket, {entries} (ms)"), get);
    let list = |search: Option<&str>| wire::SecretList {
        environment: here(),
        search: search.map(str::to_owned),
        tag: None,
        after: None,
        limit: Some(1_000),
    };
    let listed = timed(&mut client, || list(None))?;
    table.figure(
        "P6",
        &format!("list, first page of 1 000, {entries} (ms)"),
        listed,
    );
    let searched = timed(&mut client, || list(Some("SECRET_00042")))?;
    table.figure(
        "P6",
        &format!("search, {entries} (ms; goal 5 at 10 000, 30 at 100 000)"),
        searched,
    );
    let read = read_in_batches(&mut client, host.id(), entries.min(BATCH))?;
    table.figure(
        "P12",
        &format!("a read with its audit row, {entries} (µs of the host's CPU; goal 25 for the row)"),
        read,
    );
    end(&mut host)?;
    Ok(Times { unlock, add, get })
}

/// Microseconds of the host for one value of many asked for at once. Locking stores what the log still holds.
fn read_in_batches(client: &mut Client, host: u32, many: usize) -> Fallible<f64> {
    let request = wire::Resolve {
        environment: "default".to_owned(),
        references: (0..many).map(|number| format!("SECRET_{number:05}")).collect(),
    };
    client.call("default", &request)?;
    let before = process(host)?;
    for _ in 0..ROUNDS {
        client.call("default", &request)?;
    }
    client.call("default", &wire::VaultLock {})?;
    Ok((process(host)? - before) * 1e3 / (ROUNDS * many) as f64)
}

fn resolve(name: &str) -> wire::Resolve {
    wire::Resolve {
        environment: "default".to_owned(),
        references: vec![name.to_owned()],
    }
}

fn timed<V: Verb>(client: &mut Client, mut request: impl FnMut() -> V) -> Fallible<f64> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let request = request();
        let began = Instant::now();
        client.call("default", &request)?;
        times.push(milliseconds(began));
    }
    Ok(median(times))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
