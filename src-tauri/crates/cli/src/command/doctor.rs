//! `keyward doctor`

use std::process::ExitCode;

use keyward_api::wire::{Check, Code, Doctor, Outcome};

use super::Result;
use crate::{
    context::Context,
    door::{Door, no_vault, unlock_here},
    output::Face,
};

/// Says what to mend; status 9 when something fails.
///
/// # Errors
/// When KEYWARD_HOME itself cannot be used.
pub fn run(context: &Context, face: &Face) -> Result<ExitCode> {
    let Some(home) = context.existing_home()? else {
        face.show(&[no_home(context)], |checks| checks.iter().map(line).collect())?;
        return Ok(ExitCode::SUCCESS);
    };
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
    let mut checks = door.call_as_is(context, Doctor {})?;
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
            hint: error.hint,
        });
    }
    face.show(&checks, |checks| checks.iter().map(line).collect())?;
    let failed = checks.iter().any(|check| check.outcome == Outcome::Fail);
    Ok(if failed {
        ExitCode::from(Code::Corrupt.exit_status())
    } else {
        ExitCode::SUCCESS
    })
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

fn line(check: &Check) -> String {
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
