//! What to mend. A long file: one short check after the other, and a list of them all.

use std::{path::Path, time::Duration};

use keyward_vault::{
    DeviceSecret, Freshness, backup, keychain,
    lease::HostLock,
    mend::{self, Fault},
    table::{connections, environments},
    vault::{Mode, Opening, UnlockedVault},
};

use crate::{Engine, Error, Ports, auth_clients, engine::hold, lifecycle, settings};

mod system;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Works, with a consequence.
    Warn,
    /// Needs mending.
    Fail,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// A stable word.
    pub id: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was found.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

fn check(id: &'static str, outcome: Outcome, message: impl Into<String>, hint: impl Into<String>) -> Check {
    Check {
        id,
        outcome,
        message: message.into(),
        hint: hint.into(),
    }
}

/// What a passphrase protects against, where the keychain holds no key of the vault (SECURITY.md T-06, T-07).
const PASSPHRASE_TRUTH: &str = "This vault does not need it: nothing opens it without its passphrase. While it is unlocked, programs that run as you can ask Keyward for its values.";

/// The same where a device secret is mixed into the passphrase.
const DEVICE_SECRET_TRUTH: &str = "This vault needs it: its passphrase opens it only together with a device secret that is kept there. While it is unlocked, programs that run as you can ask Keyward for its values.";

/// Runs every check; those that need an unlocked vault say so when it is locked.
#[must_use]
pub fn run(engine: &Engine) -> Vec<Check> {
    let mut checks = look_at_files(engine.home.root());
    checks.extend([host(engine), keychain(engine)]);
    checks.extend(vault(engine));
    checks.extend(mixups(engine));
    checks.extend(system::check());
    checks
}

/// O-41: AuthClients of two issuers that answer on one path, where one does not name itself in its answers.
fn mixups(engine: &Engine) -> Vec<Check> {
    // A locked vault is told by the check before.
    let pairs = auth_clients::mixed_up(engine).unwrap_or_default();
    let warn = |pair: auth_clients::MixedUp| {
        let message = format!(
            "The auth clients “{}” and “{}” of different issuers take answers on the same path {}, and the issuer of “{}” \
             does not name itself in them: an answer of one could be taken for the other's.",
            pair.nameless, pair.other, pair.path, pair.nameless
        );
        let hint = format!(
            "Register {}/{} at the provider and add the auth client again with --redirect-path {}/{}.",
            pair.path, pair.nameless, pair.path, pair.nameless
        );
        check("redirect_paths", Outcome::Warn, message, hint)
    };
    pairs.into_iter().map(warn).collect()
}

/// Mends the files of a home: modes that are open to others, and what killed processes left. Each fault is one check;
/// what only a person can mend says how. Needs no vault, and no home that can be opened.
#[must_use]
pub fn mend_files(root: &Path, ports: &Ports) -> Vec<Check> {
    let faults = match mend::look(root) {
        Ok(faults) => faults,
        Err(error) => return vec![check("mend", Outcome::Fail, sentence(&error), "")],
    };
    faults
        .iter()
        .map(|fault| match fault.mend(ports.keychain.as_ref()) {
            Ok(()) => check("mend", Outcome::Ok, format!("Mended: {fault}."), ""),
            Err(_) if !fault.is_mendable() => check(
                "mend",
                Outcome::Fail,
                format!("Not mended: {fault}."),
                fault.way_out(),
            ),
            Err(error) => check(
                "mend",
                Outcome::Fail,
                format!("Not mended: {fault}. {}", sentence(&error)),
                "",
            ),
        })
        .collect()
}

/// Mends what takes an unlocked vault: entries in the keychain that open nothing any more.
#[must_use]
pub fn mend_keychain(engine: &Engine) -> Vec<Check> {
    let Ok(orphans) = engine.unlocked().and_then(|vault| Ok(vault.orphaned_entries()?)) else {
        return Vec::new(); // the checks that follow say why
    };
    let delete = |account: &String| engine.ports.keychain.delete(account, keychain::DEADLINE);
    orphans
        .iter()
        .map(|account| match delete(account) {
            Ok(()) => {
                let message = format!("Mended: the keychain entry {account}, which opened nothing, is gone.");
                check("mend", Outcome::Ok, message, "")
            }
            Err(error) => check("mend", Outcome::Fail, error.plainly(), error.hint()),
        })
        .collect()
}

/// The checks of files alone, for a home that cannot be opened.
#[must_use]
pub fn look_at_files(root: &Path) -> Vec<Check> {
    let faults = match mend::look(root) {
        Ok(faults) => faults,
        Err(error) => return vec![check("files", Outcome::Fail, sentence(&error), "")],
    };
    let (left, unsafe_ones): (Vec<&Fault>, Vec<&Fault>) = faults
        .iter()
        .partition(|fault| matches!(fault, Fault::LeftOver(_) | Fault::HalfDeleted(_)));
    let mut checks = Vec::new();
    for fault in &unsafe_ones {
        checks.push(check(
            "files",
            Outcome::Fail,
            format!("{fault}."),
            fault.way_out(),
        ));
    }
    if unsafe_ones.is_empty() {
        checks.push(check(
            "files",
            Outcome::Ok,
            "Files and folders belong to you alone.",
            "",
        ));
    }
    for fault in left {
        checks.push(check(
            "left_overs",
            Outcome::Warn,
            format!("{fault}."),
            fault.way_out(),
        ));
    }
    checks
}

fn host(engine: &Engine) -> Check {
    match HostLock::holder(&engine.home) {
        Ok(Some(holder)) => {
            let by = format!("Served by {} (process {})", holder.kind, holder.pid);
            match engine.refreshing() {
                Ok(_) => check("host", Outcome::Ok, format!("{by}: tokens are kept fresh."), ""),
                Err(_) => check(
                    "host",
                    Outcome::Warn,
                    format!("{by}, which has this vault locked: its tokens wait."),
                    "Unlock it; `keyward settings update --refresh-while-locked` lets a locked host go on with tokens.",
                ),
            }
        }
        Ok(None) => check(
            "host",
            Outcome::Warn,
            "Nothing serves this vault: tokens are refreshed only when somebody asks for one.",
            "Open the app, or run `keyward serve`.",
        ),
        Err(error) => check("host", Outcome::Fail, error.to_string(), ""),
    }
}

fn keychain(engine: &Engine) -> Check {
    let mode = lifecycle::status(engine).ok().and_then(|status| status.mode);
    let passphrase = lifecycle::ways(engine).ok().and_then(|ways| ways.passphrase);
    let is_mixed = passphrase.is_some_and(|way| way.device_secret == DeviceSecret::With);
    let needed = mode == Some(Mode::Keychain) || is_mixed;
    match lifecycle::probe_keychain(engine) {
        Ok(()) => check(
            "keychain",
            Outcome::Ok,
            format!(
                "{} keeps, gives and deletes a key. {}",
                keychain::name(),
                match mode {
                    Some(Mode::Keychain) => keychain::truth(),
                    _ if is_mixed => DEVICE_SECRET_TRUTH,
                    _ => PASSPHRASE_TRUTH,
                }
            ),
            "",
        ),
        Err(error) => {
            let outcome = if needed { Outcome::Fail } else { Outcome::Warn };
            check("keychain", outcome, sentence(&error.clone().into()), error.hint())
        }
    }
}

fn vault(engine: &Engine) -> Vec<Check> {
    if !engine.home.vault_exists(&engine.name) {
        return vec![check(
            "vault",
            Outcome::Warn,
            "There is no vault yet.",
            "Make one with `keyward init`.",
        )];
    }
    let Ok(vault) = engine.unlocked() else {
        return vec![check(
            "vault",
            Outcome::Warn,
            "The vault is locked: its content was not checked.",
            "Unlock it and run `keyward doctor` again.",
        )];
    };
    let mut checks = vec![match vault.verify() {
        Ok(found) => check(
            "vault",
            Outcome::Ok,
            format!(
                "{} records and {} audit events verified.",
                found.records, found.audit_rows
            ),
            "",
        ),
        Err(error) => check(
            "vault",
            Outcome::Fail,
            format!("{}{}", sentence(&error), damaged(&vault)),
            "`keyward restore` puts a copy in its place; without one, `keyward salvage` saves what opens.",
        ),
    }];
    checks.extend(homeless(&vault));
    checks.push(match vault.freshness() {
        Freshness::Ok => check("freshness", Outcome::Ok, "As new as last seen.", ""),
        Freshness::None => check(
            "freshness",
            Outcome::Warn,
            "There is no anchor in the OS keychain: an older copy of the file would not be noticed.",
            "A working OS keychain gets one with the next change.",
        ),
        other => check(
            "freshness",
            Outcome::Fail,
            format!("{other}"),
            "Restore the newest copy of the vault.",
        ),
    });
    checks.push(match vault.has_recovery() {
        Ok(true) => check("recovery", Outcome::Ok, "A recovery key opens this vault.", ""),
        Ok(false) => check(
            "recovery",
            Outcome::Warn,
            "This vault has no recovery key: without its keychain or passphrase it is lost.",
            "Make one with `keyward recovery renew`, or in the app.",
        ),
        Err(error) => check("recovery", Outcome::Fail, error.to_string(), ""),
    });
    checks.extend(session(engine));
    checks.extend(tokens(engine));
    checks.push(copies(engine));
    checks.extend(orphans(&vault));
    checks.extend(dead_slot(&vault));
    checks.push(if vault.keys_locked_in_memory() {
        check("memory", Outcome::Ok, "Keys are kept out of swap.", "")
    } else {
        check(
            "memory",
            Outcome::Warn,
            "The system did not let Keyward keep its keys out of swap.",
            "Raise the limit of locked memory (ulimit -l).",
        )
    });
    checks
}

/// Names what is damaged, as far as that can be told; at most [`MOST_NAMED`], for a page that is gone takes dozens.
fn damaged(vault: &UnlockedVault) -> String {
    let Ok(found) = vault.damages() else {
        return String::new(); // the error before says what
    };
    let mut told = String::new();
    if !found.records.is_empty() {
        told = format!(" Damaged: {}.", named(&found.records));
    }
    match found.missing {
        0 => {}
        1 => told.push_str(" 1 record is missing."),
        missing => told.push_str(&format!(" {missing} records are missing.")),
    }
    told
}

/// Most things that a check names.
const MOST_NAMED: usize = 10;

/// The first of them, and how many there are more.
fn named(things: &[String]) -> String {
    let shown = things[..things.len().min(MOST_NAMED)].join(", ");
    match things.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Things whose environment is not there, so that no command reaches them.
fn homeless(vault: &UnlockedVault) -> Option<Check> {
    // A damaged vault is told by the check before.
    let keys: Vec<String> = vault
        .read(environments::missing)
        .ok()?
        .into_values()
        .flatten()
        .collect();
    (!keys.is_empty()).then(|| {
        check(
            "environments",
            Outcome::Fail,
            format!("The environment of these is missing, so nothing reaches them: {}.", named(&keys)),
            "Make a copy with `keyward backup COPY`: `keyward salvage COPY --out NEW` gives them a new environment, and `keyward restore NEW` puts that in place.",
        )
    })
}

/// Whether a host hears what its vault shall lock at; a command by itself locks nothing.
fn session(engine: &Engine) -> Option<Check> {
    if engine.opening != Opening::Host {
        return None;
    }
    let (settings, heard) = (settings::read(engine).ok()?, engine.hearing());
    let deaf = settings.lock_on_suspend && !heard.sleep || settings.lock_on_screen_lock && !heard.screen_lock;
    Some(if deaf {
        check(
            "session",
            Outcome::Warn,
            "This system does not tell Keyward when it sleeps or its screen is locked, so the vault does not lock then.",
            "It locks when idle, as the settings say, and when told to.",
        )
    } else {
        check(
            "session",
            Outcome::Ok,
            "The vault locks with the session as its settings say.",
            "",
        )
    })
}

/// A provider's clock that is this far from ours is told: certificates and tokens are judged by ours (O-70).
const SKEW: i64 = 120;

/// What keeping tokens alive needs of a person, or of this machine.
fn tokens(engine: &Engine) -> Vec<Check> {
    let mut checks = Vec::new();
    let Ok(found) = engine
        .unlocked()
        .and_then(|vault| Ok(vault.read(|tx| connections::list(tx, None))?))
    else {
        return checks; // the check of the vault says why
    };
    let now = engine.now();
    for connection in &found {
        if let Some(at) = connection.consent_ends_at(now) {
            checks.push(check(
                "refresh_token",
                Outcome::Warn,
                format!(
                    "The refresh token of {} ends at {}, and no refresh puts that off.",
                    connection.key,
                    at.to_rfc3339()
                ),
                format!("Connect it again before: keyward connect {}", connection.key),
            ));
        }
    }
    let skews = found
        .iter()
        .filter_map(|connection| Some((connection, connection.upkeep.clock_skew?)));
    if let Some((connection, skew)) = skews
        .filter(|(_, skew)| skew.abs() > SKEW)
        .max_by_key(|(_, skew)| skew.abs())
    {
        checks.push(check(
            "clock",
            Outcome::Warn,
            format!(
                "When tokens of {} were last refreshed, the provider's clock was {skew} s ahead of this machine's.",
                connection.key
            ),
            "Set the clock of this machine, or let it be set over the network.",
        ));
    }
    if let Ok(waiting @ 1..) = crate::connections::pending_revocations(engine) {
        checks.push(check(
            "revocations",
            Outcome::Warn,
            match waiting {
                1 => "One dropped token waits until its provider can be reached and revokes it.".to_owned(),
                many => {
                    format!(
                        "{many} dropped tokens wait until their provider can be reached and revokes them."
                    )
                }
            },
            "The app or `keyward serve` asks again by itself.",
        ));
    }
    let unsaved = hold(&engine.unsaved).len();
    if unsaved > 0 {
        checks.push(check(
            "unsaved_tokens",
            Outcome::Fail,
            match unsaved {
                1 => "The new tokens of one connection are in memory alone: the disk does not take them."
                    .to_owned(),
                many => {
                    format!(
                        "New tokens of {many} connections are in memory alone: the disk does not take them."
                    )
                }
            },
            "Make room on the disk; do not stop the host before.",
        ));
    }
    checks
}

/// A copy older than this is no comfort.
const OLD_COPY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn copies(engine: &Engine) -> Check {
    match backup::list(&engine.home, &engine.name) {
        Ok(copies) => match copies.first() {
            Some(newest) => {
                let message = format!(
                    "The newest of {} copies is of {}.",
                    copies.len(),
                    newest.made_at.to_rfc3339()
                );
                if engine.now().since(newest.made_at) < OLD_COPY {
                    check("backups", Outcome::Ok, message, "")
                } else {
                    let hint = "A host makes a copy each day on which something changed; `keyward backup FILE` makes one now.";
                    check("backups", Outcome::Ok, message, hint)
                }
            }
            None => check(
                "backups",
                Outcome::Warn,
                "There is no copy of this vault beside it.",
                "A host makes one each day; `keyward backup FILE` makes one now.",
            ),
        },
        Err(error) => check(
            "backups",
            Outcome::Fail,
            sentence(&error),
            "`keyward doctor --fix` mends it.",
        ),
    }
}

/// A keychain may work and have lost the key of this vault all the same: its passphrase or recovery key opens it now.
fn dead_slot(vault: &UnlockedVault) -> Option<Check> {
    vault.has_dead_slot().ok()?.then(|| {
        check(
            "keychain_entry",
            Outcome::Fail,
            format!(
                "{} has lost what it kept of this vault: it does not open by it any more.",
                keychain::name()
            ),
            "`keyward recovery use --keychain` puts a new key there, `--passphrase` does without one.",
        )
    })
}

fn orphans(vault: &UnlockedVault) -> Option<Check> {
    let count = vault.orphaned_entries().ok()?.len();
    let message = match count {
        1 => "One entry in the keychain opens nothing any more.".to_owned(),
        many => format!("{many} entries in the keychain open nothing any more."),
    };
    (count > 0).then(|| {
        check(
            "left_overs",
            Outcome::Warn,
            message,
            "`keyward doctor --fix` removes them.",
        )
    })
}

fn sentence(error: &keyward_vault::Error) -> String {
    Error::from(error.clone()).message
}
