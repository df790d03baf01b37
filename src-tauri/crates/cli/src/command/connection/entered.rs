//! `keyward connection add` and `update`: values that a person enters.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use keyward_api::wire::{
    AuthType, Code, Connection, ConnectionCreate, ConnectionShow, ConnectionUpdate, Error, NamedValue,
    Plaintext, SecretCheckKey,
};
use keyward_model::{SecretValue, connection, envfile, plain};

use super::{Result, facts};
use crate::{
    args::{self, ConnectionAdd, EnteredType, RefusedValues},
    context::{Context, has_terminal},
    door::Door,
    output::Face,
    value,
};

/// Stores a Connection whose values are entered.
pub(super) fn add(context: &Context, face: &Face, add: ConnectionAdd) -> Result {
    refuse(&add.refused)?;
    let auth_type = match add.kind {
        EnteredType::Basic => AuthType::Basic,
        EnteredType::ApiKey => AuthType::ApiKey,
        EnteredType::AccessToken => AuthType::AccessToken,
        EnteredType::None => AuthType::None,
    };
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    // The key first: nobody types a value for a key that cannot be.
    door.call(
        context,
        SecretCheckKey {
            environment: environment.clone(),
            key: add.name.clone(),
        },
    )?;
    let values = read(names(auth_type), add.values.from.as_deref())?;
    let request = ConnectionCreate {
        environment,
        key: add.name,
        name: add.title,
        auth_type,
        application: add.app,
        application_name: None,
        auth_client: add.auth_client,
        url: add.url,
        apply: add.apply,
        values,
        default: None,
    };
    let made = door.call(context, request)?;
    face.say(format!(
        "Stored {}. Refer to it as keyward://{}/{}{}",
        made.key,
        made.environment,
        made.key,
        as_default(&made)
    ));
    face.show(&made, facts)
}

fn as_default(made: &Connection) -> String {
    match &made.application {
        Some(application) if made.default => format!(", or as @{application}"),
        _ => String::new(),
    }
}

/// Changes a Connection, or stores new values of it.
pub(super) fn update(context: &Context, face: &Face, update: args::ConnectionUpdate) -> Result {
    refuse(&update.refused)?;
    let metadata = update.title.is_some() || update.url.is_some() || update.apply.is_some();
    let from_source = update.value_stdin || update.values.from.is_some();
    // CLI.md: values are read when they are asked for, or on a terminal with no option at all.
    if !metadata && !from_source && !has_terminal() {
        return Err(Error::new(
            Code::Usage,
            "There is nothing to change.",
            "Say --value-stdin or --from for new values, or --name, --url, --apply.",
        ));
    }
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let shown = door.call(
        context,
        ConnectionShow {
            environment: environment.clone(),
            connection: update.name.clone(),
        },
    )?;
    let values = match from_source || !metadata {
        true => Some(read(names(shown.auth_type), update.values.from.as_deref())?),
        false => None,
    };
    let request = ConnectionUpdate {
        environment,
        connection: shown.id,
        name: update.title,
        url: update.url,
        apply: update.apply,
        values,
        note: None,
    };
    let changed = door.call(context, request)?;
    if from_source || !metadata {
        let number = changed.value_version.unwrap_or_default();
        face.say(format!("{} has version {number} now.", changed.key));
    }
    face.show(&changed, facts)
}

fn refuse(refused: &RefusedValues) -> Result {
    value::refuse_arguments_for(
        refused,
        "Pipe the values in, one line each, or put NAME=value lines into a file and say --from FILE.",
    )
}

fn names(auth_type: AuthType) -> &'static [&'static str] {
    match auth_type {
        AuthType::Oauth2 => connection::AuthType::Oauth2,
        AuthType::Oauth1 => connection::AuthType::Oauth1,
        AuthType::Basic => connection::AuthType::Basic,
        AuthType::ApiKey => connection::AuthType::ApiKey,
        AuthType::AccessToken => connection::AuthType::AccessToken,
        AuthType::None => connection::AuthType::None,
    }
    .values()
}

/// Reads one value for each name: from a file, else prompts on a terminal, else a line of stdin each.
fn read(names: &[&str], from: Option<&Path>) -> Result<Vec<NamedValue>> {
    match from {
        Some(path) => from_file(path),
        None if names.is_empty() => Ok(Vec::new()),
        None if io::stdin().is_terminal() => names.iter().map(|name| prompted(name)).collect(),
        None => from_lines(names, &value::stdin_whole()?),
    }
}

fn named(name: &str, value: SecretValue) -> NamedValue {
    NamedValue {
        name: name.to_owned(),
        value: Plaintext(value),
    }
}

/// A user name is shown while it is typed; what is secret is not, and is typed twice.
fn prompted(name: &str) -> Result<NamedValue> {
    if name != "username" {
        return Ok(named(name, value::prompt_twice(&format!("{name}: "))?));
    }
    let unreadable = |error: io::Error| {
        Error::usage(format!(
            "{name}: it cannot be read ({}).",
            plain::why(error.kind())
        ))
    };
    let mut stderr = io::stderr();
    stderr
        .write_all(b"username: ")
        .and_then(|()| stderr.flush())
        .map_err(unreadable)?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(unreadable)?;
    Ok(named(
        name,
        SecretValue::from(line.trim_end_matches(['\r', '\n'])),
    ))
}

/// One line a value; a newline at the end closes the last line.
fn from_lines(names: &[&str], bytes: &[u8]) -> Result<Vec<NamedValue>> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines: Vec<&[u8]> = match bytes {
        b"" => Vec::new(),
        _ => text.split(|byte| *byte == b'\n').collect(),
    };
    if lines.len() != names.len() {
        return Err(Error::new(
            Code::Usage,
            format!(
                "stdin has {} line{}, and {} {} needed: {}. Nothing was stored.",
                lines.len(),
                if lines.len() == 1 { "" } else { "s" },
                names.len(),
                if names.len() == 1 { "is" } else { "are" },
                names.join(", ")
            ),
            "Pipe in one line for each value, in this order, or say --from FILE.",
        ));
    }
    let one = |(name, line): (&&str, &[u8])| named(name, SecretValue::new(line.to_vec()));
    Ok(names.iter().zip(lines).map(one).collect())
}

/// `NAME=value` lines; whether the names are those of the type is the host's to say.
fn from_file(path: &Path) -> Result<Vec<NamedValue>> {
    let (bytes, what) = match path.as_os_str() == "-" {
        true => (value::stdin_whole()?, "stdin".to_owned()),
        false => (value::file_whole(path)?, path.display().to_string()),
    };
    let lines = envfile::parse(&bytes).map_err(|error| Error::usage(format!("{what}: {error}")))?;
    Ok(lines
        .into_iter()
        .map(|line| named(&line.name, SecretValue::from_zeroizing(line.value)))
        .collect())
}
