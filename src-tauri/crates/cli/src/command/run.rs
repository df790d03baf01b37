//! `keyward run -- CMD …`

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
    process::Command,
};

use keyward_api::wire::{Code, Error};
use keyward_engine::process::{self, Before};
use keyward_model::{
    envfile, plain,
    template::{Template, TemplateError, parse_variable},
};

use super::{
    Result,
    inject::{problem, read_file},
    resolve,
};
use crate::{
    args::Run,
    context::{Context, is_passphrase_variable},
    output::Face,
    platform,
};

/// A variable of the child that holds references.
struct Variable {
    name: OsString,
    template: Template,
    from: String,
}

/// Resolves the environment in one batch, then execs: pid, signals, status and terminal are the child's.
///
/// # Errors
/// As resolving says, naming the variable; `usage` when the command cannot be started.
pub fn run(context: &Context, face: &Face, run: &Run, before: Before) -> Result {
    let Some((program, arguments)) = run.command.split_first() else {
        return Err(Error::usage("There is no command after --."));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let mut variables = Vec::new();
    // Later ones win: inherited first, then each file in order.
    for (name, value) in env::vars_os() {
        let from = format!("variable {}", name.to_string_lossy());
        take(&mut variables, &mut command, name, value.as_encoded_bytes(), from)?;
    }
    for path in &run.env_files {
        env_file(&mut variables, &mut command, path)?;
    }
    let answers = resolve::batch(
        context,
        face,
        variables
            .iter()
            .flat_map(|one| one.template.references())
            .map(|(reference, _)| reference),
    )?;
    for variable in &variables {
        for (reference, _) in variable.template.references() {
            if let Some(Err(error)) = answers.get(reference) {
                let message = format!("{}: {reference}: {}", variable.from, error.message);
                return Err(Error::new(error.code, message, error.hint.clone()));
            }
        }
        let value = variable
            .template
            .fill(|reference| answers.get(reference).and_then(|answer| answer.as_ref().ok()))
            .map_err(|error| unfilled(&variable.from, &error))?;
        if value.contains(&0) {
            let message = format!(
                "{}: the value holds a NUL byte, which no environment variable can.",
                variable.from
            );
            return Err(Error::new(
                Code::Usage,
                message,
                "Write it to a file with `keyward inject`.",
            ));
        }
        command.env(&variable.name, held(&variable.from, &value)?);
    }
    // CLI.md: the passphrase descriptor is closed and its variable removed before.
    context.drop_passphrase();
    process::soften(before);
    let error = platform::become_program(&mut command);
    let message = format!(
        "{}: it cannot be started ({}).",
        Path::new(program).display(),
        plain::why(error.kind())
    );
    Err(Error::new(Code::Usage, message, "Check the name and PATH."))
}

fn env_file(variables: &mut Vec<Variable>, command: &mut Command, path: &Path) -> Result {
    let bytes = read_file(path)?;
    let lines = envfile::parse(&bytes).map_err(|error| {
        Error::usage(format!(
            "{}, line {}, column {}: {}",
            path.display(),
            error.line,
            error.column,
            error.fault
        ))
    })?;
    for line in lines {
        let from = format!("{}, line {}, {}", path.display(), line.line, line.name);
        take(variables, command, OsString::from(line.name), &line.value, from)?;
    }
    Ok(())
}

/// Sets a variable, or keeps it for later when it holds references.
fn take(
    variables: &mut Vec<Variable>,
    command: &mut Command,
    name: OsString,
    value: &[u8],
    from: String,
) -> Result {
    variables.retain(|earlier| earlier.name != name);
    if is_passphrase_variable(&name) {
        command.env_remove(name);
        return Ok(());
    }
    match parse_variable(value).map_err(|error| unfilled(&from, &error))? {
        Some(template) => variables.push(Variable { name, template, from }),
        None => {
            command.env(name, held(&from, value)?);
        }
    }
    Ok(())
}

/// The value as a variable holds it.
fn held<'v>(from: &str, value: &'v [u8]) -> Result<&'v OsStr> {
    platform::variable(value).ok_or_else(|| {
        let message = format!("{from}: the value is no text, which a variable of this system must be.");
        Error::new(Code::Usage, message, "Write it to a file with `keyward inject`.")
    })
}

fn unfilled(from: &str, error: &TemplateError) -> Error {
    let mut problem = problem(error);
    problem.message = format!("{from}: {}", problem.message);
    problem
}
