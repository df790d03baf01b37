//! The catalogue of providers.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    providers::{self, Outcome},
};
use keyward_model::{
    dialect::Pkce,
    provider::{Author, Confidence, Protocol, Provider},
};

use super::{Result, params};
use crate::wire;

/// All entries, or those found by words.
///
/// # Errors
/// `usage` when the person's folder cannot be read.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::ProviderList) -> Result<wire::Catalogue> {
    let found = providers::list(engine, request.search.as_deref())?;
    Ok(wire::Catalogue {
        providers: found.providers.into_iter().map(Into::into).collect(),
        problems: found
            .problems
            .into_iter()
            .map(|problem| wire::CatalogueProblem {
                file: problem.file,
                message: problem.what,
            })
            .collect(),
    })
}

/// One entry.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::ProviderShow) -> Result<wire::Provider> {
    Ok(providers::find(engine, &request.provider)?.into())
}

/// Asks providers whether their entries are still true.
///
/// # Errors
/// `not_found`, `usage` for a variable that does not fit.
pub fn check(engine: &Arc<Engine>, _: &Caller, request: wire::ProviderCheck) -> Result<Vec<wire::Check>> {
    let checked = providers::check(engine, &request.providers, &params(&request.variables)?)?;
    let line = |one: providers::Checked| wire::Check {
        hint: match one.outcome {
            Outcome::Fail => format!("keyward provider show {} says where its facts are from.", one.id),
            Outcome::Ok | Outcome::Warn => String::new(),
        },
        id: one.id,
        outcome: match one.outcome {
            Outcome::Ok => wire::Outcome::Ok,
            Outcome::Warn => wire::Outcome::Warn,
            Outcome::Fail => wire::Outcome::Fail,
        },
        message: one.message,
    };
    Ok(checked.into_iter().map(line).collect())
}

impl From<Provider> for wire::Provider {
    fn from(provider: Provider) -> Self {
        let dialect = &provider.dialect;
        let kept = dialect.keep_from_answer.iter().map(|(name, _)| name);
        let written = |(name, value): &(String, String)| format!("{name}={value}");
        Self {
            host: provider.host().to_owned(),
            application: provider.application.to_string(),
            category: provider.category.word().to_owned(),
            protocol: match provider.protocol {
                Protocol::Oauth2 => "oauth2",
                Protocol::Oauth1 { .. } => "oauth1",
            }
            .to_owned(),
            request_token_uri: match &provider.protocol {
                Protocol::Oauth2 => None,
                Protocol::Oauth1 { request_uri } => Some(request_uri.clone()),
            },
            variables: provider
                .variables
                .iter()
                .map(|variable| wire::ProviderVariable {
                    name: variable.name.clone(),
                    title: variable.title.clone(),
                    example: variable.example.clone(),
                    rule: variable.pattern.what().to_owned(),
                    default: variable.default.clone(),
                    choices: variable.choices.clone(),
                })
                .collect(),
            scopes: provider
                .scopes
                .iter()
                .map(|scope| wire::ProviderScope {
                    name: scope.name.clone(),
                    description: scope.description.clone(),
                    usual: scope.is_usual,
                })
                .collect(),
            grants: provider
                .grants
                .iter()
                .map(|grant| grant.word().to_owned())
                .collect(),
            client_authentication: provider.client_authentication.word().to_owned(),
            redirect: provider.redirect.word().to_owned(),
            redirect_uri: providers::redirect_address(&provider),
            authorize_params: provider.authorize_params.iter().map(written).collect(),
            without_pkce: dialect.pkce == Pkce::Off,
            keeps: dialect.keep_from_callback.iter().chain(kept).cloned().collect(),
            refresh_token_idle: dialect.refresh_token.idle,
            refresh_token_absolute: dialect.refresh_token.absolute,
            confidence: match provider.verified.confidence {
                Confidence::Documented => wire::ProviderConfidence::Documented,
                Confidence::Catalogued => wire::ProviderConfidence::Catalogued,
                Confidence::Unchecked => wire::ProviderConfidence::Unchecked,
            },
            own: provider.author == Author::Owner,
            id: provider.id,
            name: provider.name,
            keywords: provider.keywords,
            letters: provider.mark.letters,
            hue: provider.mark.hue,
            website: provider.website,
            documentation: provider.documentation,
            console: provider.console,
            issuer: provider.endpoints.issuer,
            auth_uri: provider.endpoints.auth_uri,
            token_uri: provider.endpoints.token_uri,
            refresh_token_uri: provider.endpoints.refresh_token_uri,
            revocation_uri: provider.endpoints.revocation_uri,
            introspection_uri: provider.endpoints.introspection_uri,
            device_uri: provider.endpoints.device_uri,
            token_expires_in: provider.token_expires_in,
            refresh_window: provider.refresh_window,
            steps: provider.steps,
            verified_on: provider.verified.on,
            source: provider.verified.source,
        }
    }
}
