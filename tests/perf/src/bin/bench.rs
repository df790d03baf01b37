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

use std::{
    error::Error,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use keyward_api::{client::Client, wire};
use keyward_engine::home::Home;
use keyward_model::SecretValue;
use keyward_tests::keyring::{Keychain, KeyringSession};
use nix::{
    sys::resource::{UsageWho, getrusage},
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};
use serde_json::{Value, json};

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
    let mut flat = Vec::new();
    for entries in [small, large] {
        eprintln!("making {entries} entries …");
        let set = Set::make(&bins, &session, entries)?;
        flat.push(measure(&mut table, &set)?);
    }
    let [(small_get, small_set), (large_get, large_set)] = flat[..] else {
        return Err("two sets".into());
    };
    table.row("P2", "get, large / small set, cold", large_get, small_get, 1.10);
    table.row("P2", "set, large / small set, cold", large_set, small_set, 1.10);
    table.print();
    Ok(())
}

/// One data set: a vault with its host, and the floor beside it.
struct Set<'a> {
    bins: &'a Path,
    session: &'a KeyringSession,
    root: tempfile::TempDir,
    entries: usize,
    agent: Child,
}

impl Drop for Set<'_> {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

impl<'a> Set<'a> {
    fn make(bins: &'a Path, session: &'a KeyringSession, entries: usize) -> Fallible<Self> {
        let root = tempfile::tempdir()?;
        let floor = root.path().join("floor");
        std::fs::create_dir(&floor)?;
        let made = Command::new(bins.join("keyward-floor"))
            .arg("make")
            .arg(&floor)
            .arg(entries.to_string())
            .status()?;
        assert!(made.success(), "the floor's data set");
        let agent = Command::new(bins.join("keyward-floor"))
            .arg("agent")
            .arg(&floor)
            .spawn()?;
        let set = Self {
            bins,
            session,
            root,
            entries,
            agent,
        };
        let recovery = set.root.path().join("recovery");
        let made = set
            .keyward(&[
                "init",
                "--keychain",
                "--recovery-file",
                recovery.to_str().ok_or("path")?,
            ])
            .output()?;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        set.fill()?;
        Ok(set)
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    fn keyward(&self, arguments: &[&str]) -> Command {
        let mut command = self
            .session
            .command(self.bins.join("keyward").to_str().expect("a path in UTF-8"));
        command
            .args(arguments)
            .env("KEYWARD_HOME", self.home())
            .env_remove("XDG_RUNTIME_DIR");
        command.stdin(Stdio::null());
        command
    }

    fn floor(&self, act: &str, name: Option<&str>) -> Command {
        let mut command = Command::new(self.bins.join("keyward-floor"));
        command
            .arg(act)
            .arg(self.root.path().join("floor"))
            .args(name)
            .stdin(Stdio::null());
        command
    }

    fn serve(&self) -> Fallible<Child> {
        let host = self.keyward(&["serve"]).stderr(Stdio::null()).spawn()?;
        let socket = self.home().join("run/host.sock");
        let began = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            if began.elapsed() > Duration::from_secs(20) {
                return Err("the host did not come up".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(host)
    }

    fn client(&self) -> Fallible<Client> {
        let home = Home::open(&self.home())?;
        Ok(Client::connect(&home, None)?.ok_or("no host")?)
    }

    fn fill(&self) -> Fallible {
        let mut host = self.serve()?;
        let mut client = self.client()?;
        for number in 0..self.entries {
            let request = wire::SecretCreate {
                environment: "default".to_owned(),
                key: format!("SECRET_{number:05}"),
                name: None,
                description: None,
                tags: None,
                masked: None,
                value: wire::Plaintext(SecretValue::from(format!("{number:040}"))),
            };
            client.call("default", &request)?;
        }
        end(&mut host)
    }
}

fn end(host: &mut Child) -> Fallible {
    keyward_tests::process::signal(host.id(), "TERM").map_err(|trouble| trouble.to_string())?;
    host.wait()?;
    Ok(())
}

/// Milliseconds of CPU of one run, with its host's share; its output is checked first.
fn cpu(command: &mut Command, host: Option<u32>) -> Fallible<f64> {
    let before = (children()?, host.map(process).transpose()?.unwrap_or_default());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(children()? - before.0 + host.map(process).transpose()?.unwrap_or_default() - before.1)
}

fn children() -> Fallible<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |at: nix::sys::time::TimeVal| at.tv_sec() as f64 * 1e3 + at.tv_usec() as f64 / 1e3;
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

fn process(pid: u32) -> Fallible<f64> {
    let at = clock_gettime(clock_getcpuclockid(Pid::from_raw(i32::try_from(pid)?))?)?;
    Ok(at.tv_sec() as f64 * 1e3 + at.tv_nsec() as f64 / 1e6)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Medians of two commands, run in turn.
fn pair(
    one: &mut dyn FnMut() -> Fallible<f64>,
    other: &mut dyn FnMut() -> Fallible<f64>,
) -> Fallible<(f64, f64)> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ones.push(one()?);
        others.push(other()?);
    }
    Ok((median(ones), median(others)))
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

/// Megabytes at the peak: measured by a process of its own, since the kernel keeps the largest child ever waited for.
fn peak_rss(command: &mut Command) -> Fallible<f64> {
    let mut probe = Command::new(std::env::current_exe()?);
    probe
        .arg("rss")
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => probe.env(name, value),
            None => probe.env_remove(name),
        };
    }
    let output = probe.output()?;
    let kilobytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(kilobytes / 1024.0)
}

fn rss(words: &[String]) -> Fallible {
    let (program, arguments) = words.split_first().ok_or("a command")?;
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status()?;
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}

#[derive(Default)]
struct Table(Vec<Value>);

impl Table {
    fn row(&mut self, id: &str, what: &str, figure: f64, floor: f64, goal: f64) {
        let ratio = figure / floor;
        eprintln!("{id:<4} {what:<64} {figure:>9.2} / {floor:>8.2} = {ratio:>6.2}   goal {goal}");
        self.0.push(
            json!({ "id": id, "what": what, "figure": figure, "floor": floor, "ratio": ratio, "goal": goal }),
        );
    }

    fn figure(&mut self, id: &str, what: &str, figure: f64) {
        eprintln!("{id:<4} {what:<64} {figure:>9.2}");
        self.0.push(json!({ "id": id, "what": what, "figure": figure }));
    }

    fn print(&self) {
        println!("{}", Value::Array(self.0.clone()));
    }
}
