//! What an export tells of a vault: environments, registrations, and everything stored with the values it had.

use keyward_foreign::{
    Content, Found, Older, Sheet, Variable,
    app::{AppCredential, ApplicationOf, ClientOf},
    own::{Carry, EnvironmentOf},
};
use keyward_model::{
    Id, SecretValue,
    auth_client::AuthClient,
    connection::{AuthType, Connection},
    credential::Credential,
    environment::{Colour, Environment},
    secret::{Secret, Version},
};
use keyward_vault::{
    error::Result,
    table::{applications, auth_clients, connections, credentials, environments, secrets},
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
    // What a damaged vault has lost the environment of: the rest is exported all the same.
    let missing = environments::missing(tx)?;
    let lost: Vec<String> = missing.values().flatten().cloned().collect();
    if !lost.is_empty() {
        sheet.remarks.push(format!(
            "Not in the export, because their environment is missing: {}. `keyward doctor` says what to do.",
            lost.join(", ")
        ));
    }
    let mut clients = auth_clients::list(tx)?;
    clients.retain(|client| !missing.contains_key(&client.environment));
    let mut with_tokens = 0;
    for connection in connections::list(tx, None)? {
        if missing.contains_key(&connection.environment) {
            continue;
        }
        if connection.auth_type == AuthType::Oauth2 {
            with_tokens += 1;
            continue;
        }
        let found = self::connection(
            tx,
            &environment_of(tx, connection.environment)?,
            &clients,
            connection,
            carry,
        )?;
        sheet.entries.push(found);
    }
    for application in applications::list(tx)? {
        sheet.applications.push(ApplicationOf {
            key: application.key.to_string(),
            name: application.name,
            url: application.url,
        });
    }
    for client in clients {
        sheet.auth_clients.push(self::client(tx, client, carry)?);
    }
    match with_tokens {
        0 => {}
        // Two copies of a refresh token end each other (O-58): whoever moves takes a backup.
        1 => sheet.remarks.push(
            "1 OAuth connection is not in an export: its tokens would end each other. Connect it again, or take a backup.".to_owned(),
        ),
        count => sheet.remarks.push(format!(
            "{count} OAuth connections are not in an export: their tokens would end each other. Connect them again, or take a backup."
        )),
    }
    Ok(sheet)
}

fn environment_of(tx: &Tx<'_>, id: Id) -> Result<String> {
    Ok(environments::read(tx, id)?.name.to_string())
}

/// A Connection whose values were entered, with the versions of its value.
fn connection(
    tx: &Tx<'_>,
    environment: &str,
    clients: &[AuthClient],
    connection: Connection,
    carry: Carry,
) -> Result<Found> {
    let mut one = Variable {
        name: String::new(),
        description: String::new(),
        masked: true,
        value: None,
        created_at: None,
        note: String::new(),
        older: Vec::new(),
    };
    if carry == Carry::Values {
        let versions = connections::value_versions(tx, &connection)?;
        fill(&mut one, &versions, |number| {
            connections::version_value(tx, &connection, number)
        })?;
    }
    // One that another vault keeps is not to be had where this file goes.
    let is_its = |client: &&AuthClient| connection.auth_client == Some(auth_clients::address(tx, client.id));
    Ok(Found {
        environment: Some(environment.to_owned()),
        key: Some(connection.key.to_string()),
        app: Some(AppCredential {
            auth_type: connection.auth_type,
            application: connection.application.as_ref().map(ToString::to_string),
            auth_client: clients.iter().find(is_its).map(|client| client.key.to_string()),
            url: connection.url.clone(),
            apply: connection.apply.clone(),
            default: connection.default,
        }),
        name: connection.name,
        content: Content::Value(one),
        ..Found::default()
    })
}

/// A registration; its client secret is a value.
fn client(tx: &Tx<'_>, client: AuthClient, carry: Carry) -> Result<ClientOf> {
    let client_secret = match carry {
        Carry::Values => auth_clients::client_secret(tx, &client)?,
        Carry::Structure => None,
    };
    Ok(ClientOf {
        key: client.key.to_string(),
        name: client.name,
        environment: environment_of(tx, client.environment)?,
        application: client.application.map(|key| key.to_string()),
        visibility: client.visibility,
        registration: client.registration,
        client_secret,
    })
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
