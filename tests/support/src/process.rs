//! Child processes that end with the value that started them, and waiting with a limit.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::Trouble;

/// A child that is killed and reaped on drop.
#[derive(Debug)]
pub struct Guarded(pub Child);

impl Guarded {
    /// Starts `command`.
    ///
    /// # Errors
    /// When the program does not start; the message names it.
    pub fn start(command: &mut Command) -> Result<Self, Trouble> {
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .spawn()
            .map(Self)
            .map_err(|error| format!("{name} does not start: {error}").into())
    }

    /// Asks the child to end (SIGTERM) and waits up to `limit`, then kills it.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn terminate(mut self, limit: Duration) -> Result<ExitStatus, Trouble> {
        signal(self.0.id(), "TERM")?;
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("process {} did not end {limit:?} after SIGTERM", self.0.id()).into())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // An already ended child answers with an error, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends the signal `name` (`TERM`, `KILL`, `STOP` …) to one process.
///
/// # Errors
/// When there is no such process.
pub fn signal(pid: u32, name: &str) -> Result<(), Trouble> {
    let status = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("no process {pid} to signal").into())
    }
}

/// Waits until `probe` gives something, asking every 20 ms.
///
/// # Errors
/// After `limit`; the message names `what`.
pub fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Result<T, Trouble> {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return Ok(found);
        }
        if Instant::now() >= until {
            return Err(format!("waited {limit:?} for {what} in vain").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The lines of a stream, read on a thread of its own so that the writer never blocks.
#[derive(Debug)]
pub struct Lines {
    arrived: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    /// Begins to read `stream`.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, arrived) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    // Nobody listens any more: keep the pipe empty all the same.
                }
            }
        });
        Self {
            arrived,
            seen: Vec::new(),
        }
    }

    /// The next line for which `pick` gives something; the others are kept in [`Lines::seen`].
    ///
    /// # Errors
    /// After `limit`, or when the stream ended; the message carries what was read instead.
    pub fn find<T>(
        &mut self,
        what: &str,
        limit: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Trouble> {
        let until = Instant::now() + limit;
        loop {
            match self
                .arrived
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let found = pick(&line);
                    self.seen.push(line);
                    if let Some(found) = found {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(self.missing(what, "nothing more came")),
                Err(RecvTimeoutError::Disconnected) => return Err(self.missing(what, "the stream ended")),
            }
        }
    }

    /// Everything read so far.
    pub fn seen(&mut self) -> &[String] {
        self.seen.extend(self.arrived.try_iter());
        &self.seen
    }

    fn missing(&self, what: &str, why: &str) -> Trouble {
        format!("no {what}: {why}; read until then:\n{}", self.seen.join("\n")).into()
    }
}
