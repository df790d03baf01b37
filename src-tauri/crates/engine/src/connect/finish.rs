//! The second half of Connect: from the browser's answer to the tokens stored.

use std::{sync::mpsc as channel, thread, time::Duration};

use keyward_model::{
    BootTime,
    connection::{AuthType, Connection, ConnectionError, ConnectionState, Since},
};
use keyward_oauth::{callback::CallbackError, token::Answer};
use keyward_vault::{
    table::{applications, audit, connections, items},
    vault::UnlockedVault,
};

use super::{
    Plan, elapsed,
    failure::Failure,
    way::{self, Ended, Pasted, Way},
    words::{ends_by_itself, explain, minutes, no_refresh_token, tell_scopes},
};
use crate::{
    Engine, Error, Kind, Result, auth_clients,
    changes::ChangeKind,
    connections::{RenewedBy, Shown, is_first},
    consent::{Consent, EXCHANGE, PLAN, Progress, STORE, State, Step, WAIT},
    engine::Network,
    refresh,
};

/// How long the end of a Consent waits for an issuer that has not answered yet (O-43).
const FOR_THE_ISSUER: Duration = Duration::from_secs(2);

/// Waits for the answer, exchanges the code, stores the tokens; the Consent ends however this ends.
pub(super) fn run(engine: &Engine, consent: &Consent, plan: &Plan, way: Way, paste: Pasted) {
    let _ends = Ends(engine, consent);
    let Ok(network) = engine.network() else { return };
    thread::scope(|scope| {
        // O-43: the issuer is asked while the person reads the provider's page.
        let (asked, issuer) = channel::channel::<()>();
        scope.spawn(move || {
            auth_clients::ask_issuer(engine, network, &plan.auth_client);
            drop(asked);
        });
        finish(engine, network, consent, plan, way, paste, &issuer);
    });
}

/// The hint of a failure, and that the issuer names other addresses where it does: that may be why (O-43).
fn hinted(engine: &Engine, plan: &Plan, issuer: &channel::Receiver<()>, mut error: Error) -> Error {
    // An answer or none: both end the wait.
    let _ = issuer.recv_timeout(FOR_THE_ISSUER);
    if let Some(moved) = auth_clients::moved(engine, &plan.actor, &plan.auth_client) {
        error.hint = format!("{} {} {}", error.hint, moved.sentence, auth_clients::MOVED_HINT);
    }
    error
}

fn finish(
    engine: &Engine,
    network: &Network,
    consent: &Consent,
    plan: &Plan,
    mut way: Way,
    mut paste: Pasted,
    issuer: &channel::Receiver<()>,
) {
    let ended = way::wait(engine, network, consent, plan, &mut way, &mut paste);
    log::info!("consent for {} was answered or ended", consent.connection);
    let ended = match ended {
        Ended::Agreed(_) | Ended::Tokens(_) => ended,
        Ended::Failed(failure) => {
            let error = failure.tell(engine, plan);
            let state = match error.kind {
                Kind::Denied => State::Denied,
                _ => State::Failed,
            };
            return end(engine, consent, state, WAIT, error);
        }
        Ended::Refused(refused) => return refuse(engine, consent, plan, &refused),
        Ended::Lapsed => {
            let error = Error::new(
                Kind::NeedsConsent,
                "The provider's code ended before anybody approved it.",
                "Connect again for a new code.",
            );
            return end(engine, consent, State::Failed, WAIT, error);
        }
        Ended::TimedOut => {
            let message = format!("Nobody answered within {}.", minutes(consent.allowed));
            let hint =
                "Connect again when you can approve in the browser; the link can be copied to another one.";
            let error = hinted(
                engine,
                plan,
                issuer,
                Error::new(Kind::NeedsConsent, message, hint),
            );
            return end(engine, consent, State::TimedOut, WAIT, error);
        }
        Ended::Cancelled => {
            // ST5: nobody pressed Cancel where the lock did it.
            let error = match engine.unlocked() {
                Ok(_) => Error::new(Kind::Denied, "The consent was cancelled.", "Connect again."),
                Err(_) => Error::new(
                    Kind::Locked,
                    "The vault was locked, which ended the consent.",
                    "Unlock it and connect again.",
                ),
            };
            return end(engine, consent, State::Cancelled, WAIT, error);
        }
    };
    step(engine, consent, WAIT, EXCHANGE);
    // I5: what the provider gives for this code it gives once; a vault that is locked from here on still takes it.
    let _flight = engine.flight();
    let boot = engine.ports.clock.boot();
    let exchanged = engine.unlocked().map_err(Failure::from).and_then(|vault| {
        Ok((
            way::ask(engine, network, &vault, plan, (consent, way, ended))?,
            vault,
        ))
    });
    let (answer, vault) = match exchanged {
        Ok(exchanged) => exchanged,
        Err(failure) => {
            let error = failure.tell(engine, plan);
            let error = match error.kind {
                Kind::Provider => hinted(engine, plan, issuer, error),
                _ => error,
            };
            return end(engine, consent, State::Failed, EXCHANGE, error);
        }
    };
    step(engine, consent, EXCHANGE, STORE);
    match store_answer(engine, &vault, plan, answer, boot) {
        Ok(mut connection) => {
            let _ = issuer.recv_timeout(FOR_THE_ISSUER);
            tell_moved(engine, &vault, plan, &mut connection);
            done(engine, consent, plan, connection);
        }
        Err(error) => end(engine, consent, State::Failed, STORE, error),
    }
}

/// Ends a Consent that nothing else has ended: nobody waits for a thread that is gone.
struct Ends<'a>(&'a Engine, &'a Consent);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let error = Error::internal("The consent broke off.");
        end(self.0, self.1, State::Failed, PLAN, error);
    }
}

/// One synced transaction: the Connection, its tokens with the raw answer, and the audit event (O-53).
///
/// No lease is taken: a refresh of the old tokens that is under way may take longer than anybody waits, and it finds
/// another row than it read when it comes to store (O-59).
fn store_answer(
    engine: &Engine,
    vault: &UnlockedVault,
    plan: &Plan,
    mut answer: Answer,
    boot: Option<BootTime>,
) -> Result<Connection> {
    let now = engine.now();
    let upkeep = refresh::upkeep(&answer, plan.auth_client.oauth2(), Since::Consent, boot, now);
    // O-14: an absent scope means as requested.
    let requested = plan.scopes.join(" ");
    let granted = answer
        .tokens
        .scope
        .clone()
        .or((!requested.is_empty()).then_some(requested));
    answer.tokens.scope.clone_from(&granted);
    let connection = vault.write(now, |tx| {
        // OA12: looked up now, not when the Consent began: another one may have made or deleted it meanwhile.
        let old = match items::in_any_case(tx, plan.environment.id, &plan.key)? {
            Some(items::Item::Connection(old))
                if old.key == plan.key && old.auth_client == Some(plan.address) =>
            {
                Some(old)
            }
            // Something else has the key now: `insert` says so.
            _ => None,
        };
        let old = old.as_deref();
        let row = match old {
            Some(old) => connections::tokens(tx, old)?.map(|(_, row)| row),
            None => None,
        };
        let mut connection = Connection {
            id: old.map_or_else(|| tx.new_id(), |old| Ok(old.id))?,
            key: plan.key.clone(),
            name: plan.name.clone(),
            environment: plan.environment.id,
            application: plan.auth_client.application.clone(),
            auth_client: Some(plan.address),
            foreign_key: (plan.address.vault != tx.vault_id()).then(|| plan.auth_client.key.clone()),
            auth_type: plan.auth_type(),
            url: old.and_then(|old| old.url.clone()),
            apply: None,
            value: None,
            account: answer
                .account
                .clone()
                .or_else(|| old.and_then(|old| old.account.clone())),
            state: ConnectionState::Ready,
            error: ends_by_itself(plan, &answer).then(|| no_refresh_token(&answer, plan)),
            requested_scopes: plan.scopes.clone(),
            params: plan.params.clone(),
            granted_scope: granted.clone(),
            // RFC 5849 knows no end.
            lifetime: (plan.auth_type() == AuthType::Oauth2).then_some(answer.tokens.lifetime),
            has_refresh_token: answer.tokens.refresh_token.is_some(),
            token_set: old.map_or_else(|| tx.new_id(), |old| Ok(old.token_set))?,
            refresh_intent: old.map_or_else(|| tx.new_id(), |old| Ok(old.refresh_intent))?,
            default: match old {
                Some(old) => old.default,
                None => is_first(tx, plan.environment.id, plan.auth_client.application.as_ref())?,
            },
            retry_at: None,
            failures: 0,
            kept: answer.kept_over(old.map_or(&[], |old| &old.kept)),
            upkeep,
            created_at: old.map_or(now, |old| old.created_at),
            updated_at: now,
        };
        tell_scopes(&mut connection);
        if let Some(key) = &connection.application {
            let named = applications::New {
                key,
                name: None,
                url: None,
            };
            applications::find_or_insert(tx, named, now)?;
        }
        match old {
            Some(_) => connections::update(tx, &connection)?,
            None => connections::insert(tx, &connection)?,
        }
        connections::replace_tokens(tx, &connection, &answer.tokens, row)?;
        let event = refresh::event(
            engine,
            &plan.actor,
            "connection.connect",
            &plan.environment,
            &connection,
            "ok",
        );
        audit::append(tx, &event)?;
        Ok(connection)
    })?;
    engine.changes.publish(ChangeKind::Connection, connection.id);
    Ok(connection)
}

/// O-43: an issuer that names other addresses now is told beside the connection, once, when its tokens are stored. What
/// ends by itself is the greater trouble and stays told.
fn tell_moved(engine: &Engine, vault: &UnlockedVault, plan: &Plan, connection: &mut Connection) {
    let moved = auth_clients::moved(engine, &plan.actor, &plan.auth_client);
    let Some(moved) = moved.filter(|moved| moved.is_new) else {
        return;
    };
    let warning = ConnectionError {
        code: "issuer_moved".to_owned(),
        message: moved.sentence,
        hint: auth_clients::MOVED_HINT.to_owned(),
    };
    let written = vault.write(engine.now(), |tx| {
        let mut now = connections::read(tx, connection.id)?;
        now.error.get_or_insert(warning);
        connections::update(tx, &now)?;
        Ok(now)
    });
    // The log has it in any case.
    if let Ok(written) = written {
        *connection = written;
        engine.changes.publish(ChangeKind::Connection, connection.id);
    }
}

fn done(engine: &Engine, consent: &Consent, plan: &Plan, connection: Connection) {
    let lasts = connection.has_refresh_token || connection.auth_type == AuthType::Oauth1;
    let after = elapsed(engine, consent);
    consent.change(|progress| {
        progress.steps[STORE] = Step::Done(after);
        (progress.state, progress.steps[PLAN]) = if lasts {
            (State::Done, Step::Done(after))
        } else {
            (State::DoneWithoutRefreshToken, Step::Warn(after))
        };
        progress.result = Some(Shown {
            renewed_by: RenewedBy::of(&connection, Some(&plan.auth_client)),
            connection,
            environment: plan.environment.clone(),
            auth_client: Some(plan.auth_client.key.clone()),
        });
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

fn end(engine: &Engine, consent: &Consent, state: State, failed: usize, error: Error) {
    let after = elapsed(engine, consent);
    let mut changed = false;
    consent.change(|progress: &mut Progress| {
        if !progress.state.is_final() {
            changed = true;
            progress.steps[failed] = Step::Failed(after);
            progress.state = state;
            progress.error = Some(error);
        }
    });
    if changed {
        engine.changes.publish(ChangeKind::Consent, consent.id);
    }
}

/// Ends a Consent whose genuine answer is no, and says why.
fn refuse(engine: &Engine, consent: &Consent, plan: &Plan, refused: &CallbackError) {
    let error = explain(refused);
    let state = match refused {
        _ if error.kind == Kind::Denied => State::Denied,
        CallbackError::TimedOut => State::TimedOut,
        _ => State::Failed,
    };
    let error = match refused {
        // What passes by itself is no trait of the registration.
        CallbackError::Refused { error: code, .. }
            if !matches!(code.as_str(), "server_error" | "temporarily_unavailable") =>
        {
            Failure::said(code, error).tell(engine, plan)
        }
        _ => error,
    };
    end(engine, consent, state, WAIT, error);
}
