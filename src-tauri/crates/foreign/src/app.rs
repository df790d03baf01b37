//! App credentials and registrations: what only our own export knows of.

mod beyond;
mod oauth1;

use std::io::{self, Write};

use keyward_model::{
    SecretValue,
    apply::Apply,
    auth_client::{ClientAuthentication, Oauth2, Registration, Visibility},
    connection::AuthType,
};
use serde_json::{Map, Value};

use crate::{
    document::Document,
    error::{Error, Result},
    json,
    own::Carry,
};

/// What makes an entry with one value an app credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCredential {
    /// What it holds; never OAuth, whose tokens stay where they are (O-58).
    pub auth_type: AuthType,
    /// Key of the Application that it is for.
    pub application: Option<String>,
    /// Key of its AuthClient.
    pub auth_client: Option<String>,
    /// Where requests go.
    pub url: Option<String>,
    /// How the value is sent.
    pub apply: Option<Apply>,
    /// Whether `@APP` means it.
    pub default: bool,
}

/// What credentials are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationOf {
    /// Its key.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Where its requests usually go.
    pub url: Option<String>,
}

/// A registration at a provider.
#[derive(Debug)]
pub struct ClientOf {
    /// Its key.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Name of the environment it was made in.
    pub environment: String,
    /// Key of the Application that it is for.
    pub application: Option<String>,
    /// Who may use it.
    pub visibility: Visibility,
    /// What it consists of; where its client secret lies is the vault's affair.
    pub registration: Registration,
    /// The client secret; `None` for a public client, and in a file that carries structure alone (WK3).
    pub client_secret: Option<SecretValue>,
}

const VISIBILITIES: [(Visibility, &str); 3] = [
    (Visibility::Environment, "environment"),
    (Visibility::Vault, "vault"),
    (Visibility::Machine, "machine"),
];

/// The words of RFC 7591 §2.
const AUTHENTICATIONS: [(ClientAuthentication, &str); 4] = [
    (ClientAuthentication::None, "none"),
    (ClientAuthentication::Basic, "client_secret_basic"),
    (ClientAuthentication::Post, "client_secret_post"),
    (ClientAuthentication::PrivateKeyJwt, "private_key_jwt"),
];

fn word<T: Copy + PartialEq>(words: &[(T, &'static str)], of: T) -> &'static str {
    words
        .iter()
        .find_map(|(one, word)| (*one == of).then_some(*word))
        .unwrap_or_default()
}

fn meant<T: Copy>(words: &[(T, &'static str)], text: Option<&str>) -> Option<T> {
    words
        .iter()
        .find_map(|(one, word)| (Some(*word) == text).then_some(*one))
}

fn maybe<W: Write>(document: &mut Document<W>, member: &str, text: Option<&str>) -> io::Result<()> {
    match text {
        Some(text) => document.member(member)?.text(text),
        None => Ok(()),
    }
}

pub(crate) fn write_credential<W: Write>(document: &mut Document<W>, app: &AppCredential) -> io::Result<()> {
    document.object(|document| {
        document.member("type")?.text(app.auth_type.as_str())?;
        maybe(document, "application", app.application.as_deref())?;
        maybe(document, "auth_client", app.auth_client.as_deref())?;
        maybe(document, "url", app.url.as_deref())?;
        maybe(
            document,
            "apply",
            app.apply.as_ref().map(Apply::to_string).as_deref(),
        )?;
        document.member("default")?.flag(app.default)
    })
}

pub(crate) fn read_credential(mut object: Map<String, Value>) -> Result<AppCredential> {
    let auth_type = json::text(&mut object, "type")
        .as_deref()
        .and_then(AuthType::parse);
    let auth_type = match auth_type {
        None | Some(AuthType::Oauth2 | AuthType::Oauth1) => {
            return Err(Error::malformed("app.type is no type of app credential"));
        }
        Some(auth_type) => auth_type,
    };
    let apply = match json::full(&mut object, "apply") {
        None => None,
        Some(text) => Some(apply(&text)?),
    };
    if apply.as_ref().is_some_and(|apply| !auth_type.allows(apply)) {
        return Err(Error::malformed("app.apply does not fit app.type"));
    }
    Ok(AppCredential {
        auth_type,
        application: json::full(&mut object, "application"),
        auth_client: json::full(&mut object, "auth_client"),
        url: json::full(&mut object, "url"),
        apply,
        default: object.get("default").and_then(Value::as_bool).unwrap_or_default(),
    })
}

fn apply(text: &str) -> Result<Apply> {
    Apply::parse(text).map_err(|_| Error::malformed("apply is no way to send a value"))
}

pub(crate) fn write_application<W: Write>(
    document: &mut Document<W>,
    application: &ApplicationOf,
) -> io::Result<()> {
    document.object(|document| {
        document.member("key")?.text(&application.key)?;
        document.member("name")?.text(&application.name)?;
        maybe(document, "url", application.url.as_deref())
    })
}

pub(crate) fn read_application(mut object: Map<String, Value>) -> ApplicationOf {
    ApplicationOf {
        key: json::text(&mut object, "key").unwrap_or_default(),
        name: json::text(&mut object, "name").unwrap_or_default(),
        url: json::full(&mut object, "url"),
    }
}

pub(crate) fn write_client<W: Write>(
    document: &mut Document<W>,
    client: &ClientOf,
    carry: Carry,
) -> io::Result<()> {
    document.object(|document| {
        document.member("key")?.text(&client.key)?;
        document.member("name")?.text(&client.name)?;
        document.member("type")?.text(client.registration.kind())?;
        document.member("environment")?.text(&client.environment)?;
        maybe(document, "application", client.application.as_deref())?;
        document
            .member("visibility")?
            .text(word(&VISIBILITIES, client.visibility))?;
        match &client.registration {
            Registration::Oauth2(oauth2) => write_oauth2(document, oauth2)?,
            Registration::Oauth1(client) => oauth1::write(document, client)?,
            Registration::NoAuth { url } | Registration::Basic { url } => {
                maybe(document, "url", url.as_deref())?
            }
            Registration::ApiKey { url, apply } => {
                maybe(document, "url", url.as_deref())?;
                document.member("apply")?.text(&apply.to_string())?;
            }
        }
        match (&client.client_secret, carry) {
            (Some(secret), Carry::Values) => document.member("client_secret")?.secret(secret),
            _ => Ok(()),
        }
    })
}

fn write_oauth2<W: Write>(document: &mut Document<W>, oauth2: &Oauth2) -> io::Result<()> {
    maybe(document, "issuer", oauth2.issuer.as_deref())?;
    document
        .member("issuer_in_callback")?
        .flag(oauth2.issuer_in_callback)?;
    document.member("auth_uri")?.text(&oauth2.auth_uri)?;
    document.member("token_uri")?.text(&oauth2.token_uri)?;
    maybe(document, "revocation_uri", oauth2.revocation_uri.as_deref())?;
    document
        .member("token_expires_in")?
        .number(oauth2.token_expires_in.into())?;
    document.member("client_id")?.text(&oauth2.client_id)?;
    document
        .member("client_authentication")?
        .text(word(&AUTHENTICATIONS, oauth2.client_authentication))?;
    document.member("redirect_path")?.text(&oauth2.redirect_path)?;
    document.member("scopes")?.texts(&oauth2.scopes)?;
    let params: Vec<String> = oauth2
        .authorize_params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    document.member("authorize_params")?.texts(&params)?;
    beyond::write(document, oauth2)
}

pub(crate) fn read_client(mut object: Map<String, Value>) -> Result<ClientOf> {
    let kind = json::text(&mut object, "type").unwrap_or_default();
    let url = json::full(&mut object, "url");
    let registration = match kind.as_str() {
        "oauth2" => Registration::Oauth2(Box::new(read_oauth2(&mut object)?)),
        "oauth1" => Registration::Oauth1(Box::new(oauth1::read(&mut object)?)),
        "noauth" => Registration::NoAuth { url },
        "basic" => Registration::Basic { url },
        "api_key" => Registration::ApiKey {
            url,
            apply: apply(&json::text(&mut object, "apply").unwrap_or_default())?,
        },
        _ => return Err(Error::malformed("type is no type of auth client")),
    };
    let client_secret = object
        .remove("client_secret")
        .map(crate::own::secret)
        .transpose()?
        .filter(|_| matches!(kind.as_str(), "oauth1" | "oauth2"));
    Ok(ClientOf {
        key: json::text(&mut object, "key").unwrap_or_default(),
        name: json::text(&mut object, "name").unwrap_or_default(),
        environment: json::text(&mut object, "environment").unwrap_or_default(),
        application: json::full(&mut object, "application"),
        visibility: meant(&VISIBILITIES, json::text(&mut object, "visibility").as_deref())
            .unwrap_or(Visibility::Environment),
        registration,
        client_secret,
    })
}

fn read_oauth2(object: &mut Map<String, Value>) -> Result<Oauth2> {
    let text = |object: &mut Map<String, Value>, member: &str| json::text(object, member).unwrap_or_default();
    let authorize_params = beyond::pairs(object, "authorize_params")?;
    let seconds = object.get("token_expires_in").and_then(Value::as_u64);
    let plain = Oauth2 {
        issuer: json::full(object, "issuer"),
        issuer_in_callback: object
            .get("issuer_in_callback")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
        revocation_uri: json::full(object, "revocation_uri"),
        token_expires_in: seconds
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .ok_or_else(|| Error::malformed("token_expires_in must be whole seconds"))?,
        client_authentication: meant(
            &AUTHENTICATIONS,
            json::text(object, "client_authentication").as_deref(),
        )
        .ok_or_else(|| Error::malformed("client_authentication is none that is known"))?,
        redirect_path: text(object, "redirect_path"),
        authorize_params,
        scopes: crate::own::texts(json::list(object, "scopes")?),
        ..Oauth2::new(
            text(object, "auth_uri"),
            text(object, "token_uri"),
            text(object, "client_id"),
        )
    };
    beyond::read(object, plain)
}
