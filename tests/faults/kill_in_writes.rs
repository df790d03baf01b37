//! SIGKILL at random moments of a write load. Whatever was acknowledged is there afterwards with the right
//! value, what was not is there whole or not at all, and the vault is sound.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ground::{Chance, Door, Keychained, soak};

/// 300 in all.
const HOST_CYCLES: usize = 200;
const COMMAND_CYCLES: usize = 100;
const WRITERS: u64 = 3;
const KEYS: u64 = 12;
const SEED: u64 = 0x5EED_0020;

/// What one writer was told, and what it was not told any more.
#[derive(Default)]
struct History {
    /// The value of each key after the last acknowledged write; `None` after a delete.
    known: BTreeMap<String, Option<String>>,
    /// The write that was under way: its key and what it would have become.
    open: Option<(String, Option<String>)>,
    writes: u64,
}

impl History {
    fn acknowledged(&mut self) {
        if let Some((key, value)) = self.open.take() {
            self.known.insert(key, value);
            self.writes += 1;
        }
    }

    /// Compares with what the vault says after a kill.
    fn check(&mut self, cycle: usize, mut found: impl FnMut(&str) -> Option<String>) {
        if let Some((key, after)) = self.open.take() {
            let now = found(&key);
            let before = self.known.get(&key).cloned().flatten();
            assert!(
                now == before || now == after,
                "cycle {cycle}: {key} is torn: neither what it was nor what it would have become"
            );
            self.known.insert(key, now);
        }
        for (key, value) in &self.known {
            assert_eq!(
                found(key).as_ref(),
                value.as_ref(),
                "cycle {cycle}: {key} lost an acknowledged write"
            );
        }
    }
}

fn value(chance: &mut Chance, key: &str) -> String {
    // Sizes on both sides of the padding's steps (SECURITY §b.4).
    let length = chance.between(1, 1_400);
    format!("{key}-{}-{}", chance.next(), "v".repeat(length as usize))
}

/// Writes through the door until the host is gone.
fn write_until_killed(door: &mut Door, history: &mut History, writer: u64, chance: &mut Chance) {
    loop {
        let key = format!("W{writer}_{}", chance.between(0, KEYS));
        let here = |more: Value| {
            let mut body = json!({ "environment": "default" });
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let existing = history.known.get(&key).cloned().flatten();
        let (verb, body, after) = match (&existing, chance.between(0, 10)) {
            (None, _) => {
                let value = value(chance, &key);
                (
                    "secret_create",
                    here(json!({ "key": key, "value": value })),
                    Some(value),
                )
            }
            (Some(_), 0) => ("secret_delete", here(json!({ "secrets": [key] })), None),
            (Some(same), 1) => (
                "secret_update",
                here(json!({ "secret": key, "description": "changed" })),
                Some(same.clone()),
            ),
            (Some(_), _) => {
                let value = value(chance, &key);
                (
                    "secret_set_value",
                    here(json!({ "secret": key, "value": value })),
                    Some(value),
                )
            }
        };
        history.open = Some((key, after));
        match door.ask(verb, &body) {
            Ok(Ok(_)) => history.acknowledged(),
            Ok(Err(error)) => panic!("{verb} was refused: {error}"),
            Err(_) => return,
        }
    }
}

fn through(door: &mut Door, keys: &[&str]) -> io::Result<BTreeMap<String, Option<String>>> {
    let body = json!({ "environment": "default", "references": keys });
    let resolved = door
        .ask("resolve", &body)?
        .expect("a batch is answered one by one");
    let answers = resolved["answers"].as_array().expect("answers");
    assert_eq!(answers.len(), keys.len());
    Ok(keys
        .iter()
        .zip(answers)
        .map(|(key, answer)| {
            let value = answer["value"].as_str().map(str::to_owned);
            assert!(
                value.is_some() || answer["error"]["code"] == "not_found",
                "{key}: {answer}"
            );
            ((*key).to_owned(), value)
        })
        .collect())
}

/// The whole verification takes two commands: after so many cycles, and at the end.
const SOUND_EVERY: usize = 20;

/// the host is killed under writers of its socket.
#[test]
fn r20_a_killed_host_loses_no_acknowledged_write() {
    let cycles = HOST_CYCLES * soak();
    let home = Keychained::new();
    let mut chance = Chance::seeded(SEED);
    let mut histories: Vec<History> = (0..WRITERS).map(|_| History::default()).collect();
    let mut slowest = Duration::ZERO;
    for cycle in 0..cycles {
        let began = Instant::now();
        let mut host = home.host();
        slowest = slowest.max(began.elapsed());
        let mut door = Door::open(&home).unwrap();
        for history in &mut histories {
            let open = history.open.iter().map(|(key, _)| key.as_str());
            let keys: Vec<&str> = history.known.keys().map(String::as_str).chain(open).collect();
            let found = through(&mut door, &keys).unwrap();
            history.check(cycle, |key| found[key].clone());
        }
        let moment = Duration::from_millis(chance.between(5, 120));
        std::thread::scope(|scope| {
            for (writer, history) in (0..).zip(&mut histories) {
                let (mut door, mut chance) = (Door::open(&home).unwrap(), Chance::seeded(chance.next() | 1));
                scope.spawn(move || write_until_killed(&mut door, history, writer, &mut chance));
            }
            std::thread::sleep(moment);
            host.process.0.kill().unwrap();
        });
        host.process.0.wait().unwrap();
        if cycle % SOUND_EVERY == 0 {
            home.is_sound();
        }
    }
    home.is_sound();
    let writes: u64 = histories.iter().map(|history| history.writes).sum();
    println!(
        "R-20: {cycles} cycles, {writes} acknowledged writes; host up and unlocked in at most {slowest:?}"
    );
    assert!(writes > cycles as u64, "the writers hardly wrote: {writes}");
    assert!(
        slowest < Duration::from_secs(20),
        "R-20: reopen took {slowest:?}, ten times the promised 2 s"
    );
}

/// commands that work by themselves are killed, at moments around the time a whole one takes.
#[test]
fn r20_a_killed_command_loses_no_acknowledged_write() {
    let cycles = COMMAND_CYCLES * soak();
    let home = Keychained::new();
    let mut chance = Chance::seeded(SEED + 1);
    let mut history = History::default();
    let (mut typical, mut late, mut hit) = (Duration::from_millis(100), 0, 0);
    for cycle in 0..cycles {
        let percent = u32::try_from(chance.between(45, 130)).unwrap();
        let moment = typical * percent / 100;
        let took = write_once(&home, &mut history, &mut chance, moment);
        match took {
            Some(took) => typical = (typical * 3 + took) / 4,
            None => hit += 1,
        }
        if cycle % SOUND_EVERY == 0 {
            home.is_sound();
        }
        let known: Vec<&String> = history
            .known
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|_| key))
            .collect();
        let mut found = all_at_once(&home, &known);
        if let Some((key, after)) = &history.open {
            let got = home.keyward(&["get", key]).output().unwrap();
            match got.code() {
                0 => found.insert(key.clone(), got.text()),
                3 => found.remove(key),
                other => panic!("get {key}: {other}: {}", got.said()),
            };
            late += usize::from(found.get(key) == after.as_ref());
        }
        history.check(cycle, |key| found.get(key).cloned());
        if cycle % 5 == 0 {
            // How long a whole one takes on this machine at this moment.
            let took = write_once(&home, &mut history, &mut chance, Duration::from_secs(60));
            typical = took.expect("a minute is enough");
        }
    }
    println!(
        "R-20: {cycles} cycles, {} acknowledged writes, {hit} killed under way, {late} of them after their commit",
        history.writes
    );
    home.is_sound();
    assert!(hit >= cycles / 4, "hardly a write was hit: {hit}");
    assert!(
        history.writes >= 10,
        "hardly a write was whole: {}",
        history.writes
    );
}

/// One write that is killed after `moment`; how long it took, when it was faster.
fn write_once(
    home: &Keychained,
    history: &mut History,
    chance: &mut Chance,
    moment: Duration,
) -> Option<Duration> {
    let key = format!("ONE_{}", chance.between(0, KEYS));
    let value = value(chance, &key);
    let file = home.path().join("value");
    std::fs::write(&file, &value).unwrap();
    let act = match history.known.get(&key).cloned().flatten() {
        None => "add",
        Some(_) => "update",
    };
    history.open = Some((key.clone(), Some(value)));
    let began = Instant::now();
    let mut command = home
        .keyward(&["secret", act, &key, "--value-file", &file.to_string_lossy()])
        .start()
        .unwrap();
    loop {
        let ended = command.process.0.try_wait().unwrap();
        if ended.is_none() && began.elapsed() < moment {
            std::thread::sleep(Duration::from_micros(500));
            continue;
        }
        if ended.is_none() {
            command.process.0.kill().unwrap();
        }
        let status = command.process.0.wait().unwrap();
        if status.success() {
            history.acknowledged();
            return Some(began.elapsed());
        }
        assert!(
            ended.is_none(),
            "secret {act} {key}: {status}: {:?}",
            command.stderr.seen()
        );
        return None;
    }
}

/// Every value by one command, as a template.
fn all_at_once(home: &Keychained, keys: &[&String]) -> BTreeMap<String, String> {
    let template: String = keys
        .iter()
        .map(|key| format!("{key}={{vault.{key}}}\n"))
        .collect();
    let filled = home
        .keyward(&["inject", "-i", "-", "-o", "-"])
        .stdin(template)
        .output()
        .unwrap()
        .success()
        .unwrap();
    filled
        .text()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
