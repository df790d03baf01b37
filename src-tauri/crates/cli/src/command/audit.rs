//! `keyward audit`

use std::{thread, time::Duration};

use keyward_api::wire::{AuditEvent, AuditList, AuditVerify, Error};
use keyward_engine::ports::{Clock, SystemClock};
use keyward_model::Timestamp;

use super::Result;
use crate::{
    args::{Audit, AuditCommand},
    context::Context,
    door::Door,
    output,
    output::Face,
};

/// How often `--follow` looks for news.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Most events in one reply.
const PAGE: usize = 1_000;

/// Shows or verifies the log.
///
/// # Errors
/// `usage` for a time that cannot be read, `corrupt` when the chain is broken, `locked`.
pub fn run(context: &Context, face: &Face, audit: Audit) -> Result {
    if audit.command.is_some() && (audit.follow || audit.since.is_some()) {
        return Err(Error::usage(
            "`audit verify` walks the whole chain: it takes neither --since nor --follow.",
        ));
    }
    let mut door = Door::open(context)?;
    if let Some(AuditCommand::Verify) = audit.command {
        let verified = door.call(context, AuditVerify {})?;
        return face.show(&verified, |verified| {
            format!("{} events, the chain holds.\n", verified.events)
        });
    }
    let since = audit.since.as_deref().map(since).transpose()?;
    if audit.follow && !face.is_json() {
        face.data(columns(&HEAD).as_bytes())?;
    }
    let mut after = 0;
    let mut all = Vec::new();
    loop {
        let page = door.call(
            context,
            AuditList {
                since: since.clone(),
                after: Some(after),
            },
        )?;
        let full = page.len() == PAGE;
        after = page.last().map_or(after, |event| event.seq);
        if audit.follow {
            print(face, &page)?;
            if !full {
                thread::sleep(LOOK_EVERY);
            }
            continue;
        }
        all.extend(page);
        if !full {
            return face.show(&all, |events| rows(events));
        }
    }
}

/// One line an event while following: JSON lines, or columns.
fn print(face: &Face, events: &[AuditEvent]) -> Result {
    for event in events {
        if face.is_json() {
            let mut line = serde_json::to_vec(event).unwrap_or_default();
            line.push(b'\n');
            face.data(&line)?;
        } else {
            face.data(columns(&cells(event)).as_bytes())?;
        }
    }
    Ok(())
}

/// A moment, or a duration before now.
fn since(text: &str) -> Result<String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        let seconds = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
        return Ok(Timestamp(SystemClock.now().0.saturating_sub(seconds)).to_rfc3339());
    }
    match Timestamp::parse_rfc3339(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Error::usage(format!(
            "since “{text}”: write 2026-11-22T09:00:00Z, or a duration such as 2h"
        ))),
    }
}

/// The columns of a list, and of `--follow`, which prints line by line.
const HEAD: [&str; 6] = ["SEQ", "AT", "ACTION", "SUBJECT", "OUTCOME", "ACTOR"];

fn cells(event: &AuditEvent) -> [String; 6] {
    [
        event.seq.to_string(),
        event.at.clone(),
        event.action.clone(),
        event.subject.clone(),
        event.outcome.clone(),
        event.actor.clone(),
    ]
}

/// One line whose columns are as wide as most events need: what follows is not known yet.
fn columns(cells: &[impl AsRef<str>; 6]) -> String {
    let [seq, at, action, subject, outcome, actor] = cells.each_ref().map(AsRef::as_ref);
    format!("{seq:<6}  {at:<20}  {action:<22}  {subject:<32}  {outcome:<7}  {actor}\n")
}

fn rows(events: &[AuditEvent]) -> String {
    let rows: Vec<_> = events.iter().map(|event| cells(event).to_vec()).collect();
    output::table(&HEAD, &rows)
}
