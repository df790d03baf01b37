//! The client library of the owner's door.

use std::{
    io::{self, Read},
    path::Path,
    thread,
    time::Duration,
};

use keyward_engine::home::{Home, HostLock};
use keyward_model::plain;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    door::{self, Stream},
    endpoint,
    frame::{self, Frame, Reply, Request, VERSION, Wiped},
    host::Control,
    server::control_verb,
    verbs::{HomeVerb, Verb},
    wire::{self, Code, Error},
};

/// A host that holds its lock but has no socket yet (or no longer) gets this long (L-01).
const SOCKET_PATIENCE: Duration = Duration::from_secs(2);
const SOCKET_NAP: Duration = Duration::from_millis(20);

/// No act takes longer: a Consent is watched in pieces, a refresh waits at most 35 s twice.
const REPLY_TIME: Duration = Duration::from_secs(120);

/// A connection to the host of a KEYWARD_HOME.
pub struct Client {
    stream: Stream,
    next: u64,
    /// The last request is without a readable answer.
    in_doubt: bool,
}

impl Client {
    /// Connects to the host; `None` when there is none.
    ///
    /// # Errors
    /// `conflict` when a host is there and does not answer.
    pub fn connect(home: &Home, runtime: Option<&Path>) -> Result<Option<Self>, Error> {
        let socket = endpoint::socket(home, runtime)?;
        endpoint::check(&socket, home)?;
        let mut waited = Duration::ZERO;
        loop {
            match Stream::connect(&socket) {
                Ok(stream) => {
                    // L-02, the other way round: what is asked may hold a value, and goes to ourselves alone.
                    if !door::peer(&stream).is_ok_and(|peer| peer.is_ours) {
                        return Err(Error::new(
                            Code::Corrupt,
                            format!("{} is served by another user.", socket.display()),
                            "Remove it and start the host again.",
                        ));
                    }
                    let timed = stream
                        .set_read_timeout(Some(REPLY_TIME))
                        .and_then(|()| stream.set_write_timeout(Some(REPLY_TIME)));
                    return timed
                        .map(|()| {
                            Some(Self {
                                stream,
                                next: 1,
                                in_doubt: false,
                            })
                        })
                        .map_err(|error| gone(&error));
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                    ) =>
                {
                    let holder = HostLock::holder(home).map_err(keyward_engine::Error::from)?;
                    let Some(holder) = holder else { return Ok(None) };
                    if waited >= SOCKET_PATIENCE {
                        let message = format!(
                            "{} (process {}) is the host and does not answer.",
                            holder.kind, holder.pid
                        );
                        let hint = match runtime {
                            Some(_) => "Wait a moment, or end that process.",
                            // Its socket may be in a folder that only XDG_RUNTIME_DIR tells (L-01).
                            None => {
                                "Wait a moment, end that process, or set XDG_RUNTIME_DIR as in your session."
                            }
                        };
                        return Err(Error::new(Code::Conflict, message, hint));
                    }
                }
                Err(error) => return Err(gone(&error)),
            }
            thread::sleep(SOCKET_NAP);
            waited += SOCKET_NAP;
        }
    }

    /// Whether the last request has had no answer that says what became of it: the host went away, or hangs.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Asks and waits for the reply.
    ///
    /// # Errors
    /// As the act says; `conflict` when the host ends meanwhile.
    pub fn call<V: Verb>(&mut self, vault: &str, request: &V) -> Result<V::Reply, Error> {
        self.ask(vault, V::NAME, request)
    }

    /// Asks something of all vaults together.
    ///
    /// # Errors
    /// As the act says; `conflict` when the host ends meanwhile.
    pub fn call_home<V: HomeVerb>(&mut self, request: &V) -> Result<V::Reply, Error> {
        self.ask("default", V::NAME, request)
    }

    /// Asks something of the host itself.
    ///
    /// # Errors
    /// `conflict` when the host ends meanwhile.
    pub fn control(&mut self, control: Control) -> Result<(), Error> {
        self.ask("default", control_verb(control), &wire::Done {})
            .map(|wire::Done {}| ())
    }

    fn ask<R: DeserializeOwned>(
        &mut self,
        vault: &str,
        verb: &str,
        body: &impl Serialize,
    ) -> Result<R, Error> {
        let id = self.next;
        let request = Frame::encode(&Request {
            v: VERSION,
            id,
            vault,
            verb,
            body,
        })?;
        let reply = self.send(&request)?;
        let reply: Reply<R> = serde_json::from_slice(&reply).map_err(|_| malformed())?;
        match (reply.ok, reply.error) {
            (_, Some(error)) => Err(error),
            (Some(ok), None) if reply.id == id => Ok(ok),
            _ => Err(malformed()),
        }
    }

    fn send(&mut self, request: &Frame) -> Result<Wiped, Error> {
        self.next += 1;
        self.in_doubt = true;
        request
            .write(&mut self.stream)
            .map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput => Error::usage("The request is longer than 4 MiB."),
                _ => gone(&error),
            })?;
        let mut length = [0; 4];
        self.stream
            .read_exact(&mut length)
            .map_err(|error| gone(&error))?;
        let reply = frame::read_body(&mut self.stream, length).map_err(|error| gone(&error))?;
        self.in_doubt = false;
        Ok(reply)
    }
}

fn malformed() -> Error {
    Error::new(
        Code::Internal,
        "The host's answer could not be read.",
        "Restart the app or `keyward serve` after an update.",
    )
}

fn gone(error: &io::Error) -> Error {
    // A socket's time limit is told as either.
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
        return Error::new(
            Code::Conflict,
            format!("The host did not answer within {} s.", REPLY_TIME.as_secs()),
            "Look whether it runs with `keyward status`; end it if it hangs.",
        );
    }
    let message = format!("The host went away: {}.", plain::why(error.kind()));
    Error::new(
        Code::Conflict,
        message,
        "Try again; without a host the command works by itself.",
    )
}
