//! What an export tells of a vault: environments, Secrets and Credentials with the values they had.

use keyward_foreign::{
    Content, Found, Older, Sheet, Variable,
    own::{Carry, EnvironmentOf},
};
use keyward_model::{
    Id, SecretValue,
    credential::Credential,
    environment::{Colour, Environment},
    secret::{Secret, Version},
};
use keyward_vault::{
    error::Result,
    table::{auth_clients, connections, credentials, environments, secrets},
    tx::Tx,
};

/// Everything outside the trash. For structure alone no value is opened.
pub(super) fn everything(tx: &Tx<'_>, carry: Carry) -> Result<Sheet> {
    let mut sheet = Sheet::default();
    for environment in environments::list(tx)? {
        for secret in secrets::list(tx, environment.id)? {
            sheet.entries.push(self::secret(tx, &environment, secret, carry)?);
        }
        for credential in credentials::list(tx, environment.id)? {
            sheet
                .entries
                .push(self::credential(tx, &environment, credential, carry)?);
        }
        sheet.environments.push(EnvironmentOf {
            name: environment.name.to_string(),
            production: environment.production,
            colour: environment.colour.map(|colour| Colour::as_str(colour).to_owned()),
        });
    }
    let connections = connections::list(tx, None::<Id>)?.len();
    let clients = auth_clients::list(tx)?.len();
    if connections + clients > 0 {
        // Two copies of a refresh token end each other (O-58): whoever moves takes a backup.
        sheet.remarks.push(format!(
            "{connections} connections and {clients} auth clients are not in an export; a backup holds them."
        ));
    }
    Ok(sheet)
}

fn secret(tx: &Tx<'_>, environment: &Environment, secret: Secret, carry: Carry) -> Result<Found> {
    let mut one = Variable {
        name: String::new(),
        description: String::new(),
        masked: secret.masked,
        value: None,
        created_at: None,
        note: String::new(),
        older: Vec::new(),
    };
    if carry == Carry::Values {
        let versions = secrets::versions(tx, &secret)?;
        fill(&mut one, &versions, |number| {
            secrets::version_value(tx, &secret, number)
        })?;
        one.created_at = Some(secret.value_changed_at);
    }
    Ok(Found {
        environment: Some(environment.name.to_string()),
        key: Some(secret.key.to_string()),
        name: secret.name,
        description: secret.description,
        note: secret.notes,
        tags: secret.tags,
        favourite: secret.favourite,
        expires_at: secret.expires_at,
        rotate_every: secret.rotate_every.map(|every| every.as_secs()),
        content: Content::Value(one),
        ..Found::default()
    })
}

fn credential(tx: &Tx<'_>, environment: &Environment, credential: Credential, carry: Carry) -> Result<Found> {
    let mut variables = Vec::new();
    for variable in &credential.variables {
        let mut one = Variable {
            name: variable.name.to_string(),
            description: variable.description.clone(),
            masked: variable.masked,
            value: None,
            created_at: None,
            note: String::new(),
            older: Vec::new(),
        };
        if carry == Carry::Values {
            let versions = credentials::versions(tx, variable)?;
            fill(&mut one, &versions, |number| {
                credentials::version_value(tx, variable, number)
            })?;
        }
        variables.push(one);
    }
    Ok(Found {
        environment: Some(environment.name.to_string()),
        key: Some(credential.key.to_string()),
        name: credential.name,
        description: credential.description,
        content: Content::Variables(variables),
        ..Found::default()
    })
}

/// The values of a variable, newest version first as the vault lists them.
fn fill(one: &mut Variable, versions: &[Version], value: impl Fn(u32) -> Result<SecretValue>) -> Result<()> {
    let Some((current, older)) = versions.split_first() else {
        return Ok(());
    };
    one.value = Some(value(current.number)?);
    one.created_at = Some(current.created_at);
    one.note.clone_from(&current.note);
    for version in older.iter().rev() {
        one.older.push(Older {
            value: value(version.number)?,
            created_at: Some(version.created_at),
            note: version.note.clone(),
        });
    }
    Ok(())
}
