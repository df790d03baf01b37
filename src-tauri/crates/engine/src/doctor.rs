//! What to mend.

use keyward_vault::{
    Freshness, keychain,
    lease::HostLock,
    vault::{Mode, Opening},
};

use crate::{Engine, lifecycle, settings};

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

/// Runs every check; those that need an unlocked vault say so when it is locked.
#[must_use]
pub fn run(engine: &Engine) -> Vec<Check> {
    let mut checks = vec![files(engine), host(engine), keychain(engine)];
    checks.extend(vault(engine));
    checks
}

fn files(engine: &Engine) -> Check {
    let checked = match engine.home.vault_exists(&engine.name) {
        true => engine.home.check_vault(&engine.name),
        false => Ok(()),
    };
    match checked {
        Ok(()) => check("files", Outcome::Ok, "Files and folders belong to you alone.", ""),
        Err(error) => check(
            "files",
            Outcome::Fail,
            error.to_string(),
            "Folders need mode 0700 and files 0600, owned by you.",
        ),
    }
}

fn host(engine: &Engine) -> Check {
    match HostLock::holder(&engine.home) {
        Ok(Some(holder)) => {
            let message = format!(
                "Served by {} (process {}): tokens are kept fresh.",
                holder.kind, holder.pid
            );
            check("host", Outcome::Ok, message, "")
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
    let needed = matches!(
        lifecycle::status(engine),
        Ok(lifecycle::Status {
            mode: Some(Mode::Keychain),
            ..
        })
    );
    match lifecycle::probe_keychain(engine) {
        Ok(()) => check(
            "keychain",
            Outcome::Ok,
            format!(
                "{} keeps, gives and deletes a key. {}",
                keychain::name(),
                if needed {
                    keychain::truth()
                } else {
                    PASSPHRASE_TRUTH
                }
            ),
            "",
        ),
        Err(error) => {
            let outcome = if needed { Outcome::Fail } else { Outcome::Warn };
            check("keychain", outcome, error.to_string(), error.hint())
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
            error.to_string(),
            "Restore the newest copy of the vault.",
        ),
    }];
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
