//! Connect: from the browser opened to the tokens stored.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard},
    thread,
    time::Duration,
};

use keyward_model::{
    Id, SecretValue,
    audit::AuditEvent,
    auth_client::AuthClient,
    connection::{AuthType, Connection, ConnectionError, ConnectionState},
    environment::Environment,
    name::Handle,
};
use keyward_oauth::{
    authorize::{self, Code, Pending, Request},
    callback::CallbackError,
    loopback::Loopback,
    token::{self, Answer},
};
use keyward_vault::{
    error as store, lease,
    table::{audit, auth_clients, connections, items},
};
use tokio::sync::mpsc;

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    auth_clients as auth_client_acts,
    changes::ChangeKind,
    connections as connection_acts,
    consent::{self, Consent, EXCHANGE, OPEN_BROWSER, PLAN, Progress, STORE, State, Step, WAIT},
    engine::hold,
    environments,
    refresh::LEASE_WAIT,
    secrets,
};

/// What a person asks for.
pub struct Wish<'a> {
    /// Name of the environment.
    pub environment: &'a str,
    /// Key of the Connection, new or existing.
    pub connection: &'a str,
    /// Free text; default: the key.
    pub name: Option<&'a str>,
    /// Key of the AuthClient; may be left out when exactly one is visible (EL8).
    pub auth_client: Option<&'a str>,
    /// Scopes; default: those asked for last, else the AuthClient's.
    pub scopes: Option<Vec<String>>,
    /// Further authorization parameters; default: those used last.
    pub params: Option<Vec<(String, String)>>,
    /// Whether to open the system browser.
    pub browser: Opening,
    /// How long to wait; at most [`LONGEST_WAIT`].
    pub timeout: Duration,
}

/// Whether a Consent opens the system browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Open it.
    Browser,
    /// Only show the link.
    LinkOnly,
}

/// How long a Consent waits unless told otherwise (O-22).
pub const USUAL_WAIT: Duration = Duration::from_secs(5 * 60);

/// How long a Consent may wait at most (O-22).
pub const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// Finished Consents kept for whoever still asks.
const KEPT_CONSENTS: usize = 32;

/// What a Consent will store when it succeeds.
struct Plan {
    environment: Environment,
    key: Handle,
    name: String,
    existing: Option<Id>,
    auth_client: AuthClient,
    scopes: Vec<String>,
    params: Vec<(String, String)>,
    actor: String,
}

/// Begins a Consent: binds the listener, makes state and PKCE, opens the browser, and finishes by itself.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::NotFound`], [`Kind::Conflict`] when the key is taken by something else or another AuthClient is named.
pub fn begin(engine: &Arc<Engine>, caller: &Caller, wish: &Wish<'_>) -> Result<Arc<Consent>> {
    access::authorize(caller, Act::Write)?;
    if wish.timeout.is_zero() || wish.timeout > LONGEST_WAIT {
        return Err(Error::invalid("timeout: between 1 s and 10 min."));
    }
    let plan = plan(engine, caller, wish)?;
    let network = engine.network()?;
    let loopback = network
        .runtime
        .block_on(Loopback::bind(&plan.auth_client.redirect_path))?;
    let pending = Arc::new(authorize::begin(&Request {
        client: &plan.auth_client,
        redirect_uri: loopback.redirect_uri(),
        scopes: &plan.scopes,
        params: &plan.params,
    })?);
    let id = engine.unlocked()?.read(|tx| tx.new_id())?;
    let (pasted, paste) = mpsc::channel(1);
    let consent = Arc::new(Consent::new(
        id,
        (plan.key.clone(), plan.auth_client.key.clone()),
        engine.ports.clock.monotonic(),
        wish.timeout,
        Arc::clone(&pending),
        pasted,
    ));
    remember(hold(&engine.consents), Arc::clone(&consent));
    // O-20: the listener lives in the finishing thread and closes with it, however it ends.
    let (finisher, run) = (Arc::clone(engine), Arc::clone(&consent));
    thread::Builder::new()
        .name("keyward-consent".to_owned())
        .spawn(move || finish(&finisher, &run, &plan, loopback, paste))
        .map_err(|error| Error::internal(format!("The consent could not be started: {error}.")))?;
    if wish.browser == Opening::Browser {
        open_again(engine, id)?;
    } else {
        opened(engine, &consent, None);
    }
    Ok(consent)
}

fn remember(mut consents: MutexGuard<'_, HashMap<Id, Arc<Consent>>>, consent: Arc<Consent>) {
    if consents.len() >= KEPT_CONSENTS {
        consents.retain(|_, kept| !kept.progress().state.is_final());
    }
    consents.insert(consent.id, consent);
}

/// Opens the browser (once more).
///
/// # Errors
/// [`Kind::NotFound`]. A browser that cannot be started is told in the progress: the link can be copied.
pub fn open_again(engine: &Engine, id: Id) -> Result<()> {
    let consent = consent::find(engine, id)?;
    let program = engine.ports.browser.open(consent.link()).ok();
    opened(engine, &consent, program);
    Ok(())
}

fn opened(engine: &Engine, consent: &Consent, program: Option<String>) {
    let after = elapsed(engine, consent);
    consent.change(|progress| {
        progress.steps[OPEN_BROWSER] = if program.is_some() {
            Step::Done(after)
        } else {
            Step::Warn(after)
        };
        if progress.steps[WAIT] == Step::Todo {
            progress.steps[WAIT] = Step::Now;
        }
        progress.browser = program;
    });
    engine.changes.publish(ChangeKind::Consent, consent.id);
}

/// Stops a Consent; the listener closes.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn cancel(engine: &Engine, id: Id) -> Result<Arc<Consent>> {
    let consent = consent::find(engine, id)?;
    consent.cancel();
    let seen = consent.progress();
    if !seen.state.is_final() {
        let _ = consent.wait(seen.revision, Duration::from_secs(2));
    }
    Ok(consent)
}

/// Takes the address the browser ended at, by the same validator as the listener (O-36).
///
/// # Errors
/// [`Kind::Invalid`] when it is not the answer to this Consent, which goes on.
pub fn paste(engine: &Engine, id: Id, address: &str) -> Result<Arc<Consent>> {
    let consent = consent::find(engine, id)?;
    if consent.progress().state != State::Waiting {
        return Err(Error::new(
            Kind::Conflict,
            "This consent is no longer waiting.",
            "Connect again.",
        ));
    }
    match consent.pending.accept_pasted(address) {
        Ok(code) => {
            // A second copy of a used address finds the channel full or closed: the first one counts (O-24).
            let _ = consent.pasted.try_send(code);
            Ok(consent)
        }
        Err(CallbackError::NotOurs(reason)) => Err(Error::new(
            Kind::Invalid,
            format!("This address does not answer the consent that is waiting: {reason}."),
            "Copy the whole address from the browser's address bar, from http:// to the end.",
        )),
        Err(refused) => {
            let error = explain(&refused);
            end(engine, &consent, state_of(&refused), WAIT, Some(error.clone()));
            consent.cancel();
            Err(error)
        }
    }
}

fn plan(engine: &Engine, caller: &Caller, wish: &Wish<'_>) -> Result<Plan> {
    let key = secrets::parse_key(wish.connection)?;
    secrets::check_text("name", wish.name.unwrap_or_default())?;
    if let Some(params) = &wish.params {
        authorize::check_params(params)?;
    }
    let environment = environments::find(engine, wish.environment)?;
    let vault = engine.unlocked()?;
    let existing = match vault.read(|tx| items::in_any_case(tx, environment.id, &key))? {
        Some(items::Item::Connection(connection)) if connection.key == key => Some(connection),
        Some(_) => {
            let message = format!("The key “{key}” is taken in environment “{}”.", environment.name);
            return Err(Error::new(
                Kind::Conflict,
                message,
                "Choose another key for the connection.",
            ));
        }
        None => None,
    };
    let auth_client = auth_client(engine, &environment, existing.as_ref(), wish.auth_client)?;
    let scopes = wish
        .scopes
        .clone()
        .or_else(|| {
            existing
                .as_ref()
                .map(|connection| connection.requested_scopes.clone())
        })
        .unwrap_or_else(|| auth_client.scopes.clone());
    let params = wish
        .params
        .clone()
        .or_else(|| existing.as_ref().map(|connection| connection.params.clone()))
        .unwrap_or_default();
    let name = match (wish.name, &existing) {
        (Some(name), _) => name.to_owned(),
        (None, Some(connection)) => connection.name.clone(),
        (None, None) => key.to_string(),
    };
    Ok(Plan {
        environment,
        key,
        name,
        existing: existing.map(|connection| connection.id),
        auth_client,
        scopes,
        params,
        actor: caller.actor(),
    })
}

/// OA12: an existing name keeps its AuthClient. EL8: one is chosen, several are a choice, none is an error.
fn auth_client(
    engine: &Engine,
    environment: &Environment,
    existing: Option<&Connection>,
    wanted: Option<&str>,
) -> Result<AuthClient> {
    let wanted = wanted
        .map(|key| auth_client_acts::find(engine, key))
        .transpose()?;
    match (existing, wanted) {
        (Some(connection), Some(wanted)) if wanted.auth_client.id != connection.auth_client => {
            Err(Error::new(
                Kind::Conflict,
                format!(
                    "The connection “{}” was made through another auth client.",
                    connection.key
                ),
                "Leave --auth-client out to connect it again, or choose another name.",
            ))
        }
        (Some(connection), _) => Ok(engine
            .unlocked()?
            .read(|tx| auth_clients::read(tx, connection.auth_client))?),
        (None, Some(wanted)) if auth_client_acts::is_visible(&wanted.auth_client, environment) => {
            Ok(wanted.auth_client)
        }
        (None, Some(wanted)) => Err(Error::new(
            Kind::NotFound,
            format!(
                "The auth client “{}” belongs to another environment.",
                wanted.auth_client.key
            ),
            "",
        )),
        (None, None) => {
            let mut visible = auth_client_acts::list(engine, environment.name.as_str())?;
            match visible.len() {
                1 => Ok(visible.remove(0).auth_client),
                0 => Err(Error::new(
                    Kind::NotFound,
                    format!(
                        "Environment “{}” has no auth client to connect through.",
                        environment.name
                    ),
                    "Make one with `keyward auth-client add NAME --type oauth2 --issuer URL --client-id ID`.",
                )),
                _ => {
                    let keys: Vec<String> = visible
                        .iter()
                        .map(|one| one.auth_client.key.to_string())
                        .collect();
                    let message = "Several auth clients could be meant.";
                    Err(Error::new(
                        Kind::Invalid,
                        message,
                        format!("Say --auth-client with one of: {}.", keys.join(", ")),
                    ))
                }
            }
        }
    }
}

enum Ended {
    Code(Code),
    Refused(CallbackError),
    TimedOut,
    Cancelled,
}

fn finish(
    engine: &Engine,
    consent: &Consent,
    plan: &Plan,
    loopback: Loopback,
    mut paste: mpsc::Receiver<Code>,
) {
    let Ok(network) = engine.network() else { return };
    let ended = network.runtime.block_on(async {
        tokio::select! {
            biased;
            () = consent.cancelled.notified() => Ended::Cancelled,
            Some(code) = paste.recv() => Ended::Code(code),
            answer = loopback.wait(&consent.pending) => match answer {
                Ok(code) => Ended::Code(code),
                Err(refused) => Ended::Refused(refused),
            },
            () = tokio::time::sleep(consent.allowed) => Ended::TimedOut,
        }
    });
    let code = match ended {
        Ended::Code(code) => code,
        Ended::Refused(refused) => {
            return end(engine, consent, state_of(&refused), WAIT, Some(explain(&refused)));
        }
        Ended::TimedOut => {
            let message = format!("Nobody answered within {}.", minutes(consent.allowed));
            let hint =
                "Connect again when you can approve in the browser; the link can be copied to another one.";
            return end(
                engine,
                consent,
                State::TimedOut,
                WAIT,
                Some(Error::new(Kind::NeedsConsent, message, hint)),
            );
        }
        Ended::Cancelled => {
            let error = Error::new(Kind::Denied, "The consent was cancelled.", "Connect again.");
            return end(engine, consent, State::Cancelled, WAIT, Some(error));
        }
    };
    step(engine, consent, WAIT, EXCHANGE);
    let answer = exchange(engine, network, plan, &consent.pending, code);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return end(engine, consent, State::Failed, EXCHANGE, Some(error)),
    };
    step(engine, consent, EXCHANGE, STORE);
    match store_answer(engine, plan, answer) {
        Ok(id) => done(engine, consent, id),
        Err(error) => end(engine, consent, State::Failed, STORE, Some(error)),
    }
}

fn exchange(
    engine: &Engine,
    network: &crate::engine::Network,
    plan: &Plan,
    pending: &Pending,
    code: Code,
) -> Result<Answer> {
    let secret: Option<SecretValue> = engine
        .unlocked()?
        .read(|tx| auth_clients::client_secret(tx, &plan.auth_client))?;
    let clock = Arc::clone(&engine.ports.clock);
    let exchanged = network.runtime.block_on(token::exchange(
        &network.http,
        &plan.auth_client,
        secret.as_ref(),
        pending,
        code,
        &move || clock.now(),
    ));
    exchanged.map_err(|error| match error {
        keyward_oauth::Error::Permanent {
            oauth_error,
            description,
        } => {
            let message = match description {
                Some(description) => format!("The provider refused the code: {oauth_error} ({description})."),
                None => format!("The provider refused the code: {oauth_error}."),
            };
            Error::new(
                Kind::Provider,
                message,
                "Connect again; if it repeats, compare the redirect address at the provider.",
            )
        }
        error => error.into(),
    })
}

/// One synced transaction: the Connection, its tokens with the raw answer, and the audit event (O-53).
fn store_answer(engine: &Engine, plan: &Plan, mut answer: Answer) -> Result<Id> {
    let now = engine.now();
    let vault = engine.unlocked()?;
    let _lease = plan
        .existing
        .map(|id| lease::take(&engine.home, &engine.name, id, LEASE_WAIT))
        .transpose()?;
    // O-14: an absent scope means as requested.
    let requested = plan.scopes.join(" ");
    let granted = answer
        .tokens
        .scope
        .clone()
        .or((!requested.is_empty()).then_some(requested));
    answer.tokens.scope.clone_from(&granted);
    let id = vault.write(now, |tx| {
        let old = plan.existing.map(|id| connections::read(tx, id)).transpose()?;
        let is_first = match &plan.auth_client.application {
            Some(application) => match connections::default_of(tx, plan.environment.id, application) {
                Ok(_) => false,
                Err(store::Error::NotFound(_)) => true,
                Err(error) => return Err(error),
            },
            None => false,
        };
        let connection = Connection {
            id: old.as_ref().map_or_else(|| tx.new_id(), |old| Ok(old.id))?,
            key: plan.key.clone(),
            name: plan.name.clone(),
            environment: plan.environment.id,
            application: plan.auth_client.application.clone(),
            auth_client: plan.auth_client.id,
            auth_type: AuthType::Oauth2,
            account: answer
                .account
                .clone()
                .or_else(|| old.as_ref().and_then(|old| old.account.clone())),
            state: ConnectionState::Ready,
            error: answer
                .tokens
                .refresh_token
                .is_none()
                .then(|| no_refresh_token(&answer)),
            requested_scopes: plan.scopes.clone(),
            params: plan.params.clone(),
            granted_scope: granted.clone(),
            lifetime: Some(answer.tokens.lifetime),
            has_refresh_token: answer.tokens.refresh_token.is_some(),
            token_set: old
                .as_ref()
                .map_or_else(|| tx.new_id(), |old| Ok(old.token_set))?,
            refresh_intent: old
                .as_ref()
                .map_or_else(|| tx.new_id(), |old| Ok(old.refresh_intent))?,
            default: old.as_ref().map_or(is_first, |old| old.default),
            retry_at: None,
            failures: 0,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        match &old {
            Some(_) => connections::update(tx, &connection)?,
            None => connections::insert(tx, &connection)?,
        }
        connections::replace_tokens(tx, &connection, &answer.tokens, None)?;
        audit::append(
            tx,
            &AuditEvent {
                at: now,
                actor: plan.actor.clone(),
                action: "connection.connect".to_owned(),
                subject: format!("connection {}/{}", plan.environment.name, plan.key),
                outcome: "ok".to_owned(),
            },
        )?;
        Ok(connection.id)
    })?;
    engine.changes.publish(ChangeKind::Connection, id);
    Ok(id)
}

/// AM10: says so, why, and what to do.
fn no_refresh_token(answer: &Answer) -> ConnectionError {
    ConnectionError {
        code: "no_refresh_token".to_owned(),
        message: format!(
            "The provider gave no refresh token: the connection ends at {}.",
            answer.tokens.lifetime.expires_at.to_rfc3339()
        ),
        hint: "Ask for offline access: the scope offline_access at most providers, access_type=offline with \
               prompt=consent at Google; then connect again."
            .to_owned(),
    }
}

fn done(engine: &Engine, consent: &Consent, id: Id) {
    let shown = connection_acts::read(engine, id).ok();
    let refreshable = shown
        .as_ref()
        .is_some_and(|shown| shown.connection.has_refresh_token);
    let after = elapsed(engine, consent);
    consent.change(|progress| {
        progress.steps[STORE] = Step::Done(after);
        progress.steps[PLAN] = if refreshable {
            Step::Done(after)
        } else {
            Step::Warn(after)
        };
        progress.state = if refreshable {
            State::Done
        } else {
            State::DoneWithoutRefreshToken
        };
        progress.result = shown;
    });
    engine.changes.publish(ChangeKind::Consent, consent.id);
}

fn step(engine: &Engine, consent: &Consent, finished: usize, begun: usize) {
    let after = elapsed(engine, consent);
    consent.change(|progress| {
        progress.state = State::Finishing;
        progress.steps[finished] = Step::Done(after);
        progress.steps[begun] = Step::Now;
    });
    engine.changes.publish(ChangeKind::Consent, consent.id);
}

fn end(engine: &Engine, consent: &Consent, state: State, failed: usize, error: Option<Error>) {
    let after = elapsed(engine, consent);
    let mut changed = false;
    consent.change(|progress: &mut Progress| {
        if !progress.state.is_final() {
            changed = true;
            progress.steps[failed] = Step::Failed(after);
            progress.state = state;
            progress.error = error;
        }
    });
    if changed {
        engine.changes.publish(ChangeKind::Consent, consent.id);
    }
}

fn state_of(refused: &CallbackError) -> State {
    match refused {
        CallbackError::Refused { error, .. } if error == "access_denied" => State::Denied,
        _ => State::Failed,
    }
}

/// O-33: every code of RFC 6749 §4.1.2.1 in words.
fn explain(refused: &CallbackError) -> Error {
    let CallbackError::Refused { error, description } = refused else {
        return Error::new(
            Kind::Provider,
            "The answer came from another server than the one that was asked.",
            "Check the issuer of the auth client. Somebody may be mixing up servers; nothing was sent.",
        );
    };
    let (kind, sentence, hint) = match error.as_str() {
        "access_denied" => (
            Kind::Denied,
            "The provider's page said no.",
            "Connect again and approve, or ask the provider's administrator to allow this application.",
        ),
        "invalid_scope" => (
            Kind::Provider,
            "The provider does not know one of the scopes.",
            "Compare the scopes with the provider's documentation.",
        ),
        "unauthorized_client" => (
            Kind::Provider,
            "The provider does not allow this client to ask this way.",
            "Register it there as a desktop or native application.",
        ),
        "invalid_request" => (
            Kind::Provider,
            "The provider found the request malformed.",
            "Compare client id, scopes and additional parameters.",
        ),
        "unsupported_response_type" => (
            Kind::Provider,
            "The provider does not offer the authorization code flow.",
            "Use another provider endpoint or registration.",
        ),
        "login_required" | "consent_required" | "interaction_required" | "account_selection_required" => (
            Kind::NeedsConsent,
            "The provider needs a person to sign in.",
            "Leave out prompt=none and connect again.",
        ),
        "server_error" | "temporarily_unavailable" => (
            Kind::Provider,
            "The provider failed for now.",
            "Try again in a moment.",
        ),
        _ => (
            Kind::Provider,
            "The provider refused.",
            "Look the code up in the provider's documentation.",
        ),
    };
    let message = match description {
        Some(description) => format!("{sentence} It said: {error} ({description})."),
        None => format!("{sentence} It said: {error}."),
    };
    Error::new(kind, message, hint)
}

fn elapsed(engine: &Engine, consent: &Consent) -> Duration {
    engine.ports.clock.monotonic().saturating_sub(consent.started)
}

fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// Seconds left until it gives up, and allowed in all.
#[must_use]
pub fn time_left(engine: &Engine, consent: &Consent) -> (Duration, Duration) {
    (
        consent.allowed.saturating_sub(elapsed(engine, consent)),
        consent.allowed,
    )
}
