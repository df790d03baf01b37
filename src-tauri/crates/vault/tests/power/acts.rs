//! The acts whose every write is cut, and what a person would see of a vault.

use std::{fmt::Write, ops::ControlFlow};

use keyward_model::{SecretValue, settings::Settings};
use keyward_vault::{
    Depth, Opening, RecoveryKey, Rekey, UnlockedVault,
    table::{connections, secrets, settings},
};

use crate::{
    child::Acting,
    support::{NOW, World, add, default_environment, with_connection},
};

/// The state of a home without a vault.
pub const NOTHING: &str = "no vault";

/// Does the act of this name. Everything outside `begin` … `done` makes ready.
pub fn perform(name: &str, acting: &Acting) {
    let world = &acting.world;
    if name == "create" {
        acting.act("create", || drop(world.create()));
        return;
    }
    drop(world.create());
    let vault = world.unlock_as(Opening::Host).unwrap();
    let kept = add(&vault, "KEPT", "kept").unwrap();
    match name {
        "upsert" => {
            acting.open_act(&vault, "add", || drop(add(&vault, "NEW", &long("new")).unwrap()));
            acting.open_act(&vault, "new value", || set(&vault, kept.id, &long("again")));
            acting.open_act(&vault, "settings", || {
                vault
                    .write(NOW, |tx| {
                        settings::store(tx, &Settings::PASSPHRASE, Settings::SESSION)
                    })
                    .unwrap();
            });
        }
        "tokens" => {
            acting.open_act(&vault, "connect", || with_connection(&vault, "FIRST"));
            acting.open_act(&vault, "tokens", || commit_tokens(&vault));
        }
        "delete" => {
            acting.open_act(&vault, "trash", || {
                vault.write(NOW, |tx| secrets::trash(tx, kept.id, NOW)).unwrap();
            });
            acting.open_act(&vault, "restore", || {
                vault.write(NOW, |tx| secrets::restore(tx, kept.id, NOW)).unwrap();
            });
        }
        "purge" => {
            set(&vault, kept.id, &long("second"));
            acting.open_act(&vault, "purge", || {
                vault.write(NOW, |tx| secrets::purge(tx, kept.id)).unwrap();
            });
        }
        "slots" => {
            for label in ["recovery key", "another recovery key"] {
                let key = RecoveryKey::make().unwrap();
                acting.open_act(&vault, label, || vault.add_recovery_slot(&key, NOW).unwrap());
            }
        }
        "rekey" => {
            with_connection(&vault, "FIRST");
            for depth in [Depth::Shallow, Depth::Deep] {
                acting.open_act(&vault, "rekey", || anew(&vault, depth));
            }
        }
        "checkpoint" => {
            for number in 0..8 {
                add(&vault, &format!("MANY_{number}"), &long("many")).unwrap();
            }
            acting.open_act(&vault, "checkpoint", || vault.checkpoint().unwrap());
            acting.open_act(&vault, "write after it", || {
                drop(add(&vault, "NEXT", "next").unwrap())
            });
            acting.act("close", || vault.close(NOW).unwrap());
            return;
        }
        other => panic!("no act is called {other}"),
    }
    vault.close(NOW).unwrap();
}

/// A value that fills more than one page.
fn long(word: &str) -> String {
    format!("{word}-{}", "x".repeat(9_000))
}

fn set(vault: &UnlockedVault, id: keyward_model::Id, value: &str) {
    let value = SecretValue::from(value);
    vault
        .write(NOW, |tx| secrets::set_value(tx, id, &value, "", NOW))
        .unwrap();
}

/// New keys for everything, without a passphrase.
fn anew(vault: &UnlockedVault, depth: Depth) {
    let request = Rekey {
        depth,
        passphrase: None,
        recovery: &RecoveryKey::make().unwrap(),
    };
    keyward_vault::rekey(vault, &request, NOW, &mut |_| ControlFlow::Continue(())).unwrap();
}

/// The commit of a refresh (O-53): tokens and raw answer in, the intent out.
fn commit_tokens(vault: &UnlockedVault) {
    vault
        .write(NOW, |tx| {
            let connection = connections::list(tx, None)?.remove(0);
            let (mut tokens, version) = connections::tokens(tx, &connection)?.expect("it is connected");
            tokens.access_token = SecretValue::from("refreshed-access-token");
            connections::replace_tokens(tx, &connection, &tokens, Some(version))
        })
        .unwrap();
}

/// Everything that a person could see, in one line; fails unless all of it verifies.
pub fn state_of(world: &World) -> String {
    if !world.home.vault_exists(&world.name) {
        return NOTHING.to_owned();
    }
    let vault = world
        .unlock()
        .unwrap_or_else(|error| panic!("it does not open any more: {error:?}"));
    told(world, &vault)
}

/// As [`state_of`], of an open vault.
pub fn told(world: &World, vault: &UnlockedVault) -> String {
    vault
        .verify()
        .unwrap_or_else(|error| panic!("it does not verify any more: {error:?}"));
    let here = default_environment(vault);
    let mut state = String::new();
    vault
        .read(|tx| {
            let mut all = secrets::list(tx, here)?;
            all.extend(secrets::trashed(tx, here)?);
            for secret in all {
                let value = secrets::value(tx, &secret)?;
                let text = value.expose_text().unwrap();
                let gone = if secret.deleted_at.is_some() {
                    ", in the trash"
                } else {
                    ""
                };
                let _ = write!(state, "{} v{} = {text}{gone}; ", secret.key, secret.version);
            }
            for connection in connections::list(tx, None)? {
                let tokens = connections::tokens(tx, &connection)?;
                let token = tokens.map(|(tokens, _)| tokens.access_token.expose_text().unwrap().to_owned());
                let waits = connections::intent(tx, &connection)?.is_some();
                let _ = write!(state, "{} = {token:?}, intent {waits}; ", connection.key);
            }
            let _ = write!(state, "{:?}; ", settings::read(tx, Settings::SESSION)?);
            Ok(())
        })
        .unwrap();
    let epoch: u32 = world
        .sql()
        .query_row("SELECT epoch FROM header", [], |row| row.get(0))
        .unwrap();
    let ways = vault.ways().unwrap();
    let _ = write!(
        state,
        "epoch {epoch}, recovery {}, passphrase {}",
        ways.recovery,
        ways.passphrase.is_some()
    );
    state
}
