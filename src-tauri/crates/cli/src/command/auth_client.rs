//! `keyward auth-client`

use keyward_api::wire::{
    AuthClient, AuthClientCreate, AuthClientDelete, AuthClientList, AuthClientShow, Code, Error, Plaintext,
};

use super::Result;
use crate::{
    args::{AuthClient as Command, AuthClientAdd, AuthClientType},
    context::Context,
    door::Door,
    output,
    output::Face,
    value,
};

/// Everything about AuthClients.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `provider`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let mut door = Door::open(context)?;
    match command {
        Command::Add(add) => {
            let made = door.call(context, request(context, *add)?)?;
            face.say(format!(
                "Register this redirect address at the provider: {} (any port)",
                made.redirect
            ));
            face.show(&made, facts)
        }
        Command::List => {
            let list = door.call(
                context,
                AuthClientList {
                    environment: context.environment.clone(),
                },
            )?;
            if list.is_empty() {
                face.say("No auth clients here. Add one: keyward auth-client add NAME --type oauth2 --issuer URL --client-id ID");
            }
            face.show(&list, |list| rows(list))
        }
        Command::Show { auth_client } => {
            face.show(&door.call(context, AuthClientShow { auth_client })?, facts)
        }
        Command::Delete { auth_client } => {
            door.call(
                context,
                AuthClientDelete {
                    auth_client: auth_client.clone(),
                },
            )?;
            face.deleted("Auth client", &auth_client)
        }
    }
}

fn request(context: &Context, add: AuthClientAdd) -> Result<AuthClientCreate> {
    let AuthClientType::Oauth2 = add.kind;
    let client_secret = if add.client_secret_stdin {
        let secret = value::stdin(false)?;
        if secret.is_empty() {
            return Err(Error::new(
                Code::Usage,
                "The client secret on stdin is empty.",
                "Leave --client-secret-stdin out for a public client.",
            ));
        }
        Some(Plaintext(secret))
    } else {
        None
    };
    Ok(AuthClientCreate {
        environment: context.environment.clone(),
        key: add.key,
        name: add.name,
        application: add.app,
        issuer: add.issuer,
        auth_uri: add.auth_uri,
        token_uri: add.token_uri,
        revocation_uri: add.revocation_uri,
        client_id: add.client_id,
        client_secret,
        token_expires_in: add.token_expires_in,
        redirect_path: add.redirect_path,
        authorize_params: Some(add.authorize_params),
        scopes: Some(add.scopes),
    })
}

fn facts(client: &AuthClient) -> String {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    output::facts(&[
        ("key", client.key.clone()),
        ("name", client.name.clone()),
        ("type", client.kind.clone()),
        ("application", or_none(&client.application)),
        ("issuer", or_none(&client.issuer)),
        ("auth uri", client.auth_uri.clone()),
        ("token uri", client.token_uri.clone()),
        ("revocation uri", or_none(&client.revocation_uri)),
        ("client id", client.client_id.clone()),
        (
            "client secret",
            if client.has_client_secret {
                "stored"
            } else {
                "none"
            }
            .to_owned(),
        ),
        ("redirect", client.redirect.clone()),
        ("scopes", client.scopes.join(" ")),
        ("connections", client.connections.to_string()),
        ("created", client.created_at.clone()),
        ("id", client.id.clone()),
    ])
}

fn rows(list: &[AuthClient]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                one.kind.clone(),
                one.application.clone().unwrap_or_default(),
                one.client_id.clone(),
                one.connections.to_string(),
                one.created_at.clone(),
            ]
        })
        .collect();
    output::table(
        &["KEY", "TYPE", "APP", "CLIENT ID", "CONNECTIONS", "CREATED"],
        &rows,
    )
}
