//! Connect: what a person asks for, and the Consent that is begun, watched and stopped.

mod failure;
mod finish;
mod identity;
mod listener;
mod way;
mod words;

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard},
    thread,
    time::Duration,
};

use keyward_model::{
    Id, SecretValue,
    auth_client::AuthClient,
    connection::{Address, AuthType, Connection},
    environment::Environment,
    name::Handle,
};
use keyward_oauth::{authorize, callback::CallbackError};
use keyward_vault::table::items;
use tokio::sync::mpsc;

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    auth_clients as auth_client_acts,
    changes::ChangeKind,
    consent::{self, Consent, OPEN_BROWSER, State, Step, WAIT},
    engine::hold,
    environments, secrets,
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
    auth_client: AuthClient,
    address: Address,
    scopes: Vec<String>,
    params: Vec<(String, String)>,
    actor: String,
}

impl Plan {
    fn auth_type(&self) -> AuthType {
        match self.auth_client.oauth1() {
            Some(_) => AuthType::Oauth1,
            None => AuthType::Oauth2,
        }
    }
}

/// User name and password, for an AuthClient whose grant asks for them (legacy).
pub struct Login {
    /// User name.
    pub username: String,
    /// Password: sent once, kept nowhere.
    pub password: SecretValue,
}

/// Begins a Consent: binds the listener, makes state and PKCE, opens the browser, and finishes by itself. By the
/// AuthClient's grant a code for another device is shown instead, or nobody is asked.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::NotFound`], [`Kind::Conflict`] when the key is taken by something else or another AuthClient is named.
pub fn begin(engine: &Arc<Engine>, caller: &Caller, wish: &Wish<'_>) -> Result<Arc<Consent>> {
    sign_in(engine, caller, wish, None)
}

/// As [`begin`], with user name and password for an AuthClient that asks for tokens with them.
///
/// # Errors
/// As [`begin`].
pub fn sign_in(
    engine: &Arc<Engine>,
    caller: &Caller,
    wish: &Wish<'_>,
    login: Option<Login>,
) -> Result<Arc<Consent>> {
    access::authorize(caller, Act::Write)?;
    if wish.timeout.is_zero() || wish.timeout > LONGEST_WAIT {
        return Err(Error::invalid("timeout: between 1 s and 10 min."));
    }
    let plan = plan(engine, caller, wish)?;
    let (way, asked) = way::prepare(engine, &plan, login).map_err(|failure| failure.tell(engine, &plan))?;
    let id = engine.unlocked()?.read(|tx| tx.new_id())?;
    let (pasted, paste) = mpsc::channel(1);
    let consent = Arc::new(Consent::new(
        id,
        (plan.key.clone(), plan.auth_client.key.clone()),
        engine.ports.clock.monotonic(),
        wish.timeout,
        asked,
        pasted,
    ));
    remember(hold(&engine.consents), Arc::clone(&consent));
    // O-20: the listener lives in the finishing thread and closes with it, however it ends.
    let (finisher, run) = (Arc::clone(engine), Arc::clone(&consent));
    thread::Builder::new()
        .name("keyward-consent".to_owned())
        .spawn(move || finish::run(&finisher, &run, &plan, way, paste))
        .map_err(|error| {
            hold(&engine.consents).remove(&id);
            Error::internal(format!("The consent could not be started: {error}."))
        })?;
    // Whoever locked the vault before this Consent could be found did not stop it.
    if let Err(locked) = engine.unlocked() {
        consent.cancel();
        return Err(locked);
    }
    if wish.browser == Opening::Browser && consent.asks() {
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
    // O-16: a reference to a pushed request that has ended leads to an error page of the provider.
    if consent
        .pending()
        .is_some_and(|pending| !pending.is_good(engine.now()))
    {
        return Err(Error::new(
            Kind::Conflict,
            "The provider no longer knows this request.",
            "Cancel and connect again.",
        ));
    }
    let program = engine.ports.browser.open(consent.link()).ok();
    opened(engine, &consent, program);
    Ok(())
}

fn opened(engine: &Engine, consent: &Consent, program: Option<String>) {
    let after = elapsed(engine, consent);
    consent.change(|progress| {
        // Where no browser comes back none is missing.
        progress.steps[OPEN_BROWSER] = if program.is_some() || consent.pending().is_none() {
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
    // No revision is that high: it waits for the end alone. One that is finishing is not stopped any more.
    let _ = consent.wait(u32::MAX, Duration::from_secs(2));
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
    let Some(pending) = consent.pending() else {
        return Err(Error::new(
            Kind::Invalid,
            "This consent waits for no address.",
            "Type the code in where the provider asks for it; this goes on by itself.",
        ));
    };
    match pending.accept_pasted(address) {
        Ok(code) => {
            // A second copy of a used address finds the channel full or closed: the first one counts (O-24).
            let _ = consent.pasted.try_send(Ok(code));
            Ok(consent)
        }
        Err(CallbackError::NotOurs(reason)) => Err(Error::new(
            Kind::Invalid,
            format!("This address does not answer the consent that is waiting: {reason}."),
            format!(
                "Copy the whole address from the browser's address bar, from {} to the end.",
                start_of(pending.redirect_uri())
            ),
        )),
        Err(refused) => {
            let error = words::explain(&refused);
            let _ = consent.pasted.try_send(Err(refused));
            // No revision is that high: it waits for the end alone.
            let ended = consent.wait(u32::MAX, Duration::from_secs(2));
            Err(ended.error.unwrap_or(error))
        }
    }
}

/// How the address that the browser ends at begins: `http://`, `https://`, or a scheme of the app's own.
fn start_of(redirect_uri: &str) -> String {
    let (scheme, rest) = redirect_uri.split_once(':').unwrap_or(("http", "//"));
    let slashes = if rest.starts_with("//") { "//" } else { "" };
    format!("{scheme}:{slashes}")
}

/// Takes an address that the system handed to the app because of its scheme: it belongs to the one waiting Consent
/// that it answers, if to any (OA1, W-14).
///
/// # Errors
/// [`Kind::Invalid`] when nobody waits for it; nothing changes.
pub fn hand_over(engine: &Engine, address: &str) -> Result<Arc<Consent>> {
    let waiting: Vec<Id> = hold(&engine.consents)
        .values()
        .filter(|consent| consent.progress().state == State::Waiting && consent.pending().is_some())
        .map(|consent| consent.id)
        .collect();
    for id in waiting {
        match paste(engine, id, address) {
            Err(error) if error.kind == Kind::Invalid => {}
            outcome => return outcome,
        }
    }
    Err(Error::new(
        Kind::Invalid,
        "This address answers no consent that is waiting.",
        "Connect again.",
    ))
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
        Some(items::Item::Connection(connection))
            if connection.key == key
                && matches!(connection.auth_type, AuthType::Oauth2 | AuthType::Oauth1) =>
        {
            Some(connection)
        }
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
    let (auth_client, address) = auth_client(engine, &environment, existing.as_deref(), wish.auth_client)?;
    let default_scopes = auth_client
        .oauth2()
        .map(|registration| registration.scopes.clone())
        .unwrap_or_default();
    let scopes = wish
        .scopes
        .clone()
        .or_else(|| {
            existing
                .as_ref()
                .map(|connection| connection.requested_scopes.clone())
        })
        .unwrap_or(default_scopes);
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
        auth_client,
        address,
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
) -> Result<(AuthClient, Address)> {
    let Some(connection) = existing else {
        let found = auth_client_acts::choose_for_consent(engine, environment, wanted)?;
        return Ok((found.auth_client, found.address));
    };
    let kept = connection
        .auth_client
        .ok_or_else(|| Error::internal("An OAuth connection has an auth client."))?;
    let wanted = wanted
        .map(|key| auth_client_acts::find(engine, key))
        .transpose()?;
    if wanted.is_some_and(|wanted| wanted.address != kept) {
        return Err(Error::new(
            Kind::Conflict,
            format!(
                "The connection “{}” was made through another auth client.",
                connection.key
            ),
            "Leave --auth-client out to connect it again, or choose another name.",
        ));
    }
    let vault = engine.unlocked()?;
    let used = auth_client_acts::read_for_use(engine, &vault, kept)?;
    Ok((used.auth_client, kept))
}

fn elapsed(engine: &Engine, consent: &Consent) -> Duration {
    engine.ports.clock.monotonic().saturating_sub(consent.started)
}

/// Seconds left until it gives up, and allowed in all.
#[must_use]
pub fn time_left(engine: &Engine, consent: &Consent) -> (Duration, Duration) {
    (
        consent.allowed.saturating_sub(elapsed(engine, consent)),
        consent.allowed,
    )
}
