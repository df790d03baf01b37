//! `keyward doctor --simulate`: a provider that misbehaves, a vault that is thrown away, and what Keyward does.

mod acts;
mod faults;
mod world;

use std::process::ExitCode;

use keyward_api::wire::{Check, Code, Error, Outcome};

use super::Result;
use crate::{context::Context, output::Face};

/// One fault: what the provider does, and what Keyward must do.
struct Case {
    /// A stable word.
    id: &'static str,
    /// What happens, in words.
    happens: &'static str,
    /// Plays it; says what Keyward did, or what it did wrong.
    play: fn(&world::World) -> std::result::Result<String, String>,
}

/// Plays every fault against a provider on loopback; the Owner's vaults are not touched. Status 9 when one fails.
///
/// # Errors
/// `internal` when no provider or vault can be made.
pub fn run(context: &Context, face: &Face) -> Result<ExitCode> {
    let mut checks = Vec::new();
    for case in faults::CASES.iter().chain(acts::CASES) {
        face.progress(&format!("{} …", case.id));
        // Each on ground of its own: a fault must not excuse the next one.
        let world = world::World::new(context.runtime()).map_err(|trouble| {
            Error::new(
                Code::Internal,
                format!("The simulation cannot start: {trouble}."),
                "It needs a folder for temporary files and a free port on loopback.",
            )
        })?;
        let played = (case.play)(&world).and_then(|did| world.judged().map(|()| did));
        let (outcome, ending, hint) = match played {
            Ok(did) => (Outcome::Ok, did, ""),
            Err(wrong) => (
                Outcome::Fail,
                wrong,
                "This is a fault in Keyward: report it with the word before the colon.",
            ),
        };
        checks.push(Check {
            id: case.id.to_owned(),
            outcome,
            message: format!("{} {ending}", case.happens),
            hint: hint.to_owned(),
        });
    }
    face.progress("");
    face.show(&checks, |checks| checks.iter().map(super::doctor::line).collect())?;
    Ok(match checks.iter().any(super::doctor::is_failure) {
        true => ExitCode::from(Code::Corrupt.exit_status()),
        false => ExitCode::SUCCESS,
    })
}
