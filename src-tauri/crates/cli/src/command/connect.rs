//! `keyward connect`

use std::{
    io::{self, BufRead, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use keyward_api::wire::{
    BrowserChoice, Code, Connection, ConnectionCancel, ConnectionConnect, ConnectionPaste, Consent,
    ConsentState, ConsentStatus, Error, Login, Plaintext, StepId, StepState,
};
use signal_hook::{consts::TERM_SIGNALS, flag};

use super::{Result, connection};
use crate::{args::Connect, context::Context, door::Door, output::Face, value};

/// How often the consent is looked at; a person waits for a browser, not for us.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs one Consent and ends with the Connection on stdout.
///
/// # Errors
/// `denied`, `needs_consent` when nobody answered, `provider`, `conflict`, `not_found`, `usage`.
pub fn run(context: &Context, face: &Face, connect: Connect) -> Result {
    let interrupted = Arc::new(AtomicBool::new(false));
    // Until the Consent is there nothing is to be closed: a signal ends the program at once.
    let nothing_begun = Arc::new(AtomicBool::new(true));
    for &signal in TERM_SIGNALS {
        let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&nothing_begun));
        // Ctrl C closes the listener before the program ends, also when a host runs it.
        let _ = flag::register(signal, Arc::clone(&interrupted));
    }
    let mut door = Door::open(context)?;
    let begun = door.call(context, request(context, &connect)?)?;
    nothing_begun.store(false, Ordering::SeqCst);
    // Unlocked: the browser is another program, and gets nothing of ours.
    context.drop_passphrase();
    // CLI.md: with a host the result is the same. So it is the browser of this person's session, found by this
    // command's environment; a host may have been started without either.
    let browser = match connect.no_browser || begun.link.is_empty() {
        true => None,
        false => context.ports().browser.open(&begun.link).ok(),
    };
    tell(face, &connect, &begun, browser.as_deref());
    // A code is typed in elsewhere, and who is not asked pastes nothing.
    let pastes = io::stdin().is_terminal() && !begun.link.is_empty() && begun.user_code.is_none();
    let pasted = pastes.then(paste_lines).transpose()?;
    let ended = watch(context, face, &mut door, begun, pasted.as_ref(), &interrupted)?;
    finish(face, ended)
}

fn request(context: &Context, connect: &Connect) -> Result<ConnectionConnect> {
    let seconds = u32::try_from(connect.timeout.as_secs())
        .map_err(|_| Error::usage("timeout: between 1 s and 10 min."))?;
    Ok(ConnectionConnect {
        environment: context.environment.clone(),
        connection: connect.name.clone(),
        name: None,
        auth_client: connect.auth_client.clone(),
        scopes: (!connect.scopes.is_empty()).then(|| connect.scopes.clone()),
        params: (!connect.params.is_empty()).then(|| connect.params.clone()),
        browser: BrowserChoice::Link,
        login: login(connect.username.as_deref())?,
        timeout_seconds: Some(seconds),
    })
}

/// The password of a client that asks for one: a line of stdin, or a prompt.
fn login(username: Option<&str>) -> Result<Option<Login>> {
    let Some(username) = username else { return Ok(None) };
    let password = match io::stdin().is_terminal() {
        true => value::prompt("Password at the provider: ")?,
        false => value::stdin(false)?,
    };
    Ok(Some(Login {
        username: username.to_owned(),
        password: Plaintext(password),
    }))
}

fn tell(face: &Face, connect: &Connect, begun: &Consent, browser: Option<&str>) {
    if begun.link.is_empty() {
        return face.say("Asking the provider for tokens; nobody has to approve this …");
    }
    if let Some(code) = &begun.user_code {
        // O-51: address and code apart, so that a person sees what they agree to.
        face.say(format!("open: {}", begun.link));
        face.say(format!("code: {code}"));
        return face.say("Open that address on any device and type the code in; this goes on by itself …");
    }
    match browser {
        Some(browser) => face.say(format!(
            "Opened {browser}. Approve the request there; this goes on by itself."
        )),
        None if connect.no_browser => face.say(format!("open: {}", begun.link)),
        None => face.say(format!("No browser could be started.\nopen: {}", begun.link)),
    }
    if io::stdin().is_terminal() {
        face.say("On another machine? Paste the address the browser ends at, then Enter.");
    }
    if begun.listening.starts_with("https://localhost") {
        face.say(
            "At the end the browser asks about this computer's own certificate: that is Keyward, go on.",
        );
    }
    face.say(format!("Waiting for the answer on {} …", begun.listening));
}

fn paste_lines() -> Result<mpsc::Receiver<String>> {
    let (send, receive) = mpsc::channel();
    thread::Builder::new()
        .name("keyward-paste".to_owned())
        .spawn(move || {
            for line in io::stdin().lock().lines().map_while(std::result::Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| {
            Error::new(
                Code::Internal,
                format!("The terminal cannot be read: {error}."),
                "",
            )
        })?;
    Ok(receive)
}

fn watch(
    context: &Context,
    face: &Face,
    door: &mut Door,
    mut consent: Consent,
    pasted: Option<&mpsc::Receiver<String>>,
    interrupted: &AtomicBool,
) -> Result<Consent> {
    let id = consent.id.clone();
    while matches!(consent.state, ConsentState::Waiting | ConsentState::Finishing) {
        if interrupted.load(Ordering::Relaxed) {
            return door.call_as_is(context, ConnectionCancel { consent: id });
        }
        if let Some(address) = pasted
            .and_then(|pasted| pasted.try_recv().ok())
            .filter(|line| !line.trim().is_empty())
            && let Err(error) = door.call_as_is(
                context,
                ConnectionPaste {
                    consent: id.clone(),
                    address: address.trim().to_owned(),
                },
            )
        {
            face.say(format!("{} {}", error.message, error.hint));
        }
        thread::sleep(LOOK_EVERY);
        let seen = door.call_as_is(
            context,
            ConsentStatus {
                consent: id.clone(),
                after: None,
            },
        )?;
        for (before, after) in consent.steps.iter().zip(&seen.steps) {
            if before.state != after.state && after.state == StepState::Done {
                progress(face, after.id);
            }
        }
        consent = seen;
    }
    Ok(consent)
}

fn progress(face: &Face, step: StepId) {
    match step {
        StepId::Wait => face.say("Approved."),
        StepId::Exchange => face.say("Exchanged the code for tokens."),
        StepId::Store => face.say("Stored them in the vault."),
        StepId::Prepare | StepId::OpenBrowser | StepId::Plan => {}
    }
}

fn finish(face: &Face, ended: Consent) -> Result {
    match (ended.result, ended.error) {
        (Some(connected), _) => {
            announce(face, &connected);
            face.show(&connected, connection::facts)
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::new(
            Code::Internal,
            "The consent ended without a result.",
            "Connect again.",
        )),
    }
}

fn announce(face: &Face, connected: &Connection) {
    match (&connected.error, &connected.next_refresh_at) {
        // AM10: a connection that will end says so, why, and what to do.
        (Some(warning), _) => face.say(format!("Connected, but: {} {}", warning.message, warning.hint)),
        (None, Some(at)) => face.say(format!("Connected. Refreshes at {at}.")),
        (None, None) => face.say("Connected."),
    }
}
