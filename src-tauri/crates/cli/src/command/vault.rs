//! `keyward vault`

use keyward_api::{
    client::Client,
    verbs::HomeVerb,
    wire::{Code, Error, Mode, Vault as Listed, VaultDelete, VaultList, VaultRename},
};
use keyward_engine::{home::Opening, vaults::Vaults};
use serde_json::json;

use super::{Result, init};
use crate::{
    args::Vault,
    context::{Context, can_ask},
    door::caller,
    output::{self, Face},
    value,
};

/// Lists, makes, renames, deletes vaults.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, and as `init`.
pub fn run(context: Context, face: &Face, command: Vault) -> Result {
    match command {
        Vault::List => face.show(&list(&context)?, |list| rows(list)),
        Vault::Create { name, how } => init::run(&context.of_vault(&name)?, face, &how),
        Vault::Rename { name, new_name } => {
            let request = VaultRename {
                name: name.clone(),
                new_name: new_name.clone(),
            };
            call(&context, request)?;
            face.say(format!("Vault “{name}” is now called “{new_name}”."));
            match face.is_json() {
                true => face.document(&json!({ "renamed": name, "name": new_name })),
                false => Ok(()),
            }
        }
        Vault::Delete { name, yes } => delete(&context, face, name, yes),
    }
}

/// Without a folder there is no vault, which is an answer.
fn list(context: &Context) -> Result<Vec<Listed>> {
    match context.existing_home()? {
        Some(_) => call(context, VaultList {}),
        None => Ok(Vec::new()),
    }
}

fn delete(context: &Context, face: &Face, name: String, yes: Option<String>) -> Result {
    if !list(context)?.iter().any(|vault| vault.name == name) {
        return Err(Error::new(
            Code::NotFound,
            format!("There is no vault “{name}” in {}.", context.home_path().display()),
            "`keyward vault list` shows what there is.",
        ));
    }
    let typed = match yes {
        Some(typed) => typed,
        None if can_ask() => {
            face.say(format!(
                "The vault “{name}”, its backups and its keys in the OS keychain are deleted for good."
            ));
            value::line("Type its name to go on: ")?
        }
        None => {
            return Err(Error::new(
                Code::Usage,
                "Deleting a vault must be confirmed, and nobody can be asked.",
                format!("Give --yes {name}."),
            ));
        }
    };
    if typed != name {
        return Err(Error::usage("That is not the vault's name; nothing was deleted."));
    }
    let deleted = call(context, VaultDelete { name: name.clone() })?;
    if let Some(why) = deleted.keys_left {
        face.say(format!(
            "Its entries in the keychain could not be deleted; they open nothing any more. {why}"
        ));
    }
    face.deleted("Vault", &name)
}

/// Through the host when there is one, else in this process.
fn call<V: HomeVerb>(context: &Context, request: V) -> Result<V::Reply> {
    let home = context.home()?;
    match Client::connect(&home, context.runtime())? {
        Some(mut client) => client.call_home(&request),
        None => {
            let vaults = Vaults::new(home, Opening::OneShot, context.ports());
            request.perform(&vaults, &caller())
        }
    }
}

fn rows(list: &[Listed]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|vault| {
            let mode = match vault.mode {
                Some(Mode::Keychain) => "OS keychain",
                Some(Mode::Passphrase) => "passphrase",
                None => "cannot be read",
            };
            let state = if vault.locked { "locked" } else { "open" };
            vec![vault.name.clone(), mode.to_owned(), state.to_owned()]
        })
        .collect();
    output::table(&["NAME", "UNLOCKED BY", "STATE"], &rows)
}
