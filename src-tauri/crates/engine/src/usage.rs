//! What was used lately, by whom: read from the audit log, without opening a value.

use std::time::Duration;

use keyward_model::usage::{Tally, Usage, read_of};
use keyward_vault::table::audit;

use crate::{Engine, Result, environments as environment_acts};

/// What “lately” means where nobody says otherwise: what bulk deletion warns of (AM12).
pub const USUAL_SPAN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most events that are looked at: a year's log is kept to as many (SECURITY.md §b.5).
const MOST_EVENTS: u32 = 100_000;

/// So many older events in a row end the search: one alone may only be from a clock that was wrong for a moment.
const OLDER_IN_A_ROW: u32 = 64;

/// Items whose value was read within `span` before now, by environment and key; of one environment when it is named.
/// Reads the newest part of the log, as far back as `span` reaches.
///
/// # Errors
/// When locked or damaged; [`crate::Kind::NotFound`] for the environment.
pub fn list(engine: &Engine, environment: Option<&str>, span: Duration) -> Result<Vec<Usage>> {
    if let Some(name) = environment {
        environment_acts::find(engine, name)?;
    }
    engine.reads.flush(engine);
    let now = engine.now();
    Ok(engine.unlocked()?.read(|tx| {
        let mut tally = Tally::default();
        let (mut seen, mut older) = (0, 0);
        audit::newest_first(tx, |_, event| {
            seen += 1;
            if now.since(event.at) > span {
                older += 1;
            } else {
                older = 0;
                if let Some(read) = read_of(&event)
                    && environment.is_none_or(|name| name == read.environment)
                {
                    tally.add(read);
                }
            }
            seen < MOST_EVENTS && older < OLDER_IN_A_ROW
        })?;
        Ok(tally.finish())
    })?)
}
