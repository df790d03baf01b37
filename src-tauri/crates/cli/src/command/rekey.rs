//! `keyward rekey`

use std::{thread, time::Duration};

use keyward_api::wire::{
    Error, Plaintext, RekeyBegin, RekeyDepth, RekeyProgress, RekeyStage, RekeyState, RekeyStatus,
};

use super::{
    Result,
    recovery_key::{self, Destination},
    status,
};
use crate::{args::Rekey, context::Context, door::Door, output::Face};

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Gives the whole vault a new key, and its Owner a new recovery key.
///
/// # Errors
/// `locked` without the passphrase, `conflict` while another rekey runs, `keychain`; nothing has changed then.
pub fn run(context: &Context, face: &Face, rekey: &Rekey) -> Result {
    let path = rekey.destination.recovery_file.as_deref();
    recovery_key::check(path)?;
    let mut door = Door::open(context)?;
    let passphrase = door.open_proven(context)?;
    let mut destination = Destination::make(path)?;
    let begin = RekeyBegin {
        depth: if rekey.deep {
            RekeyDepth::Deep
        } else {
            RekeyDepth::Shallow
        },
        passphrase: passphrase.map(Plaintext),
    };
    let offer = door.call_as_is(context, begin)?;
    destination.hand_over(context, face, &mut door, &offer)?;
    let done = wait(context, face, &mut door);
    destination.settle(face, &door, done)?;
    destination.keep(face);
    face.say("The vault has a new key. The recovery key before has ended, and copies of the file from before open with the old ones only.");
    status::document(context, face, &mut door)
}

fn wait(context: &Context, face: &Face, door: &mut Door) -> Result {
    loop {
        let progress = door.call_as_is(context, RekeyStatus {})?;
        match progress.state {
            RekeyState::Running => face.progress(&line(&progress)),
            RekeyState::Done => {
                face.progress("");
                return Ok(());
            }
            RekeyState::Stopped => {
                face.progress("");
                return Err(Error::new(
                    keyward_api::wire::Code::Conflict,
                    "The rekey was stopped; the vault is as it was.",
                    "Start it again when it suits.",
                ));
            }
            RekeyState::Failed => {
                face.progress("");
                return Err(progress
                    .error
                    .unwrap_or_else(|| Error::usage("The rekey failed; the vault is as it was.")));
            }
        }
        thread::sleep(LOOK);
    }
}

fn line(progress: &RekeyProgress) -> String {
    let what = match progress.stage {
        RekeyStage::Waiting => return "Waiting for refreshes that are under way".to_owned(),
        RekeyStage::Checking => "Checking that every item opens",
        RekeyStage::Sealing => "Locking every item with the new key",
        RekeyStage::Chaining => "Sealing the activity log anew",
        RekeyStage::Verifying => "Checking that every item opens with the new key",
        RekeyStage::Storing => return "Storing the new key".to_owned(),
    };
    let left = progress
        .seconds_left
        .map(|seconds| format!(", about {seconds} s left"))
        .unwrap_or_default();
    format!("{what}: {} of {}{left}", progress.done, progress.total)
}
