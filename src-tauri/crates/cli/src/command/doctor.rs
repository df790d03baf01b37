//! `keyward doctor`

use std::process::ExitCode;

use keyward_api::{
    endpoint,
    wire::{Check, Code, Doctor, DoctorFix, Outcome},
};
use keyward_engine::{doctor, home::Home};

use super::{Result, simulate};
use crate::{
    args,
    context::Context,
    door::{Door, no_vault, unlock_here},
    output::Face,
};

/// Says what to mend, and with `--fix` mends what it can; status 9 when something fails.
///
/// # Errors
/// When the host does not answer.
pub fn run(context: &Context, face: &Face, asked: &args::Doctor) -> Result<ExitCode> {
    if asked.simulate {
        return simulate::run(context, face);
    }
    let mut checks = match asked.fix {
        true => mend(context),
        false => Vec::new(),
    };
    match context.existing_home() {
        Ok(Some(home)) => checks.extend(examine(context, home, asked)?),
        Ok(None) => checks.push(no_home(context)),
        // What keeps the home from being used is what the doctor is called for.
        Err(error) => {
            checks.extend(
                doctor::look_at_files(context.home_path())
                    .into_iter()
                    .map(Check::from),
            );
            if !checks.iter().any(is_failure) {
                return Err(error);
            }
        }
    }
    face.show(&checks, |checks| checks.iter().map(line).collect())?;
    Ok(match checks.iter().any(is_failure) {
        true => ExitCode::from(Code::Corrupt.exit_status()),
        false => ExitCode::SUCCESS,
    })
}

pub(super) fn is_failure(check: &Check) -> bool {
    check.outcome == Outcome::Fail
}

/// The files first: a home that is open to others cannot be used before.
fn mend(context: &Context) -> Vec<Check> {
    let mended = doctor::mend_files(context.home_path(), &context.ports());
    let mut checks: Vec<Check> = mended.into_iter().map(Check::from).collect();
    if let Ok(Some(home)) = context.existing_home()
        && let Ok(Some(socket)) = endpoint::remove_stale(&home, context.runtime())
    {
        checks.push(Check {
            id: "mend".to_owned(),
            outcome: Outcome::Ok,
            message: format!(
                "Mended: the socket {}, which nobody served, is gone.",
                socket.display()
            ),
            hint: String::new(),
        });
    }
    checks
}

fn examine(context: &Context, home: Home, asked: &args::Doctor) -> Result<Vec<Check>> {
    let mut door = Door::at(context, home)?;
    let mut blocked = None;
    if let Door::Own(engine) = &door
        && let Err(error) = unlock_here(context, engine)
        && error.code != Code::NotFound
    {
        // A vault that cannot be opened is what the doctor is called for: the other checks still run. That there is
        // none yet is a check of its own.
        blocked = Some(error);
    }
    let mut checks = match asked.fix {
        true => door.call_as_is(context, DoctorFix {})?,
        false => door.call_as_is(context, Doctor {})?,
    };
    if let Some(error) = blocked {
        let outcome = if error.code == Code::Locked {
            Outcome::Warn
        } else {
            Outcome::Fail
        };
        checks.push(Check {
            id: "unlock".to_owned(),
            outcome,
            message: error.message,
            // Whoever reads this has asked the doctor already.
            hint: error.hint.replace(
                "`keyward doctor` names what is damaged.",
                "Without one, `keyward salvage FILE --out NEW` saves what opens.",
            ),
        });
    }
    Ok(checks)
}

/// Looking makes nothing: where there is no folder yet, that is all there is to say.
fn no_home(context: &Context) -> Check {
    let missing = no_vault(context);
    Check {
        id: "vault".to_owned(),
        outcome: Outcome::Warn,
        message: missing.message,
        hint: missing.hint,
    }
}

/// One line of a check, with what to do below it.
pub(super) fn line(check: &Check) -> String {
    let mark = match check.outcome {
        Outcome::Ok => "ok  ",
        Outcome::Warn => "warn",
        Outcome::Fail => "FAIL",
    };
    let hint = if check.hint.is_empty() {
        String::new()
    } else {
        format!("\n      {}", check.hint)
    };
    format!("{mark}  {}: {}{hint}\n", check.id, check.message)
}
