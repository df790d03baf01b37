//! CPU time that things take at 100 and 10 000 secrets (Linux); printed, never asserted (PERFORMANCE.md P2, P5, P6, P8, P9).
//! `cargo test --release -p keyward-vault --test figures -- --ignored --nocapture`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench looks at the clock and prints"
)]

mod support;

use std::{ops::ControlFlow, time::Duration};

use keyward_vault::{Depth, Opening, RecoveryKey, Rekey, UnlockedVault, table::secrets};
use support::*;

/// CPU time of this thread: the machine may be busy.
fn now() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

fn each(times: u32, mut f: impl FnMut(u32)) -> Duration {
    let start = now();
    (0..times).for_each(&mut f);
    (now() - start) / times
}

fn get(vault: &UnlockedVault, environment: keyward_model::Id, number: u32) {
    let handle = key(&format!("SECRET_{number:05}"));
    vault
        .read(|tx| {
            let secret = secrets::find(tx, environment, &handle)?;
            secrets::value(tx, &secret)
        })
        .unwrap();
}

#[test]
#[ignore = "a bench"]
fn figures() {
    for count in [100, 10_000] {
        let world = World::new();
        let vault = world.create();
        let environment = default_environment(&vault);
        let value = "v".repeat(40);
        let start = now();
        vault
            .write(NOW, |tx| {
                for number in 0..count {
                    insert(tx, environment, &format!("SECRET_{number:05}"), &value)?;
                }
                Ok(())
            })
            .unwrap();
        println!("{count} secrets: import {:?}", now() - start);
        vault.checkpoint().unwrap();
        drop(vault);
        println!(
            "  bytes a secret: {}",
            std::fs::metadata(world.file()).unwrap().len() / u64::from(count)
        );
        let cold = each(50, |n| {
            let vault = world.unlock().unwrap();
            get(&vault, environment, n * 7919 % count);
        });
        println!("  unlock and get: {cold:?}");
        let set = each(50, |n| {
            let vault = world.unlock().unwrap();
            let handle = key(&format!("SECRET_{:05}", n * 7919 % count));
            let new = keyward_model::SecretValue::from("new value");
            vault
                .write(NOW, |tx| {
                    let secret = secrets::find(tx, environment, &handle)?;
                    secrets::set_value(tx, secret.id, &new, "", NOW)
                })
                .unwrap();
        });
        println!("  unlock and set, synced: {set:?}");
        let vault = world.unlock_as(Opening::Host).unwrap();
        println!(
            "  warm get: {:?}",
            each(20_000, |n| get(&vault, environment, n * 7919 % count))
        );
        println!(
            "  list: {:?}",
            each(5, |_| drop(
                vault.read(|tx| secrets::list(tx, environment)).unwrap()
            ))
        );
        println!(
            "  log of a read: {:?}",
            each(200, |_| drop(vault.log_reads(NOW, &[event("secret.read")])))
        );
        let many: Vec<_> = (0..50).map(|_| event("secret.read")).collect();
        println!(
            "  log of 50 reads: {:?}",
            each(50, |_| drop(vault.log_reads(NOW, &many)))
        );
        println!("  verify: {:?}", each(3, |_| assert!(vault.verify().is_ok())));
        for depth in [Depth::Shallow, Depth::Deep] {
            let recovery = RecoveryKey::make().unwrap();
            let request = Rekey {
                depth,
                passphrase: None,
                recovery: &recovery,
            };
            let took = each(1, |_| {
                keyward_vault::rekey(&vault, &request, NOW, &mut |_| ControlFlow::Continue(())).unwrap();
            });
            println!("  rekey, {depth:?}: {took:?}");
        }
    }
}
