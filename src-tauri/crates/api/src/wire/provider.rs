//! Providers of the catalogue.

use serde::{Deserialize, Serialize};

/// An entry of the catalogue, as a list and a form need it (OA4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Provider {
    /// Unique; `auth-client add --provider` takes it.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// The application that is proposed.
    pub application: String,
    /// `code`, `crm`, `communication`, `finance`, `health`, `hr`, `identity`, `marketing`, `media`, `productivity`,
    /// `commerce`, `support`, `other`.
    pub category: String,
    /// Further words it is found by.
    pub keywords: Vec<String>,
    /// One or two letters that stand for its logo.
    pub letters: String,
    /// Hue of the tile, 0 to 359.
    pub hue: u16,
    /// Host of its consent page, with variables as they stand.
    pub host: String,
    /// Its front page.
    pub website: Option<String>,
    /// Its page about OAuth.
    pub documentation: Option<String>,
    /// Where an application is registered.
    pub console: Option<String>,
    /// `oauth2` or `oauth1`.
    pub protocol: String,
    /// Issuer; this and all addresses may hold `{variable}`s.
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Where request tokens are got, of oauth1.
    pub request_token_uri: Option<String>,
    /// Endpoint for refreshes, where it differs.
    pub refresh_token_uri: Option<String>,
    /// Revocation endpoint.
    pub revocation_uri: Option<String>,
    /// Introspection endpoint.
    pub introspection_uri: Option<String>,
    /// Device authorization endpoint.
    pub device_uri: Option<String>,
    /// What stands for the variables.
    pub variables: Vec<ProviderVariable>,
    /// Scopes that are usual.
    pub scopes: Vec<ProviderScope>,
    /// Grants it takes, the usual one first.
    pub grants: Vec<String>,
    /// How a client with a secret says who it is: `none`, `basic`, `post`, `private_key_jwt`.
    pub client_authentication: String,
    /// Redirects it takes: `any-port`, `any-port-localhost`, `fixed-port`, `fixed-port-localhost`, `https-localhost`,
    /// `paste`, `scheme`.
    pub redirect: String,
    /// The redirect address that an auth client made from it proposes.
    pub redirect_uri: String,
    /// Further authorization parameters, `name=value`.
    pub authorize_params: Vec<String>,
    /// Life of an access token where answers say none, in seconds.
    pub token_expires_in: Option<u32>,
    /// How long before its end a token is refreshed, in seconds.
    pub refresh_window: Option<u32>,
    /// Whether PKCE is left out, because the provider refuses it.
    pub without_pkce: bool,
    /// Fields that it says beside the tokens, for references.
    pub keeps: Vec<String>,
    /// A refresh token ends when it was not used for so many seconds.
    pub refresh_token_idle: Option<u32>,
    /// A refresh token ends so many seconds after the consent.
    pub refresh_token_absolute: Option<u32>,
    /// What a person does at the provider, step by step.
    pub steps: Vec<String>,
    /// Day of the source, `YYYY-MM-DD`; `null` for what nobody checked.
    pub verified_on: Option<String>,
    /// Where the facts are from.
    pub source: String,
    /// How sure they are.
    pub confidence: ProviderConfidence,
    /// Whether it is the person's own file.
    pub own: bool,
}

/// How sure the facts of an entry are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ProviderConfidence {
    /// From the provider's own pages.
    Documented,
    /// From a public catalogue that is in use.
    Catalogued,
    /// General knowledge.
    Unchecked,
}

/// What differs from one customer of a provider to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProviderVariable {
    /// As `--var` takes it.
    pub name: String,
    /// For people.
    pub title: String,
    /// A value as it may look.
    pub example: String,
    /// What it may hold, in words.
    pub rule: String,
    /// What it is unless something else is said.
    pub default: Option<String>,
    /// All it can be; empty for anything that fits the rule.
    pub choices: Vec<String>,
}

/// A scope that is usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProviderScope {
    /// As it is sent.
    pub name: String,
    /// What it allows.
    pub description: Option<String>,
    /// Whether it is asked for unless a person says otherwise.
    pub usual: bool,
}

/// Lists the catalogue. Nothing is sent anywhere.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProviderList {
    /// Words of name, host, category or keywords.
    pub search: Option<String>,
}

/// The catalogue by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Catalogue {
    /// The entries.
    pub providers: Vec<Provider>,
    /// Files of the person's own that make no entry: name and why.
    pub problems: Vec<CatalogueProblem>,
}

/// A file that makes no entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CatalogueProblem {
    /// Its name.
    pub file: String,
    /// Why, in a sentence.
    pub message: String,
}

/// Reads one entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProviderShow {
    /// Its id.
    pub provider: String,
}

/// Asks providers whether their entries are still true.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProviderCheck {
    /// Ids; empty for all.
    pub providers: Vec<String>,
    /// What stands for their variables, `name=value`.
    pub variables: Vec<String>,
}
