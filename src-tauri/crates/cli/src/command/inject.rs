//! `keyward inject`

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use keyward_api::wire::{Code, Error};
use keyward_engine::home::new_private;
use keyward_model::plain;
use keyward_model::template::{Format, Template, TemplateError, TemplateFault};

use signal_hook::{flag, low_level};

use super::{Result, resolve};
use crate::{
    args::{Format as Choice, Inject},
    context::Context,
    output::Face,
    platform::ENDINGS,
};

/// Largest template, in bytes: a frame must hold all its references.
const MAX_TEMPLATE: u64 = 64 * 1024 * 1024;

/// Fills a template. The output is written whole, with mode 0600, or not at all.
///
/// # Errors
/// Every reference that has no value, with line and column; `usage` for what cannot be filled.
pub fn run(context: &Context, face: &Face, inject: &Inject) -> Result {
    let bytes = if inject.input == Path::new("-") {
        read_all(io::stdin().lock(), "stdin")?
    } else {
        read_file(&inject.input)?
    };
    let format = match inject.format {
        Choice::Auto => Format::from_path_ending(&inject.input.to_string_lossy()),
        Choice::Text => Format::Text,
        Choice::Env => Format::Env,
        Choice::Json => Format::Json,
        Choice::Yaml => Format::Yaml,
        Choice::Xml => Format::Xml,
    };
    let template = Template::parse(&bytes, format).map_err(|error| problem(&error))?;
    let answers = resolve::batch(
        context,
        face,
        template.references().map(|(reference, _)| reference),
    )?;
    let mut failed: Option<Error> = None;
    for (reference, position) in template.references() {
        if let Some(Err(error)) = answers.get(reference) {
            let line = format!(
                "line {}, column {}: {reference}: {}",
                position.line, position.column, error.message
            );
            match &mut failed {
                None => failed = Some(Error::new(error.code, line, error.hint.clone())),
                Some(first) => first.message = format!("{}\n{line}", first.message),
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let filled = template
        .fill(|reference| answers.get(reference).and_then(|answer| answer.as_ref().ok()))
        .map_err(|error| problem(&error))?;
    if inject.output == Path::new("-") {
        face.data(&filled)
    } else {
        write(&inject.output, &filled)
    }
}

/// A template's error in the shape of all errors.
pub fn problem(error: &TemplateError) -> Error {
    let code = if error.fault == TemplateFault::Unresolved {
        Code::NotFound
    } else {
        Code::Usage
    };
    let hint = match error.fault {
        TemplateFault::Syntax => "Write \\{vault. or \\keyward:// where text is meant.",
        TemplateFault::Value => "Choose another --format, or put the reference into quotes.",
        _ => "",
    };
    Error::new(
        code,
        format!("line {}, column {}: {}", error.line, error.column, error.message),
        hint,
    )
}

/// Reads a template or .env file.
///
/// # Errors
/// `usage` when it cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| {
        Error::usage(format!(
            "{shown}: it cannot be read ({}).",
            plain::why(error.kind())
        ))
    })?;
    read_all(file, &shown)
}

fn read_all(source: impl Read, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_TEMPLATE + 1).read_to_end(&mut bytes);
    match read {
        Ok(read) if read as u64 > MAX_TEMPLATE => {
            Err(Error::usage(format!("{what}: a template has at most 64 MiB.")))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::usage(format!(
            "{what}: it cannot be read ({}).",
            plain::why(error.kind())
        ))),
    }
}

/// Writes beside the target and renames: whoever reads sees the old file or the whole new one.
fn write(path: &Path, bytes: &[u8]) -> Result {
    let failed = |error: io::Error| {
        use io::ErrorKind as K;
        let message = format!(
            "{} could not be written: {}.",
            path.display(),
            plain::why(error.kind())
        );
        // A place that takes no file is a wrong argument; a disk that fails is not.
        let code = match error.kind() {
            K::NotFound | K::NotADirectory | K::IsADirectory | K::PermissionDenied => Code::Usage,
            _ => Code::Internal,
        };
        Error::new(code, message, "The old file, if there was one, is unchanged.")
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Some(name) = path.file_name() else {
        return Err(Error::usage(format!("{}: it is no file name.", path.display())));
    };
    let fresh = folder.join(format!(
        ".{}.{}.keyward",
        name.to_string_lossy(),
        std::process::id()
    ));
    // A signal waits until the file beside the target is gone: it is full of values.
    let ending = Arc::new(AtomicUsize::new(0));
    for (number, &signal) in ENDINGS.iter().enumerate() {
        let _ = flag::register_usize(signal, Arc::clone(&ending), number + 1);
    }
    let mut file = new_private(&fresh).map_err(failed)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| match ending.load(Ordering::SeqCst) {
            0 => fs::rename(&fresh, path),
            _ => Err(io::ErrorKind::Interrupted.into()),
        });
    if written.is_err() {
        // Nothing of a value stays behind in a half-written file.
        let _ = fs::remove_file(&fresh);
    }
    if let Some(&signal) = ending
        .load(Ordering::SeqCst)
        .checked_sub(1)
        .and_then(|number| ENDINGS.get(number))
    {
        // The caller sees the ending it asked for.
        let _ = low_level::emulate_default_handler(signal);
    }
    written.map_err(failed)
}
