//! Compares `keyward` with the floor: CPU time (user + system of the command and of its host), A B A B, medians.
//!
//! `keyward-bench BIN_DIR [SMALL LARGE]`: BIN_DIR holds release builds of `keyward` and `keyward-floor`. Prints one table,
//! and the same as JSON. Every output is checked before it is timed. No figure is asserted: goals are ratios to read.
#![allow(
    clippy::disallowed_methods,
    reason = "a program of its own: it reads arguments and clocks"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own: it prints a table"
)]
#![allow(missing_docs, reason = "a program, not a library")]

mod acts;
mod cpu;
mod set;
mod table;
mod tokens;

use std::{
    error::Error,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use cpu::{cpu, median, pair, peak_rss, rss};
use set::{Set, end};
use table::Table;

use keyward_api::wire;
use keyward_tests::keyring::{Keychain, KeyringSession};

type Fallible<T = ()> = Result<T, Box<dyn Error>>;

/// Rounds of each comparison.
const ROUNDS: usize = 15;

fn main() -> Fallible {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|act| act == "rss") {
        return rss(&arguments[1..]);
    }
    let bins = PathBuf::from(arguments.first().ok_or("keyward-bench BIN_DIR [SMALL LARGE]")?);
    let count = |at: usize, usual: usize| arguments.get(at).map_or(Ok(usual), |text| text.parse());
    let (small, large) = (count(1, 100)?, count(2, 10_000)?);
    let session = KeyringSession::start(Keychain::Unlocked).map_err(|trouble| trouble.to_string())?;
    let mut table = Table::default();
    let (mut flat, mut times) = (Vec::new(), Vec::new());
    for entries in [small, large] {
        eprintln!("making {entries} entries …");
        let set = Set::make(&bins, &session, entries)?;
        flat.push(measure(&mut table, &set)?);
        times.push(acts::measure(&mut table, &set)?);
        tokens::measure(&mut table, &set)?;
    }
    let [(small_get, small_set), (large_get, large_set)] = flat[..] else {
        return Err("two sets".into());
    };
    table.row("P2", "get, large / small set, cold", large_get, small_get, 1.10);
    table.row("P2", "set, large / small set, cold", large_set, small_set, 1.10);
    if let [small, large] = &times[..] {
        table.row(
            "P2",
            "unlock through a host, large / small set",
            large.unlock,
            small.unlock,
            1.10,
        );
        table.row(
            "P2",
            "add through a host, large / small set",
            large.add,
            small.add,
            1.10,
        );
        table.row(
            "P2",
            "get over the socket, large / small set",
            large.get,
            small.get,
            1.10,
        );
    }
    table.print();
    Ok(())
}

fn expect(command: &mut Command, wanted: &str) -> Fallible {
    let output = command.output()?;
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim_end(),
        wanted,
        "{command:?}"
    );
    Ok(())
}

/// Everything at one size; returns cold get and cold set for the comparison of sizes.
fn measure(table: &mut Table, set: &Set<'_>) -> Fallible<(f64, f64)> {
    let entries = set.entries;
    let (imported, floor) = set.imported;
    table.row("P7", &format!("import of {entries}"), imported, floor, 3.0);
    let name = format!("SECRET_{:05}", entries / 2);
    let value = format!("{:040}", entries / 2);
    let reference = format!("keyward://{name}");
    let get = || set.keyward(&["get", &reference]);
    expect(&mut get(), &value)?;
    expect(&mut set.floor("get", Some(&name)), &value)?;
    expect(&mut set.floor("ask", Some(&name)), &value)?;

    // Cold: no host; the bare keychain reads are measured beside it and subtracted.
    let mut keychain = set
        .session
        .command(set.bins.join("keyward-floor").to_str().ok_or("path")?);
    keychain.args(["keychain", "bench:floor"]);
    cpu(&mut keychain, None)?;
    let keychain_read = median(
        (0..ROUNDS)
            .map(|_| cpu(&mut keychain, None))
            .collect::<Fallible<_>>()?,
    );
    let (cold, floor) = pair(&mut || cpu(&mut get(), None), &mut || {
        cpu(&mut set.floor("get", Some(&name)), None)
    })?;
    table.row(
        "P1",
        &format!("get, cold, {entries}, less the keychain's two reads"),
        cold - keychain_read + floor,
        floor,
        2.0,
    );

    let write = |number: usize| {
        let mut command = set.keyward(&["secret", "add", &format!("ADDED_{number:05}"), "--value-file"]);
        command.arg(set.root.path().join("value"));
        command
    };
    std::fs::write(set.root.path().join("value"), "x".repeat(40))?;
    let mut number = 0;
    let (cold_set, floor_set) = pair(
        &mut || {
            number += 1;
            cpu(&mut write(number), None)
        },
        &mut || cpu(&mut set.floor("set", Some("ADDED")), None),
    )?;
    table.row(
        "P5",
        &format!("set, cold, {entries}, less the keychain's two reads"),
        cold_set - keychain_read + floor_set,
        floor_set,
        2.0,
    );

    let mut host = set.serve()?;
    let pid = Some(host.id());
    let (warm, floor) = pair(&mut || cpu(&mut get(), pid), &mut || {
        cpu(&mut set.floor("ask", Some(&name)), Some(set.agent.id()))
    })?;
    table.row("P1", &format!("get through a host, {entries}"), warm, floor, 2.0);
    let (warm, bare) = pair(&mut || cpu(&mut get(), pid), &mut || {
        cpu(&mut Command::new("/bin/true"), None)
    })?;
    table.row(
        "P1",
        &format!("get through a host / /bin/true, {entries}"),
        warm,
        bare,
        4.0,
    );
    table.figure(
        "P1",
        &format!("get through a host, peak RSS, {entries} (MB; goal 10)"),
        peak_rss(&mut get())?,
    );

    let run_one = || {
        let mut command = set.keyward(&["run", "--", "/bin/true"]);
        command.env("VALUE", &reference);
        command
    };
    let (one, bare) = pair(&mut || cpu(&mut run_one(), pid), &mut || {
        cpu(&mut Command::new("/bin/true"), None)
    })?;
    table.figure(
        "P3",
        &format!("run with one reference, overhead, {entries} (ms; goal 2)"),
        one - bare,
    );
    let run_many = || {
        let mut command = set.keyward(&["run", "--", "/bin/true"]);
        for number in 0..100.min(entries) {
            command.env(format!("VALUE_{number}"), format!("keyward://SECRET_{number:05}"));
        }
        command
    };
    let (many, bare) = pair(&mut || cpu(&mut run_many(), pid), &mut || {
        cpu(&mut Command::new("/bin/true"), None)
    })?;
    table.figure(
        "P3",
        &format!("run with 100 references, overhead, {entries} (ms; goal 4)"),
        many - bare,
    );

    let list = || set.keyward(&["secret", "list"]);
    let (listed, floor) = pair(&mut || cpu(&mut list(), pid), &mut || {
        cpu(&mut set.floor("list", None), None)
    })?;
    table.row(
        "P6",
        &format!("list through a host, {entries}"),
        listed,
        floor,
        1.5,
    );
    latency(table, set)?;
    end(&mut host)?;
    if entries <= 100 {
        kdf(table, set)?;
    }
    let file = std::fs::metadata(set.home().join("vaults/default/vault.db"))?.len();
    table.figure(
        "P8",
        &format!("bytes a secret, {entries} (goal 1 900 at 10 000)"),
        file as f64 / entries as f64,
    );
    Ok((cold, cold_set))
}

/// P9: one connection, one request at a time, against the bare agent.
fn latency(table: &mut Table, set: &Set<'_>) -> Fallible {
    let mut client = set.client()?;
    let name = "SECRET_00007";
    let mut times = Vec::new();
    let mut bare = Vec::new();
    let mut agent = UnixStream::connect(set.root.path().join("floor/agent.sock"))?;
    for _ in 0..2_000 {
        let began = Instant::now();
        let request = wire::Resolve {
            environment: "default".to_owned(),
            references: vec![name.to_owned()],
        };
        client.call("default", &request)?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        agent.write_all(name.as_bytes())?;
        let _ = agent.read(&mut [0; 256])?;
        bare.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_unstable_by(f64::total_cmp);
    let p99 = times[times.len() * 99 / 100];
    table.row(
        "P9",
        &format!(
            "hand-out over the socket, p50 µs / bare agent with look-up, {}",
            set.entries
        ),
        median(times),
        median(bare),
        4.0,
    );
    table.figure(
        "P9",
        &format!("hand-out over the socket, p99, {} (µs; goal 250)", set.entries),
        p99,
    );
    Ok(())
}

/// P4: a passphrase vault costs one KDF.
fn kdf(table: &mut Table, set: &Set<'_>) -> Fallible {
    let home = set.root.path().join("passphrase");
    let passphrase = set.root.path().join("words");
    std::fs::write(&passphrase, "correct horse battery staple 42\n")?;
    let run = |arguments: &str| {
        let mut command = Command::new("sh");
        let line = format!(
            "exec {} {arguments} --passphrase-fd 3 3<{}",
            set.bins.join("keyward").display(),
            passphrase.display()
        );
        command
            .arg("-c")
            .arg(line)
            .env("KEYWARD_HOME", &home)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.stdin(Stdio::null());
        command
    };
    cpu(
        &mut run(&format!(
            "init --passphrase --kdf-memory 64 --recovery-file {}",
            set.root.path().join("other").display()
        )),
        None,
    )?;
    cpu(
        &mut run(&format!(
            "secret add ONE --value-file {}",
            set.root.path().join("value").display()
        )),
        None,
    )?;
    let mut floor = Command::new(set.bins.join("keyward-floor"));
    floor.arg("kdf");
    let (unlocked, bare) = pair(&mut || cpu(&mut run("get ONE"), None), &mut || {
        cpu(&mut floor, None)
    })?;
    table.row("P4", "unlock and first get / bare KDF", unlocked, bare, 1.10);
    Ok(())
}
