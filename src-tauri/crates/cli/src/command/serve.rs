//! `keyward serve`

use std::{sync::mpsc, thread};

use keyward_api::{
    host::{Control, Host, Refused},
    server,
    wire::{Code, Error},
};
use keyward_engine::lifecycle;

use super::{Result, status::NO_RECOVERY};
use crate::{context::Context, output::Face, platform::Endings};

enum Ending {
    Signal,
    Yielded,
}

/// A headless host in the foreground: unlocked at start by keychain or `--passphrase-fd`, else locked.
///
/// # Errors
/// `conflict` beside another host.
pub fn run(context: &Context, face: &Face) -> Result {
    // First of all: a signal that comes as soon as the host is seen ends it in order.
    let signals = Endings::listen().map_err(failed)?;
    let (host, control) = Host::new(context.home()?, "serve", context.ports()).map_err(refused)?;
    let engine = host.engine(&context.vault)?;
    // Unlocked before the socket is there: who finds it finds the vault open. A prompt would keep a service from
    // starting, so only the keychain and the descriptor are asked.
    let unlocked = lifecycle::unlock(&engine, context.passphrase()?.as_ref());
    let server = server::start(&host, context.runtime())?;
    let state = match &unlocked {
        Ok(()) => "unlocked".to_owned(),
        Err(error) => format!("locked: {}", error.message),
    };
    face.say(format!(
        "Serving {} (process {}), vault “{}” {state}",
        host.home().root().display(),
        std::process::id(),
        context.vault
    ));
    if lifecycle::status(&engine).is_ok_and(|status| status.recovery == Some(false)) {
        face.say(NO_RECOVERY);
    }
    let ending = wait(control, signals)?;
    // Stop accepting first; running refreshes are stored; then keys go and host.lock is released (L-01).
    drop(server);
    drop(engine);
    host.stop();
    face.say(match ending {
        Ending::Signal => "Stopped.",
        Ending::Yielded => "The app takes over.",
    });
    Ok(())
}

fn failed(error: std::io::Error) -> Error {
    Error::new(
        Code::Internal,
        format!("Signals cannot be waited for: {error}."),
        "",
    )
}

fn wait(control: mpsc::Receiver<Control>, signals: Endings) -> Result<Ending> {
    let (end, ended) = mpsc::channel();
    let on_signal = end.clone();
    let spawn =
        |name: &str, work: Box<dyn FnOnce() + Send>| thread::Builder::new().name(name.to_owned()).spawn(work);
    spawn(
        "keyward-signal",
        Box::new(move || {
            if signals.wait() {
                let _ = on_signal.send(Ending::Signal);
            }
        }),
    )
    .map_err(failed)?;
    spawn(
        "keyward-control",
        Box::new(move || {
            // A second start of the app asks a host to show its window; this one has none.
            while let Ok(asked) = control.recv() {
                if asked == Control::Yield {
                    let _ = end.send(Ending::Yielded);
                }
            }
        }),
    )
    .map_err(failed)?;
    Ok(ended.recv().unwrap_or(Ending::Signal))
}

fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Held(Some(holder)) => {
            let message = format!(
                "{} (process {}) serves this KEYWARD_HOME already.",
                holder.kind, holder.pid
            );
            Error::new(
                Code::Conflict,
                message,
                "One host serves all vaults of a KEYWARD_HOME.",
            )
        }
        Refused::Held(None) => Error::new(Code::Conflict, "Another host was just ending.", "Try again."),
        Refused::Failed(error) => error.into(),
    }
}
