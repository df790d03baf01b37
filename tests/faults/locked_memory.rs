//! R-10, T-06: what a host still holds once it is locked, as root reads it: every readable page of the process.
//!
//! Measured twenty times, after everything a host does with values: it opened the vault with a passphrase, took new values from
//! commands, handed values out (`get`, `show --reveal`, `run`, `inject`), connected, refreshed and handed out tokens. The later
//! half of the times it keeps its tokens fresh while it is locked (O-71).
//!
//! Tokens are looked for twice: by themselves, and inside an answer of the provider as it was received, which only the HTTP
//! library ever holds. Nobody looks for parts of a value, in what the kernel keeps of pipes and sockets, or in buffers of
//! TLS: this provider speaks plain HTTP.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use keyward_tests::Trouble;
use keyward_tests::home::{Home, Outcome};
use keyward_tests::oidc::{CLIENT_SECRET, CONFIDENTIAL_CLIENT, OidcServer};
use keyward_tests::{http, place};

use crate::ground::{skipped, soak};
use crate::kill_in_refresh::add_client;
use crate::relay::Relay;

const PASSPHRASE: &str = "canary-passphrase held by nobody 8820";
/// In the host's environment, which nothing clears: proves that the search finds what is there.
const CONTROL: &str = "canary-control-5530-stays";
/// Tokens inside an answer as the HTTP library read it. grep takes the longest match, so these are not counted twice.
const RECEIVED: [&str; 3] = [
    "access token, as received",
    "refresh token, as received",
    "ID token, as received",
];
/// Values of each sort: stored before the host began, and stored through it.
const EACH: usize = 25;
/// How often the vault is used and locked.
const ROUNDS: usize = 20;

/// Texts to look for, by what they are.
type Canaries = BTreeMap<&'static str, Vec<String>>;

fn key(sort: &str, number: usize) -> String {
    format!("CANARY_{}_{number}", sort.to_uppercase())
}

/// Long enough that no allocator's bookkeeping covers it whole, and no two alike.
fn value(sort: &str, number: usize) -> String {
    format!("canary-{sort}-{number:02}-Zq7x4Tn9-{}", "k".repeat(number * 37))
        + &format!("-end-{sort}-{number:02}")
}

/// A home whose host has the control in its environment; commands talk to the host alone once it runs.
struct Person {
    home: Home,
}

impl Person {
    fn with_passphrase(&self, args: &[&str], stdin: &str) -> Outcome {
        let run = self.home.keyward(args).passphrase(Some(PASSPHRASE)).stdin(stdin);
        run.output().unwrap().success().unwrap()
    }

    fn ask(&self, args: &[&str], stdin: &str) -> Outcome {
        let run = self.home.keyward(args).passphrase(None).stdin(stdin);
        run.output().unwrap().success().unwrap()
    }
}

#[test]
fn r10_a_locked_host_holds_nothing() {
    let server = OidcServer::start(Duration::from_secs(300)).unwrap();
    let relay = Relay::before(server.issuer());
    let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
    let person = Person {
        home: Home::new().unwrap().var("BROWSER", browser.to_string_lossy()),
    };
    let recovery = person.home.path().join("recovery.txt");
    let init = [
        "init",
        "--passphrase",
        "--kdf-memory",
        "64",
        "--recovery-file",
        &recovery.to_string_lossy(),
    ];
    person.with_passphrase(&init, "");
    for number in 0..EACH {
        person.with_passphrase(
            &["secret", "add", &key("stored", number)],
            &value("stored", number),
        );
    }
    let mut host = person
        .home
        .keyward(&["serve"])
        .passphrase(Some(PASSPHRASE))
        .var("CONTROL", CONTROL)
        .start()
        .unwrap();
    host.stderr
        .find("host", Duration::from_secs(30), |line| {
            line.starts_with("Serving").then_some(())
        })
        .unwrap();
    let pid = host.process.0.id();
    if let Err(why) = File::open(format!("/proc/{pid}/mem")) {
        return skipped(&format!("the memory of a host cannot be read here: {why}"));
    }

    use_values(&person);
    use_tokens(&person, &server, &relay);
    let canaries = canaries(&relay);
    let unlocked = count(pid, &canaries).unwrap();
    assert!(unlocked["control"] > 0, "the search finds what is there");
    person.ask(&["lock"], "");
    let locked = count(pid, &canaries).unwrap();
    println!("{:<26}{:>9}{:>9}", "R-10", "unlocked", "locked");
    for (kind, times) in &locked {
        println!("{kind:<26}{:>9}{times:>9}", unlocked[kind]);
    }
    holds_nothing(&locked, 1);
    for round in 2..=ROUNDS * soak() {
        person.with_passphrase(&["unlock"], "");
        if round == ROUNDS / 2 {
            // O-71: from here on four keys stay, and nothing that they open does.
            person.with_passphrase(&["settings", "update", "--refresh-while-locked"], "");
        }
        use_everything(&person);
        person.ask(&["lock"], "");
        holds_nothing(&count(pid, &self::canaries(&relay)).unwrap(), round);
    }
}

fn holds_nothing(locked: &BTreeMap<&'static str, usize>, round: usize) {
    assert!(locked["control"] > 0, "the search still finds what is there");
    for (kind, times) in locked {
        assert!(
            *kind == "control" || *times == 0,
            "R-10, round {round}: {kind}: {times} times"
        );
    }
}

/// All values by one command, one shown, one given to a program; a refresh, and the new token handed out.
fn use_everything(person: &Person) {
    let keys = ["stored", "sent"].map(|sort| (0..EACH).map(move |number| key(sort, number)));
    let template: String = keys
        .into_iter()
        .flatten()
        .map(|key| format!("{{vault.{key}}}\n"))
        .collect();
    let filled = person.ask(&["inject", "-i", "-", "-o", "-"], &template);
    assert!(filled.text().contains(&value("stored", EACH - 1)));
    let shown = person.with_passphrase(&["secret", "show", &key("stored", 0), "--reveal"], "");
    assert!(shown.text().contains(&value("stored", 0)));
    run_with(person, 1);
    person.ask(&["connection", "refresh", "MAIL"], "");
    person.ask(&["token", "MAIL"], "");
}

/// A program that gets a value in its environment.
fn run_with(person: &Person, number: usize) {
    let reference = format!("keyward://{}", key("stored", number));
    let run = person
        .home
        .keyward(&["run", "--", "printenv", "DB"])
        .passphrase(None)
        .var("DB", reference)
        .output()
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(run.text().trim_end(), value("stored", number));
}

/// Every way a value takes into a host and out of it.
fn use_values(person: &Person) {
    for number in 0..EACH {
        let (key, value) = (key("sent", number), value("sent", number));
        person.ask(&["secret", "add", &key], &value);
    }
    for sort in ["stored", "sent"] {
        for number in 0..EACH {
            let got = person.ask(&["get", &key(sort, number)], "");
            assert_eq!(got.text(), value(sort, number));
        }
    }
    let shown = person.with_passphrase(&["secret", "show", &key("stored", 0), "--reveal"], "");
    assert!(shown.text().contains(&value("stored", 0)));
    run_with(person, 1);
    let template = format!("{{vault.{}}} {{vault.{}}}", key("stored", 2), key("sent", 2));
    let filled = person.ask(&["inject", "-i", "-", "-o", "-"], &template);
    assert!(filled.text().contains(&value("sent", 2)));
    person.ask(
        &["secret", "update", &key("sent", 3), "--value-stdin"],
        &value("changed", 3),
    );
    person.ask(&["secret", "restore", &key("sent", 3), "--version", "1"], "");
}

/// A consent, a refresh, and the token handed out in both forms.
fn use_tokens(person: &Person, server: &OidcServer, relay: &Relay) {
    let mut add = add_client(server, &relay.token_uri(), CONFIDENTIAL_CLIENT);
    add.push("--client-secret-stdin".to_owned());
    let add: Vec<&str> = add.iter().map(String::as_str).collect();
    person.ask(&add, CLIENT_SECRET);
    person.ask(&["connect", "MAIL", "--timeout", "60s"], "");
    person.ask(&["token", "MAIL"], "");
    person.ask(&["connection", "refresh", "MAIL"], "");
    person.ask(&["token", "MAIL", "--json"], "");
    assert_eq!(relay.refreshes(), 1);
}

fn canaries(relay: &Relay) -> Canaries {
    let mut all = Canaries::new();
    all.insert("control", vec![CONTROL.to_owned()]);
    all.insert("passphrase", vec![PASSPHRASE.to_owned()]);
    for (kind, sort) in [
        ("value stored before", "stored"),
        ("value sent to the host", "sent"),
    ] {
        all.insert(kind, (0..EACH).map(|number| value(sort, number)).collect());
    }
    all.insert("value of an update", vec![value("changed", 3)]);
    all.insert("client secret", vec![CLIENT_SECRET.to_owned()]);
    let basic =
        base64::engine::general_purpose::STANDARD.encode(format!("{CONFIDENTIAL_CLIENT}:{CLIENT_SECRET}"));
    all.insert("client secret, HTTP Basic", vec![basic]);
    for exchange in relay.exchanges() {
        let asked = format!("?{}", exchange.asked);
        for (kind, name) in [("authorization code", "code"), ("PKCE verifier", "code_verifier")] {
            all.entry(kind).or_default().extend(http::query(&asked, name));
        }
        let answered = exchange.answered.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answered).unwrap();
        // What follows the access token tells the provider's JSON from a frame of ours; the others are in no frame.
        for (kind, received, name, rest) in [
            ("access token", RECEIVED[0], "access_token", ",\"expires_in\":300"),
            ("refresh token", RECEIVED[1], "refresh_token", ""),
            ("ID token", RECEIVED[2], "id_token", ""),
        ] {
            let Some(token) = answer[name].as_str() else {
                continue;
            };
            all.entry(kind).or_default().push(token.to_owned());
            let text = format!("\":\"{token}\"{rest}");
            assert!(
                answered.contains(&text),
                "the provider writes its answers differently"
            );
            all.entry(received).or_default().push(text);
        }
    }
    assert!(all.values().all(|texts| !texts.is_empty()), "{:?}", all.keys());
    all
}

/// How often texts of each kind stand in the memory of `pid`.
fn count(pid: u32, canaries: &Canaries) -> Result<BTreeMap<&'static str, usize>, Trouble> {
    let patterns: Vec<&str> = canaries.values().flatten().map(String::as_str).collect();
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(patterns.join("\n").as_bytes())?;
    let mut grep = Command::new("grep")
        .args(["--text", "--only-matching", "--fixed-strings", "--file"])
        .arg(file.path())
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut sink = grep.stdin.take().ok_or("stdin was asked for")?;
    let output = std::thread::spawn(move || grep.wait_with_output());
    let written = readable(pid, &mut sink);
    drop(sink);
    let output = output.join().map_err(|_| "grep broke off")??;
    written?;
    let found = String::from_utf8(output.stdout)?;
    let times = |texts: &[String]| {
        found
            .lines()
            .filter(|line| texts.iter().any(|text| text == line))
            .count()
    };
    Ok(canaries
        .iter()
        .map(|(kind, texts)| (*kind, times(texts)))
        .collect())
}

/// Writes every page of `pid` that can be read, in order.
fn readable(pid: u32, sink: &mut impl Write) -> Result<(), Trouble> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut part = vec![0; 1 << 20];
    for line in maps.lines() {
        let mut words = line.split(' ');
        let Some((from, to)) = words.next().and_then(|range| range.split_once('-')) else {
            continue;
        };
        // Reserved address space of the allocator is not readable; the kernel's own pages refuse.
        if !words.next().is_some_and(|mode| mode.starts_with('r')) {
            continue;
        }
        let (mut at, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        while at < to {
            let wanted = part.len().min(usize::try_from(to - at)?);
            match memory.read_at(&mut part[..wanted], at) {
                Ok(read) if read > 0 => {
                    sink.write_all(&part[..read])?;
                    at += read as u64;
                }
                _ => break,
            }
        }
    }
    Ok(())
}
