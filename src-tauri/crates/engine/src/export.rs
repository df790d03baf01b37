//! Export: everything a person stored, in one file that opens without Keyward (SECURITY.md §b.8).

mod collect;

mod file;

use std::{io, path::Path};

use keyward_foreign::{
    envelope::{self, For},
    own::{self, Carry, Heading},
};
use keyward_model::SecretValue;
use keyward_vault::table::audit;

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    passphrase,
};

/// What the file shall be.
pub enum Shape<'a> {
    /// An age file that this passphrase opens.
    Passphrase(&'a SecretValue),
    /// An age file that the identities of these recipients open.
    Recipients(&'a [String]),
    /// Everybody who has the file reads every value.
    PlainText,
    /// Names and descriptions, and no value (WK3).
    Structure,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Secrets, Credentials and app credentials in it.
    pub items: u32,
    /// Environments in it.
    pub environments: u32,
    /// What is not in it, in sentences.
    pub remarks: Vec<String>,
}

/// Writes an export to a new file, mode 0600, whole or not at all. Where the vault has a passphrase, whoever takes
/// values out gives it again (T-20).
///
/// # Errors
/// [`Kind::Locked`] for a missing or wrong passphrase; [`Kind::Conflict`] when the file is there already;
/// [`Kind::Invalid`] for a weak passphrase or a recipient that is none; [`Kind::Internal`] when it cannot be written.
pub fn write(
    engine: &Engine,
    caller: &Caller,
    path: &Path,
    shape: &Shape<'_>,
    given: Option<&SecretValue>,
) -> Result<Exported> {
    let vault = engine.unlocked()?;
    let carry = match shape {
        Shape::Structure => Carry::Structure,
        _ => Carry::Values,
    };
    access::authorize(caller, Act::Read)?;
    if carry == Carry::Values {
        passphrase::prove(engine, &vault, given)?;
    }
    check(shape)?;
    let target = file::New::beside(path)?;
    let sheet = vault.read(|tx| collect::everything(tx, carry))?;
    let exported = Exported {
        items: count(sheet.entries.len()),
        environments: count(sheet.environments.len()),
        remarks: sheet.remarks.clone(),
    };
    let heading = Heading {
        vault: engine.name.as_str(),
        exported_at: engine.now(),
    };
    let (target, what) = match shape {
        Shape::Passphrase(passphrase) => {
            let target = seal(target, &For::Passphrase(passphrase), heading, &sheet)?;
            (target, "sealed with a passphrase")
        }
        Shape::Recipients(recipients) => {
            let target = seal(target, &For::Recipients(recipients), heading, &sheet)?;
            (target, "sealed for recipients")
        }
        Shape::PlainText => {
            let target =
                own::write(target, heading, &sheet, carry).map_err(|error| file::failed(path, &error))?;
            (target, "in plain text")
        }
        Shape::Structure => {
            let target =
                own::write(target, heading, &sheet, carry).map_err(|error| file::failed(path, &error))?;
            (target, "structure without values")
        }
    };
    // I1: in the log before it is where anybody looks for it.
    let now = engine.now();
    vault.write(now, |tx| {
        let subject = format!("{} items, {what}", exported.items);
        audit::append(
            tx,
            &crate::audit::event(engine, caller.actor(), "export.write", subject, "ok"),
        )
    })?;
    target.keep()?;
    Ok(exported)
}

/// What can be said against a shape before anything is read.
fn check(shape: &Shape<'_>) -> Result<()> {
    match shape {
        Shape::Passphrase(passphrase) => passphrase::check(passphrase),
        Shape::Recipients([]) => Err(Error::invalid("recipient: name at least one.")),
        Shape::Recipients(recipients) => recipients.iter().try_for_each(|one| {
            envelope::recipient(one).map(drop).map_err(|error| {
                Error::new(
                    Kind::Invalid,
                    format!("recipient: {error}."),
                    "`age-keygen` makes an identity and prints its recipient.",
                )
            })
        }),
        Shape::PlainText | Shape::Structure => Ok(()),
    }
}

fn seal(
    target: file::New,
    whom: &For<'_>,
    heading: Heading<'_>,
    sheet: &keyward_foreign::Sheet,
) -> Result<file::New> {
    let path = target.path().to_owned();
    let sealed = envelope::seal(target, whom, |out| {
        own::write(out, heading, sheet, Carry::Values).map(drop)
    });
    match sealed {
        Ok(written) => written.map_err(|error: io::Error| file::failed(&path, &error)),
        Err(error) => Err(Error::invalid(format!("export: {error}."))),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
