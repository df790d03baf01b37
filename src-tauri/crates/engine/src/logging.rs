//! `KEYWARD_LOG`: what happens inside, for whoever looks for a fault. Off by default, never a file.
//!
//! Records name things and outcomes, never a value: what carries one does not print. Libraries below us are left
//! out, whatever the level: an HTTP client at `trace` would show headers.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use log::{LevelFilter, Log, Metadata, Record};

struct Logger<W>(Mutex<W>);

impl<W: Write + Send> Log for Logger<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("keyward")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // A log that cannot be written is no reason to fail.
            let _ = writeln!(
                sink,
                "{:<5} {}: {}",
                record.level(),
                record.target(),
                record.args()
            );
        }
    }

    fn flush(&self) {}
}

/// Writes records of `level` (`error`, `warn`, `info`, `debug`, `trace`) and above to `sink`, from now on.
///
/// # Errors
/// A sentence for people, when there is no such level.
pub fn install(level: &str, sink: impl Write + Send + 'static) -> Result<(), String> {
    let level: LevelFilter = level.parse().map_err(|_| {
        format!("KEYWARD_LOG: “{level}” is no level; write error, warn, info, debug or trace.")
    })?;
    // A second call in one process keeps the first logger.
    if log::set_boxed_logger(Box::new(Logger(Mutex::new(sink)))).is_ok() {
        log::set_max_level(level);
    }
    Ok(())
}
