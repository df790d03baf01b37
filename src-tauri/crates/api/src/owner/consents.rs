//! Consents: begin, watch, stop, paste; and those that are due.

use std::{sync::Arc, time::Duration};

use keyward_engine::{
    Engine,
    access::Caller,
    connect::{self, Login, Opening, USUAL_WAIT, Wish},
    consent::{self, Consent, Progress, State, Step},
    consent_queue::{self, Due},
};
use keyward_model::{Id, connection::Urgency};

use super::{Result, diagnosis, params};
use crate::wire::{self, BrowserChoice, Done, Error, StepId, StepState};

/// How long a status waits for news: below the client's own limit for a reply.
const NEWS_WAIT: Duration = Duration::from_secs(25);

/// Begins a Consent.
///
/// # Errors
/// `usage`, `not_found`, `conflict`.
pub fn connect(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionConnect,
) -> Result<wire::Consent> {
    let wish = Wish {
        environment: &request.environment,
        connection: &request.connection,
        name: request.name.as_deref(),
        auth_client: request.auth_client.as_deref(),
        scopes: request.scopes,
        params: request.params.as_deref().map(params).transpose()?,
        browser: match request.browser {
            BrowserChoice::Open => Opening::Browser,
            BrowserChoice::Link => Opening::LinkOnly,
        },
        timeout: request
            .timeout_seconds
            .map_or(USUAL_WAIT, |seconds| Duration::from_secs(seconds.into())),
    };
    let login = request.login.map(|login| Login {
        username: login.username,
        password: login.password.0,
    });
    let consent = connect::sign_in(engine, caller, &wish, login)?;
    Ok(shown(engine, &consent, consent.progress()))
}

/// Where a Consent stands; waits for news when a revision is given.
///
/// # Errors
/// `not_found`.
pub fn status(engine: &Arc<Engine>, _: &Caller, request: wire::ConsentStatus) -> Result<wire::Consent> {
    let consent = consent::find(engine, id(&request.consent)?)?;
    let progress = match request.after {
        Some(after) => consent.wait(after, NEWS_WAIT),
        None => consent.progress(),
    };
    Ok(shown(engine, &consent, progress))
}

/// Stops it.
///
/// # Errors
/// `not_found`.
pub fn cancel(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionCancel) -> Result<wire::Consent> {
    let consent = connect::cancel(engine, id(&request.consent)?)?;
    Ok(shown(engine, &consent, consent.progress()))
}

/// Hands in the address the browser ended at.
///
/// # Errors
/// `usage` when it answers another Consent or none; the Consent goes on.
pub fn paste(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionPaste) -> Result<wire::Consent> {
    let consent = connect::paste(engine, id(&request.consent)?, &request.address)?;
    Ok(shown(engine, &consent, consent.progress()))
}

/// Opens the browser once more.
///
/// # Errors
/// `not_found`.
pub fn open_again(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionOpenAgain) -> Result<Done> {
    connect::open_again(engine, id(&request.consent)?)?;
    Ok(Done {})
}

/// Connections that need a person, the most urgent first.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::ConsentList) -> Result<Vec<wire::ConsentDue>> {
    let queue = consent_queue::list(engine, request.environment.as_deref())?;
    Ok(queue.into_iter().map(due).collect())
}

fn due(due: Due) -> wire::ConsentDue {
    let login_hint = due.shown.connection.login_hint().map(str::to_owned);
    let connection = wire::Connection::from(due.shown);
    let auth_client = connection.auth_client.as_deref().unwrap_or_default();
    wire::ConsentDue {
        cause: diagnosis::shown(
            &due.cause,
            &connection.key,
            auth_client,
            due.registration.as_ref(),
        ),
        urgency: match due.urgency {
            Urgency::Dead => wire::Urgency::Dead,
            Urgency::Ending => wire::Urgency::Ending,
            Urgency::Planned => wire::Urgency::Planned,
        },
        at: due.at.to_rfc3339(),
        login_hint,
        wants_client_secret: due.wants_client_secret,
        connection,
    }
}

fn id(text: &str) -> Result<Id> {
    Id::parse(text).ok_or_else(|| Error::usage("consent: not an id."))
}

fn shown(engine: &Engine, consent: &Consent, progress: Progress) -> wire::Consent {
    const IDS: [StepId; consent::STEPS] = [
        StepId::Prepare,
        StepId::OpenBrowser,
        StepId::Wait,
        StepId::Exchange,
        StepId::Store,
        StepId::Plan,
    ];
    let (left, allowed) = connect::time_left(engine, consent);
    let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
    wire::Consent {
        id: consent.id.to_string(),
        connection: consent.connection.to_string(),
        auth_client: consent.auth_client.to_string(),
        state: match progress.state {
            State::Waiting => wire::ConsentState::Waiting,
            State::Finishing => wire::ConsentState::Finishing,
            State::Done => wire::ConsentState::Done,
            State::DoneWithoutRefreshToken => wire::ConsentState::DoneWithoutRefreshToken,
            State::Denied => wire::ConsentState::Denied,
            State::TimedOut => wire::ConsentState::TimedOut,
            State::Cancelled => wire::ConsentState::Cancelled,
            State::Failed => wire::ConsentState::Failed,
        },
        steps: IDS
            .into_iter()
            .zip(progress.steps)
            .map(|(id, step)| shown_step(id, step))
            .collect(),
        link: consent.link().to_owned(),
        user_code: consent.user_code().map(str::to_owned),
        listening: consent.redirect_uri().trim_start_matches("http://").to_owned(),
        browser: progress.browser,
        seconds_left: seconds(left),
        seconds_allowed: seconds(allowed),
        revision: progress.revision,
        result: progress.result.map(Into::into),
        error: progress.error.map(Into::into),
    }
}

fn shown_step(id: StepId, step: Step) -> wire::Step {
    let (state, at) = match step {
        Step::Todo => (StepState::Todo, None),
        Step::Now => (StepState::Now, None),
        Step::Done(at) => (StepState::Done, Some(at)),
        Step::Warn(at) => (StepState::Warn, Some(at)),
        Step::Failed(at) => (StepState::Error, Some(at)),
    };
    wire::Step {
        id,
        state,
        seconds: at.map(|at| (at.as_secs_f64() * 10.0).round() / 10.0),
    }
}
