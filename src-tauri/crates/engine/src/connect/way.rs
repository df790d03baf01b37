//! The ways to tokens: what is prepared before a person is asked, what is waited for, and the request that ends it.

use std::sync::Arc;

use keyward_model::{
    SecretValue,
    auth_client::{Grant, Oauth2, Registration},
};
use keyward_oauth::{
    Error as OauthError,
    authorize::{self, Code, Pending, Request},
    callback::CallbackError,
    device::{self, DeviceCode},
    grants,
    loopback::Loopback,
    oauth1::{self, Begun, RequestToken},
    push, redirect,
    token::{self, Answer},
};
use keyward_vault::vault::UnlockedVault;
use tokio::sync::mpsc;

use super::{
    Login, Plan,
    failure::{Failure, To},
    identity,
    listener::listen,
};
use crate::{
    Engine, Error, Kind,
    auth_clients::{self, Used},
    consent::{Asked, Consent},
    engine::Network,
};

/// What is handed in from another door than the listener (O-36).
pub(super) type Pasted = mpsc::Receiver<Result<Code, CallbackError>>;

/// How the tokens of one Consent are got.
pub(super) enum Way {
    /// A browser comes back to the listener, or somebody hands in where it ended.
    Browser {
        loopback: Option<Box<Loopback>>,
        request_token: Option<RequestToken>,
    },
    /// A code is typed in on another device.
    Device(Box<DeviceCode>),
    /// The client is its own person.
    Alone,
    /// User name and password (legacy).
    Password(Login),
}

/// How the waiting ended.
pub(super) enum Ended {
    /// Nobody had to be waited for, or the person agreed: the request for tokens follows.
    Agreed(Option<Code>),
    /// The person agreed, and the tokens came with it.
    Tokens(Box<Answer>),
    /// The answer is no.
    Refused(CallbackError),
    /// The provider's answer to a device code ended it.
    Failed(Failure),
    /// The provider's code for another device ended before the person's time did (O-51).
    Lapsed,
    TimedOut,
    Cancelled,
}

/// Everything up to the moment when a person is needed.
///
/// # Errors
/// [`Kind::Invalid`] for a registration that lacks what its grant needs, [`Kind::Provider`].
pub(super) fn prepare(engine: &Engine, plan: &Plan, login: Option<Login>) -> Result<(Way, Asked), Failure> {
    let network = engine.network()?;
    let vault = engine.unlocked()?;
    let used = auth_clients::read_for_use(engine, &vault, plan.address)?;
    let registration = match &used.auth_client.registration {
        Registration::Oauth2(registration) => registration,
        Registration::Oauth1(registration) => {
            let loopback = listen(
                engine,
                network,
                &registration.redirect,
                &registration.redirect_path,
            )?;
            let redirect_uri = match &loopback {
                Some(loopback) => loopback.redirect_uri().to_owned(),
                None => redirect::address(&registration.redirect, &registration.redirect_path),
            };
            let Begun { pending, token } = network.runtime.block_on(oauth1::begin(
                &network.http,
                registration,
                used.client_secret.as_ref(),
                &redirect_uri,
                &plan.params,
                engine.now(),
            ))?;
            let way = Way::Browser {
                loopback: loopback.map(Box::new),
                request_token: Some(token),
            };
            return Ok((way, Asked::Browser(Arc::new(pending))));
        }
        _ => return Err(auth_clients::no_consents(&used.auth_client).into()),
    };
    match (registration.grant, login) {
        (Grant::AuthorizationCode, _) => {
            browser(engine, network, plan, registration, used.client_secret.as_ref())
        }
        (Grant::DeviceCode, _) => {
            let address = registration.device_uri.as_deref().unwrap_or_default();
            let code = network
                .runtime
                .block_on(device::begin(
                    &network.http,
                    registration,
                    used.client_secret.as_ref(),
                    &plan.scopes,
                    &params(plan, registration),
                    engine.now(),
                ))
                .map_err(|error| Failure::of(error, To::Before("address for device codes", address)))?;
            let asked = Asked::Device {
                user_code: code.user_code.clone(),
                verification_uri: code.verification_uri.clone(),
            };
            Ok((Way::Device(Box::new(code)), asked))
        }
        (Grant::ClientCredentials | Grant::JwtBearer, _) => Ok((Way::Alone, Asked::Nobody)),
        (Grant::Password, Some(login)) => Ok((Way::Password(login), Asked::Nobody)),
        (Grant::Password, None) => Err(Error::new(
            Kind::Invalid,
            "This auth client asks for tokens with a user name and a password.",
            format!(
                "Give both: keyward connect {} --username NAME. Prefer a client with --grant authorization_code where \
                 the provider has one: a password here is a password that two parties know.",
                plan.key
            ),
        )
        .into()),
    }
}

/// The parameters of this consent. OpenID Connect Core §11: a server ignores the scope offline_access where the person
/// is not asked for it, so an issuer is told to ask (AM10). The catalogue knows its providers better, and whoever names
/// a prompt keeps it.
fn params(plan: &Plan, registration: &Oauth2) -> Vec<(String, String)> {
    let mut params = plan.params.clone();
    let is_named = |params: &[(String, String)]| params.iter().any(|(name, _)| name == "prompt");
    let asks_offline = plan.scopes.iter().any(|scope| scope == "offline_access");
    if asks_offline
        && registration.issuer.is_some()
        && registration.provider.is_none()
        && !is_named(&params)
        && !is_named(&registration.authorize_params)
    {
        params.push(("prompt".to_owned(), "consent".to_owned()));
    }
    params
}

fn browser(
    engine: &Engine,
    network: &Network,
    plan: &Plan,
    registration: &Oauth2,
    secret: Option<&SecretValue>,
) -> Result<(Way, Asked), Failure> {
    let loopback = listen(
        engine,
        network,
        &registration.redirect,
        &registration.redirect_path,
    )?;
    let elsewhere = redirect::shown(registration);
    let mut pending = authorize::begin(&Request {
        client: registration,
        redirect_uri: loopback
            .as_ref()
            .map_or(elsewhere.as_str(), Loopback::redirect_uri),
        scopes: &plan.scopes,
        params: &params(plan, registration),
    })?;
    if let Some(pushed) = &registration.pushed {
        let outcome = network.runtime.block_on(push::push(
            &network.http,
            registration,
            secret,
            &mut pending,
            engine.now(),
        ));
        match outcome {
            // O-16: a provider that also takes plain requests is not made unreachable by its other endpoint.
            Err(OauthError::Transient { .. }) if !pushed.is_required => {
                log::warn!(
                    "the request of {} could not be pushed and goes by the browser",
                    plan.key
                );
            }
            outcome => outcome.map_err(|error| {
                Failure::of(error, To::Before("address for pushed requests", &pushed.uri))
            })?,
        }
    }
    let way = Way::Browser {
        loopback: loopback.map(Box::new),
        request_token: None,
    };
    Ok((way, Asked::Browser(Arc::new(pending))))
}

/// Waits for the person, where there is one to wait for.
pub(super) fn wait(
    engine: &Engine,
    network: &Network,
    consent: &Consent,
    plan: &Plan,
    way: &mut Way,
    paste: &mut Pasted,
) -> Ended {
    match way {
        Way::Alone | Way::Password(_) => Ended::Agreed(None),
        Way::Browser { loopback, .. } => {
            let Some(pending) = consent.pending().cloned() else {
                return Ended::Cancelled;
            };
            let loopback = loopback.take();
            network.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = consent.cancelled.notified() => Ended::Cancelled,
                    Some(answer) = paste.recv() => answered(answer),
                    answer = listened(loopback, &pending) => answered(answer),
                    () = tokio::time::sleep(consent.allowed) => Ended::TimedOut,
                }
            })
        }
        Way::Device(code) => {
            let used = engine
                .unlocked()
                .and_then(|vault| auth_clients::read_for_use(engine, &vault, plan.address));
            let Ok(used) = used else { return Ended::Cancelled };
            let Some(registration) = used.auth_client.oauth2() else {
                return Ended::Cancelled;
            };
            let clock = Arc::clone(&engine.ports.clock);
            let now = move || clock.now();
            network.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = consent.cancelled.notified() => Ended::Cancelled,
                    answer = device::wait(&network.http, registration, used.client_secret.as_ref(), code, &now) => {
                        match answer {
                            Ok(answer) => Ended::Tokens(Box::new(answer)),
                            Err(OauthError::TimedOut) => Ended::Lapsed,
                            Err(error) => Ended::Failed(Failure::of(error, To::Token(&registration.token_uri))),
                        }
                    }
                    () = tokio::time::sleep(consent.allowed) => Ended::TimedOut,
                }
            })
        }
    }
}

fn answered(answer: Result<Code, CallbackError>) -> Ended {
    match answer {
        Ok(code) => Ended::Agreed(Some(code)),
        Err(refused) => Ended::Refused(refused),
    }
}

/// O-20: the listener lives here and closes with the future. Where nobody listens the answer is handed in.
async fn listened(loopback: Option<Box<Loopback>>, pending: &Pending) -> Result<Code, CallbackError> {
    match loopback {
        Some(loopback) => loopback.wait(pending).await,
        None => std::future::pending().await,
    }
}

/// The request for tokens, and whose they are.
pub(super) fn ask(
    engine: &Engine,
    network: &Network,
    vault: &UnlockedVault,
    plan: &Plan,
    (consent, way, ended): (&Consent, Way, Ended),
) -> Result<Answer, Failure> {
    // As it stands now: one that was changed meanwhile is not the one that the consent was begun with (O-42).
    let used = auth_clients::read_for_use(engine, vault, plan.address)?;
    let mut answer = match ended {
        Ended::Tokens(answer) => *answer,
        Ended::Agreed(code) => request(engine, network, plan, &used, (consent, way, code))?,
        _ => return Err(Error::internal("The consent ended without an answer.").into()),
    };
    if let Some(registration) = used.auth_client.oauth2() {
        let pending = consent.pending().map(Arc::as_ref);
        let secret = used.client_secret.as_ref();
        identity::show(engine, network, (registration, secret), pending, &mut answer)?;
        if grants::needs_no_person(registration.grant) {
            answer.tokens.refresh_token = Some(SecretValue::new(Vec::new()));
        }
    }
    identity::check_same(vault, plan, &answer)?;
    Ok(answer)
}

fn request(
    engine: &Engine,
    network: &Network,
    plan: &Plan,
    used: &Used,
    (consent, way, code): (&Consent, Way, Option<Code>),
) -> Result<Answer, Failure> {
    let clock = Arc::clone(&engine.ports.clock);
    let now = move || clock.now();
    let (http, secret) = (&network.http, used.client_secret.as_ref());
    let changed = || {
        Error::new(
            Kind::Conflict,
            "The auth client changed while the consent was under way.",
            "Connect again.",
        )
    };
    let answer =
        match (&used.auth_client.registration, way) {
            (
                Registration::Oauth2(registration),
                Way::Browser {
                    request_token: None, ..
                },
            ) => {
                let (Some(pending), Some(code)) = (consent.pending(), code) else {
                    return Err(changed().into());
                };
                network
                    .runtime
                    .block_on(token::exchange(http, registration, secret, pending, code, &now))
            }
            (
                Registration::Oauth1(registration),
                Way::Browser {
                    request_token: Some(token),
                    ..
                },
            ) => {
                let code = code.ok_or_else(changed)?;
                network
                    .runtime
                    .block_on(oauth1::exchange(http, registration, secret, token, code, &now))
            }
            (Registration::Oauth2(registration), Way::Alone) => network.runtime.block_on(
                grants::without_person(http, registration, secret, &plan.scopes, &now),
            ),
            (Registration::Oauth2(registration), Way::Password(login)) => {
                let login = grants::Login {
                    username: &login.username,
                    password: &login.password,
                };
                network.runtime.block_on(grants::by_password(
                    http,
                    registration,
                    secret,
                    &login,
                    &plan.scopes,
                    &now,
                ))
            }
            _ => return Err(changed().into()),
        };
    answer.map_err(|error| Failure::of_code(error, &used.auth_client.registration))
}
