//! §b.8, R-20: SIGKILL at moments of a rekey. Afterwards the vault is entirely old or entirely new, its keychain entry
//! and its recovery key with it, and everything that was in it opens.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ground::{Chance, Door, Keychained, database, sql};

const CYCLES: u64 = 16;
const SECRETS: usize = 400;
const SEED: u64 = 0x5EED_0028;

fn key(number: usize) -> String {
    format!("KEY_{number:04}")
}

fn epoch(home: &Keychained) -> u64 {
    sql(&database(home), "SELECT epoch FROM header").parse().unwrap()
}

/// Whether this recovery key opens the vault; nothing is changed by asking.
fn opens(door: &mut Door, home: &Keychained, name: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(home.path().join(name)) else {
        return false;
    };
    let body = json!({ "recovery_key": text.trim(), "mode": "keychain", "passphrase": null, "device_secret": false });
    match door.ask("recovery_use", &body).unwrap() {
        Ok(_) => {
            door.ask("recovery_decline", &json!({})).unwrap().unwrap();
            true
        }
        Err(error) => {
            assert_eq!(error["code"], "locked", "{error}");
            false
        }
    }
}

/// One rekey that is killed after `moment`, with its host when there is one; how long it took, when it was faster.
fn rekey_once(
    home: &Keychained,
    name: &str,
    args: &[&str],
    moment: Duration,
    by_host: bool,
) -> Option<Duration> {
    let mut host = by_host.then(|| home.host());
    let path = home.path().join(name);
    let mut all = args.to_vec();
    all.extend(["--recovery-file", path.to_str().unwrap()]);
    let began = Instant::now();
    let mut command = home.keyward(&all).start().unwrap();
    loop {
        let ended = command.process.0.try_wait().unwrap();
        if ended.is_none() && began.elapsed() < moment {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let took = began.elapsed();
        if ended.is_none() {
            let victim = match &mut host {
                Some(host) => &mut host.process,
                None => &mut command.process,
            };
            victim.0.kill().unwrap();
            victim.0.wait().unwrap();
        }
        let status = command.process.0.wait().unwrap();
        if status.success() {
            return Some(took);
        }
        assert!(ended.is_none(), "{status}: {:?}", command.stderr.seen());
        return None;
    }
}

#[test]
fn r20_a_killed_rekey_is_entirely_old_or_entirely_new() {
    let home = Keychained::new();
    {
        let _host = home.host();
        let mut door = Door::open(&home).unwrap();
        for number in 0..SECRETS {
            let value = format!("value {number} {}", "v".repeat(number % 700));
            let body = json!({ "environment": "default", "key": key(number), "value": value });
            door.ask("secret_create", &body).unwrap().unwrap();
        }
    }
    let mut chance = Chance::seeded(SEED);
    let whole = |name: &str| rekey_once(&home, name, &["rekey", "--deep"], Duration::from_secs(60), false);
    let mut typical = whole("whole.txt").expect("a minute is enough");
    let (mut old, mut new) = (0, 0);
    let mut valid = "whole.txt".to_owned();
    for cycle in 0..CYCLES {
        let before = epoch(&home);
        let name = format!("cycle-{cycle}.txt");
        let args: &[&str] = if cycle % 3 == 0 {
            &["rekey"]
        } else {
            &["rekey", "--deep"]
        };
        let percent = u32::try_from(chance.between(10, 115)).unwrap();
        let took = rekey_once(&home, &name, args, typical * percent / 100, cycle % 2 == 0);
        if let Some(took) = took {
            typical = (typical * 3 + took) / 4;
        }
        let after = epoch(&home);
        assert!(
            after == before || after == before + 1,
            "cycle {cycle}: epoch {before}, then {after}"
        );
        assert!(
            took.is_none() || after == before + 1,
            "cycle {cycle}: it said that it was done"
        );
        let ended = if after == before {
            old += 1;
            // Too soon: on a machine that became busier the aim follows.
            typical = typical * 11 / 10;
            name
        } else {
            new += 1;
            std::mem::replace(&mut valid, name)
        };
        home.is_sound();
        let mut host = home.host();
        let mut door = Door::open(&home).unwrap();
        assert!(
            opens(&mut door, &home, &valid),
            "cycle {cycle}: {valid} no longer opens"
        );
        assert!(!opens(&mut door, &home, &ended), "cycle {cycle}: {ended} opens");
        let keys: Vec<String> = (0..SECRETS).map(key).collect();
        let body = json!({ "environment": "default", "references": keys });
        let resolved = door.ask("resolve", &body).unwrap().unwrap();
        for (number, answer) in resolved["answers"].as_array().unwrap().iter().enumerate() {
            let value = format!("value {number} {}", "v".repeat(number % 700));
            assert_eq!(answer["value"], Value::String(value), "cycle {cycle}");
        }
        host.process.0.kill().unwrap();
        host.process.0.wait().unwrap();
    }
    println!("{CYCLES} cycles: {old} entirely old, {new} entirely new; a whole one takes {typical:?}");
    assert!(old >= 2 && new >= 2, "the kills hardly hit: {old} old, {new} new");
}
