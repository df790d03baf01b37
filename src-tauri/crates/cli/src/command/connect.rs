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
use crate::{args::Connect, clipboard, context::Context, door::Door, output::Face, value};

/// How often the consent is looked at; a person waits for a browser, not for us.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How the person gets to the provider's page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Their browser is opened.
    Open,
    /// The link is printed.
    Print,
    /// The link is printed and put on the clipboard: for another browser profile.
    Copy,
}

/// How a Consent ended.
pub(super) enum Ended {
    /// By itself: connected, refused, failed, or nobody answered.
    ByItself(Consent),
    /// The person at the terminal went on to the next one.
    Skipped,
    /// Ctrl C.
    Interrupted(Consent),
}

/// Whether a line of the terminal may skip a Consent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Skips {
    /// `s` or `skip` does.
    Yes,
    /// Every line is an address.
    No,
}

/// What Consents share that one command runs: the signals, and the lines of the terminal.
pub(super) struct Session {
    interrupted: Arc<AtomicBool>,
    nothing_begun: Arc<AtomicBool>,
    lines: Option<mpsc::Receiver<String>>,
    skips: Skips,
}

/// Runs one Consent and ends with the Connection on stdout.
///
/// # Errors
/// `denied`, `needs_consent` when nobody answered, `provider`, `conflict`, `not_found`, `usage`.
pub fn run(context: &Context, face: &Face, connect: Connect) -> Result {
    let mut session = Session::begin(Skips::No);
    let mut door = Door::open(context)?;
    let link = match connect.no_browser {
        true => Link::Print,
        false => Link::Open,
    };
    let request = request(context, &connect)?;
    finish(face, session.consent(context, face, &mut door, (request, link))?)
}

impl Session {
    /// Listens for signals from here on.
    pub(super) fn begin(skips: Skips) -> Self {
        let interrupted = Arc::new(AtomicBool::new(false));
        // Until the Consent is there nothing is to be closed: a signal ends the program at once.
        let nothing_begun = Arc::new(AtomicBool::new(true));
        for &signal in TERM_SIGNALS {
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&nothing_begun));
            // Ctrl C closes the listener before the program ends, also when a host runs it.
            let _ = flag::register(signal, Arc::clone(&interrupted));
        }
        Self {
            interrupted,
            nothing_begun,
            lines: None,
            skips,
        }
    }

    /// Whether the person wants it to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Runs one Consent to its end, each step told on stderr.
    ///
    /// # Errors
    /// When it cannot begin, or cannot be watched.
    pub(super) fn consent(
        &mut self,
        context: &Context,
        face: &Face,
        door: &mut Door,
        (request, link): (ConnectionConnect, Link),
    ) -> Result<Ended> {
        let begun = door.call(context, request)?;
        self.nothing_begun.store(false, Ordering::SeqCst);
        // Unlocked: the browser is another program, and gets nothing of ours.
        context.drop_passphrase();
        // CLI.md: with a host the result is the same. So it is the browser of this person's session, found by this
        // command's environment; a host may have been started without either.
        let opened = match link {
            _ if begun.link.is_empty() => None,
            Link::Open => context.ports().browser.open(&begun.link).ok(),
            Link::Copy => clipboard::copy(&begun.link),
            Link::Print => None,
        };
        tell(face, link, &begun, opened.as_deref());
        // A code is typed in elsewhere, and who is not asked pastes nothing.
        let pastes = !begun.link.is_empty() && begun.user_code.is_none();
        if self.lines.is_none() && io::stdin().is_terminal() && (pastes || self.skips == Skips::Yes) {
            self.lines = Some(paste_lines()?);
        }
        // What was typed for the one before is not meant for this one.
        while self.line().is_some() {}
        if self.skips == Skips::Yes && self.lines.is_some() {
            face.say("To leave it for later: s, then Enter.");
        }
        self.watch(context, face, door, begun)
    }

    fn line(&self) -> Option<String> {
        self.lines.as_ref()?.try_recv().ok()
    }
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

fn tell(face: &Face, link: Link, begun: &Consent, opened: Option<&str>) {
    if begun.link.is_empty() {
        return face.say("Asking the provider for tokens; nobody has to approve this …");
    }
    if let Some(code) = &begun.user_code {
        // O-51: address and code apart, so that a person sees what they agree to.
        face.say(format!("open: {}", begun.link));
        face.say(format!("code: {code}"));
        return face.say("Open that address on any device and type the code in; this goes on by itself …");
    }
    match (link, opened) {
        (Link::Open, Some(browser)) => face.say(format!(
            "Opened {browser}. Approve the request there; this goes on by itself."
        )),
        (Link::Open, None) => face.say(format!("No browser could be started.\nopen: {}", begun.link)),
        (Link::Print, _) => face.say(format!("open: {}", begun.link)),
        (Link::Copy, Some(program)) => face.say(format!(
            "open: {}\nCopied with {program}. Paste it into the browser profile of that account.",
            begun.link
        )),
        (Link::Copy, None) => face.say(format!(
            "open: {}\nNo program here takes it to the clipboard; copy it into the browser profile of that account.",
            begun.link
        )),
    }
    if io::stdin().is_terminal() {
        face.say("On another machine? Paste the address the browser ends at, then Enter.");
    }
    if begun.listening.starts_with("https://localhost:") {
        face.say(
            "At the end the browser asks about this computer's own certificate: that is Keyward, go on.",
        );
    }
    match listens(&begun.listening) {
        true => face.say(format!("Waiting for the answer on {} …", begun.listening)),
        // OA1: with a terminal the line above says what to do.
        false if io::stdin().is_terminal() => {
            face.say(format!("Waiting for the address that begins with {} …", begun.listening));
        }
        false => face.say(format!(
            "The browser ends at {}, where this command does not listen, and there is no terminal to paste that address \
             into. Only the app can still take it; else stop this and connect in a terminal.",
            begun.listening
        )),
    }
}

/// Whether the browser comes back to a listener of this machine. A registered address without a port is one that
/// somebody else answers at.
fn listens(redirect: &str) -> bool {
    let rest = redirect
        .strip_prefix("http://")
        .or_else(|| redirect.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        ["127.0.0.1:", "localhost:", "[::1]:"]
            .iter()
            .any(|start| rest.starts_with(start))
    })
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

impl Session {
    fn watch(&self, context: &Context, face: &Face, door: &mut Door, mut consent: Consent) -> Result<Ended> {
        let id = consent.id.clone();
        while matches!(consent.state, ConsentState::Waiting | ConsentState::Finishing) {
            if self.is_interrupted() {
                let cancelled = door.call_as_is(context, ConnectionCancel { consent: id })?;
                return Ok(Ended::Interrupted(cancelled));
            }
            if let Some(line) = self.line() {
                let line = line.trim();
                if self.skips == Skips::Yes && matches!(line, "s" | "skip") {
                    let stopped = door.call_as_is(context, ConnectionCancel { consent: id })?;
                    // It may have been finishing when the line came: what was stored is stored.
                    return Ok(match stopped.result {
                        Some(_) => Ended::ByItself(stopped),
                        None => Ended::Skipped,
                    });
                }
                if !line.is_empty() {
                    let paste = ConnectionPaste {
                        consent: id.clone(),
                        address: line.to_owned(),
                    };
                    if let Err(error) = door.call_as_is(context, paste) {
                        face.say(format!("{} {}", error.message, error.hint));
                    }
                }
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
                    progress(face, after.id, &seen);
                }
            }
            consent = seen;
        }
        Ok(Ended::ByItself(consent))
    }
}

fn progress(face: &Face, step: StepId, consent: &Consent) {
    let nobody_is_asked = consent.link.is_empty();
    match step {
        StepId::Wait if nobody_is_asked => {}
        StepId::Exchange if nobody_is_asked => face.say("The provider gave tokens."),
        StepId::Wait => face.say("Approved."),
        StepId::Exchange => face.say("Exchanged the code for tokens."),
        StepId::Store => face.say("Stored them in the vault."),
        StepId::Prepare | StepId::OpenBrowser | StepId::Plan => {}
    }
}

/// Ends the command as the Consent ended.
///
/// # Errors
/// Why nothing was connected.
pub(super) fn finish(face: &Face, ended: Ended) -> Result {
    let connected = connected(face, ended)?;
    face.show(&connected, connection::facts)
}

/// What a Consent connected, announced.
///
/// # Errors
/// Why it did not.
pub(super) fn connected(face: &Face, ended: Ended) -> Result<Connection> {
    let (Ended::ByItself(ended) | Ended::Interrupted(ended)) = ended else {
        return Err(Error::new(
            Code::Denied,
            "It was left for later.",
            "Connect again.",
        ));
    };
    match (ended.result, ended.error) {
        (Some(connected), _) => {
            announce(face, &connected);
            Ok(connected)
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
