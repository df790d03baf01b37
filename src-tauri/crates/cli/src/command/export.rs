//! `keyward export`

use keyward_api::wire::{Code, Error, ExportShape, ExportWrite, Exported, Plaintext};
use keyward_model::plain;

use super::{Result, init::typed_twice};
use crate::{
    args::Export,
    context::{Context, can_ask},
    door::Door,
    output,
    output::Face,
};

/// Writes everything a person stored into one new file that opens without Keyward.
///
/// # Errors
/// `usage`, `locked` for the passphrase of the vault, `conflict` when the file is there.
pub fn run(context: &Context, face: &Face, export: Export) -> Result {
    let descriptor = context.descriptor(export.export_passphrase_fd, "--export-passphrase-fd")?;
    if export.output.as_os_str() == "-" {
        return Err(Error::new(
            Code::Usage,
            "-o: an export is a new file of mode 0600, and - is none.",
            "Name a file; a pipe would leave copies where nobody looks for them.",
        ));
    }
    let path = std::path::absolute(&export.output).map_err(|error| {
        Error::usage(format!(
            "{}: {}.",
            export.output.display(),
            plain::why(error.kind())
        ))
    })?;
    let shape = if export.structure {
        ExportShape::Structure
    } else if export.plaintext {
        ExportShape::Plaintext
    } else if !export.recipients.is_empty() {
        ExportShape::Recipients(export.recipients)
    } else {
        ExportShape::Passphrase(Plaintext(match descriptor {
            Some(descriptor) => descriptor.line("--export-passphrase-fd")?,
            None if can_ask() => typed_twice("Passphrase of the export: ")?,
            None => {
                return Err(Error::new(
                    Code::Usage,
                    "Say how the export is protected.",
                    "Give --recipient AGE, --export-passphrase-fd N, --structure, or --plaintext.",
                ));
            }
        }))
    };
    let mut door = Door::open(context)?;
    let passphrase = match shape {
        ExportShape::Structure => None,
        // T-20: whoever takes every value out gives the passphrase again, where there is one.
        _ => door.open_proven(context)?.map(Plaintext),
    };
    let is_plain = matches!(shape, ExportShape::Plaintext);
    let request = ExportWrite {
        path: path.to_string_lossy().into_owned(),
        shape,
        passphrase,
    };
    let exported = door.call(context, request)?;
    for remark in &exported.remarks {
        face.say(format!("note: {remark}"));
    }
    if is_plain {
        face.say("Everybody who has this file reads every value. Delete it as soon as it was used.");
    }
    face.say(told(&exported));
    if face.is_json() {
        face.show(&exported, facts)
    } else {
        Ok(())
    }
}

fn told(exported: &Exported) -> String {
    let items = match exported.items {
        1 => "1 item".to_owned(),
        count => format!("{count} items"),
    };
    let environments = match exported.environments {
        1 => "1 environment".to_owned(),
        count => format!("{count} environments"),
    };
    let are = if exported.items == 1 { "is" } else { "are" };
    format!("{items} of {environments} {are} in {}.", exported.path)
}

fn facts(exported: &Exported) -> String {
    output::facts(&[
        ("path", exported.path.clone()),
        ("items", exported.items.to_string()),
    ])
}
