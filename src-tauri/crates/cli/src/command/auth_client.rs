//! `keyward auth-client`

mod roster;

use keyward_api::wire::{
    self, AuthClient, AuthClientCreate, AuthClientDelete, AuthClientDiscover, AuthClientList, AuthClientShow,
    Code, Error, Plaintext, ProviderShow,
};

use super::Result;
use crate::{
    args::{AuthClient as Command, AuthClientAdd, AuthClientType, AuthClientUpdate, Visibility},
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
    let command = match command {
        Command::Import(import) => return roster::run(context, face, &import),
        other => other,
    };
    let mut door = Door::open(context)?;
    match command {
        Command::Import(_) => Ok(()),
        Command::Add(add) => {
            let provider = match &add.provider {
                None => None,
                Some(provider) => {
                    let show = ProviderShow {
                        provider: provider.clone(),
                    };
                    Some(door.call_as_is(context, show)?)
                }
            };
            let issuer = add.issuer.clone();
            let made = door.call(context, request(context, *add)?)?;
            // O-03: as the window's form says it. The auth client is made, whatever the issuer answers now.
            if let Some(issuer) = issuer
                && let Ok(found) = door.call_as_is(context, AuthClientDiscover { issuer })
            {
                for warning in found.warnings {
                    face.say(format!("Warning: {warning}"));
                }
            }
            if wants_secret(&made) {
                face.say(format!(
                    "Warning: it is to show a client secret and has none yet. Enter it: keyward auth-client update {} \
                     --client-secret-stdin",
                    made.key
                ));
            }
            if let Some(redirect) = &made.redirect {
                // O-26: servers compare all of a loopback address but the port, unless it has one.
                let is_free = ["http://127.0.0.1/", "http://localhost/"]
                    .iter()
                    .any(|start| redirect.starts_with(start));
                let port = if is_free { " (any port)" } else { "" };
                face.say(format!(
                    "Register this redirect address at the provider: {redirect}{port}"
                ));
            }
            if let Some(provider) = provider {
                for step in &provider.steps {
                    face.say(format!("  {step}"));
                }
                if provider.without_pkce {
                    face.say("This provider refuses PKCE: keep its redirect address to yourself.");
                }
            }
            if made.grant.as_deref() == Some("password") {
                face.say(
                    "Warning: with this grant a password goes through this program. Use it only where the provider has no other.",
                );
            }
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
        Command::Update(changes) => face.show(&door.call(context, update(*changes)?)?, facts),
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

/// Whether its way of authenticating, or its grant, needs a secret that is not there.
fn wants_secret(made: &AuthClient) -> bool {
    let shows_one = made
        .client_authentication
        .as_deref()
        .is_some_and(|how| how != "none");
    let signs = matches!(made.grant.as_deref(), Some("client_credentials" | "jwt_bearer"));
    made.kind == wire::AuthClientType::Oauth2 && !made.has_client_secret && (shows_one || signs)
}

fn request(context: &Context, add: AuthClientAdd) -> Result<AuthClientCreate> {
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Ok(AuthClientCreate {
        environment: context.environment.clone(),
        key: add.key,
        name: add.name,
        application: add.app,
        kind: add.kind.map(|kind| match kind {
            AuthClientType::Oauth2 => wire::AuthClientType::Oauth2,
            AuthClientType::Oauth1 => wire::AuthClientType::Oauth1,
            AuthClientType::Basic => wire::AuthClientType::Basic,
            AuthClientType::ApiKey => wire::AuthClientType::ApiKey,
            AuthClientType::NoAuth => wire::AuthClientType::Noauth,
        }),
        visibility: add.visibility.map(wire::Visibility::from),
        issuer: add.issuer,
        auth_uri: add.auth_uri,
        token_uri: add.token_uri,
        revocation_uri: add.revocation_uri,
        refresh_token_uri: add.refresh_token_uri,
        provider: add.provider,
        variables: some(add.variables),
        client_id: add.client_id,
        grant: add.grant,
        client_authentication: add.client_auth,
        redirect: add.redirect,
        device_uri: add.device_uri,
        request_token_uri: add.request_token_uri,
        signature_method: add.signature_method,
        client_secret: client_secret(add.client_secret_stdin)?,
        token_expires_in: add.token_expires_in,
        redirect_path: add.redirect_path,
        authorize_params: some(add.authorize_params),
        token_params: some(add.token_params),
        refresh_params: some(add.refresh_params),
        resources: some(add.resources),
        refresh_window: add.refresh_window,
        scopes: some(add.scopes),
        url: add.url,
        apply: add.apply,
    })
}

fn update(update: AuthClientUpdate) -> Result<wire::AuthClientUpdate> {
    if !update.changes_something() {
        return Err(Error::new(
            Code::Usage,
            "There is nothing to change.",
            "`keyward auth-client update --help` lists what can be.",
        ));
    }
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Ok(wire::AuthClientUpdate {
        auth_client: update.auth_client,
        name: update.name,
        visibility: update.visibility.map(wire::Visibility::from),
        client_id: update.client_id,
        client_secret: client_secret(update.client_secret_stdin)?,
        auth_uri: update.auth_uri,
        token_uri: update.token_uri,
        revocation_uri: update.revocation_uri,
        token_expires_in: update.token_expires_in,
        grant: update.grant,
        client_authentication: update.client_auth,
        redirect: update.redirect,
        redirect_path: update.redirect_path,
        refresh_token_uri: update.refresh_token_uri,
        authorize_params: some(update.authorize_params),
        token_params: some(update.token_params),
        refresh_params: some(update.refresh_params),
        resources: some(update.resources),
        refresh_window: update.refresh_window,
        scopes: some(update.scopes),
        url: update.url,
        apply: update.apply,
    })
}

/// The client secret on stdin, where it was said that it is there.
fn client_secret(on_stdin: bool) -> Result<Option<Plaintext>> {
    if !on_stdin {
        return Ok(None);
    }
    let secret = value::stdin(false)?;
    if secret.is_empty() {
        return Err(Error::new(
            Code::Usage,
            "The client secret on stdin is empty.",
            "Leave --client-secret-stdin out for a public client.",
        ));
    }
    Ok(Some(Plaintext(secret)))
}

impl From<Visibility> for wire::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Environment => Self::Environment,
            Visibility::Vault => Self::Vault,
            Visibility::Machine => Self::Machine,
        }
    }
}

fn kind(client: &AuthClient) -> &'static str {
    match client.kind {
        wire::AuthClientType::Oauth2 => "oauth2",
        wire::AuthClientType::Oauth1 => "oauth1",
        wire::AuthClientType::Noauth => "noauth",
        wire::AuthClientType::Basic => "basic",
        wire::AuthClientType::ApiKey => "api_key",
    }
}

/// Who may use it; of another vault's, whose it is.
fn visible_in(client: &AuthClient) -> String {
    let visibility = match client.visibility {
        wire::Visibility::Environment => "environment",
        wire::Visibility::Vault => "vault",
        wire::Visibility::Machine => "machine",
    };
    match &client.kept_in {
        Some(vault) => format!("{visibility} (kept in vault {vault})"),
        None => visibility.to_owned(),
    }
}

fn facts(client: &AuthClient) -> String {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut facts = vec![
        ("key", client.key.clone()),
        ("name", client.name.clone()),
        ("type", kind(client).to_owned()),
        ("application", or_none(&client.application)),
        ("visibility", visible_in(client)),
        ("connections", client.connections.to_string()),
        ("created", client.created_at.clone()),
        ("id", client.id.clone()),
    ];
    let secret = if client.has_client_secret {
        "stored"
    } else {
        "none"
    };
    if client.kind == wire::AuthClientType::Oauth1 {
        facts.extend([
            ("request token uri", or_none(&client.request_token_uri)),
            ("auth uri", or_none(&client.auth_uri)),
            ("token uri", or_none(&client.token_uri)),
            ("consumer key", or_none(&client.client_id)),
            ("consumer secret", secret.to_owned()),
            ("signature", or_none(&client.signature_method)),
            ("redirect", or_none(&client.redirect)),
        ]);
    } else if client.kind == wire::AuthClientType::Oauth2 {
        facts.extend([
            ("issuer", or_none(&client.issuer)),
            ("auth uri", or_none(&client.auth_uri)),
            ("token uri", or_none(&client.token_uri)),
            ("refresh token uri", or_none(&client.refresh_token_uri)),
            ("revocation uri", or_none(&client.revocation_uri)),
            ("client id", or_none(&client.client_id)),
            ("client secret", secret.to_owned()),
            ("client auth", or_none(&client.client_authentication)),
            ("grant", or_none(&client.grant)),
            ("redirect", or_none(&client.redirect)),
            ("scopes", client.scopes.join(" ")),
            ("parameters", client.authorize_params.join(" ")),
            ("token parameters", client.token_params.join(" ")),
            ("refresh parameters", client.refresh_params.join(" ")),
            ("resources", client.resources.join(" ")),
            (
                "refresh window",
                client
                    .refresh_window
                    .map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s")),
            ),
            ("provider", provider(client)),
        ]);
    } else {
        facts.extend([("url", or_none(&client.url)), ("apply", or_none(&client.apply))]);
    }
    output::facts(&facts)
}

/// The catalogue entry it was made from, with what stands for its variables.
fn provider(client: &AuthClient) -> String {
    let named = client
        .provider
        .iter()
        .chain(&client.provider_variables)
        .map(String::as_str);
    named.collect::<Vec<_>>().join(" ")
}

fn rows(list: &[AuthClient]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                kind(one).to_owned(),
                one.application.clone().unwrap_or_default(),
                visible_in(one),
                one.client_id.clone().unwrap_or_default(),
                one.connections.to_string(),
                one.created_at.clone(),
            ]
        })
        .collect();
    output::table(
        &[
            "KEY",
            "TYPE",
            "APP",
            "VISIBLE IN",
            "CLIENT ID",
            "CONNECTIONS",
            "CREATED",
        ],
        &rows,
    )
}
