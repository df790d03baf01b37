//! What was used lately, as the audit log tells it: no value is opened to know.

use std::collections::BTreeMap;

use crate::{Timestamp, audit::AuditEvent};

/// One read of an item's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// Name of the environment.
    pub environment: &'a str,
    /// Key of the Secret, Credential or Connection.
    pub key: &'a str,
    /// Who read it, without the number of the process: `window`, or the name of an executable.
    pub program: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Verbs of the log that hand a value to somebody.
const READING: [&str; 4] = ["reveal", "copy", "resolve", "token"];

/// The read that an event tells of; `None` for everything else, and for a read that failed.
#[must_use]
pub fn read_of(event: &AuditEvent) -> Option<Read<'_>> {
    let (_, verb) = event.action.rsplit_once('.')?;
    if event.outcome != "ok" || !READING.contains(&verb) {
        return None;
    }
    // `ENV/KEY` or `ENV/KEY/FIELD`, with the kind before it where the log knows one.
    let place = event
        .subject
        .split_once(' ')
        .map_or(event.subject.as_str(), |(_, place)| place);
    let mut parts = place.split('/');
    let (environment, key) = (parts.next()?, parts.next()?);
    Some(Read {
        environment,
        key,
        program: program(&event.actor),
        at: event.at,
    })
}

/// `owner (node, process 4711)` is the program `node`: each of its runs is the same program.
fn program(actor: &str) -> &str {
    let through = actor
        .split_once(" (")
        .map_or(actor, |(_, through)| through.strip_suffix(')').unwrap_or(through));
    through
        .rsplit_once(", process ")
        .map_or(through, |(program, _)| program)
}

/// How one item was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Name of the environment.
    pub environment: String,
    /// Key of the item.
    pub key: String,
    /// Reads by all programs together.
    pub reads: u32,
    /// The newest of them.
    pub last_read_at: Timestamp,
    /// Who read it, the latest first.
    pub programs: Vec<ProgramUsage>,
}

/// How one program used one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramUsage {
    /// `window`, or the name of an executable.
    pub program: String,
    /// Its reads.
    pub reads: u32,
    /// The newest of them.
    pub last_read_at: Timestamp,
}

/// Counts reads, in whatever order they come.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(String, String), BTreeMap<String, (u32, Timestamp)>>);

impl Tally {
    /// Counts one.
    pub fn add(&mut self, read: Read<'_>) {
        let item = (read.environment.to_owned(), read.key.to_owned());
        let programs = self.0.entry(item).or_default();
        let (reads, last) = programs.entry(read.program.to_owned()).or_insert((0, read.at));
        *reads = reads.saturating_add(1);
        *last = (*last).max(read.at);
    }

    /// What was counted, by environment and key.
    #[must_use]
    pub fn finish(self) -> Vec<Usage> {
        self.0
            .into_iter()
            .map(|((environment, key), programs)| usage(environment, key, programs))
            .collect()
    }
}

fn usage(environment: String, key: String, programs: BTreeMap<String, (u32, Timestamp)>) -> Usage {
    let mut programs: Vec<ProgramUsage> = programs
        .into_iter()
        .map(|(program, (reads, last_read_at))| ProgramUsage {
            program,
            reads,
            last_read_at,
        })
        .collect();
    programs.sort_by_key(|program| std::cmp::Reverse(program.last_read_at));
    Usage {
        environment,
        key,
        reads: programs
            .iter()
            .fold(0, |sum, program| sum.saturating_add(program.reads)),
        last_read_at: programs
            .first()
            .map_or(Timestamp::default(), |program| program.last_read_at),
        programs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, actor: &str, action: &str, subject: &str, outcome: &str) -> AuditEvent {
        AuditEvent {
            at: Timestamp(at),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            outcome: outcome.to_owned(),
            took: None,
        }
    }

    #[test]
    fn am12_a_read_is_what_hands_a_value_out() {
        let read = |action, subject, outcome| {
            let event = event(7, "owner (node, process 4711)", action, subject, outcome);
            read_of(&event).map(|read| format!("{}/{} by {}", read.environment, read.key, read.program))
        };
        let check = |action, subject, expect: Option<&str>| {
            assert_eq!(
                read(action, subject, "ok").as_deref(),
                expect,
                "{action} {subject}"
            );
            assert_eq!(read(action, subject, "not_found"), None);
        };
        check("secret.reveal", "secret default/A", Some("default/A by node"));
        check("secret.copy", "secret prod/B", Some("prod/B by node"));
        check("reference.resolve", "prod/B", Some("prod/B by node"));
        check(
            "reference.resolve",
            "prod/WAREHOUSE/host",
            Some("prod/WAREHOUSE by node"),
        );
        check(
            "connection.token",
            "connection prod/crm",
            Some("prod/crm by node"),
        );
        for written in [
            "secret.create",
            "secret.set_value",
            "secret.delete",
            "connection.refresh",
        ] {
            check(written, "secret default/A", None);
        }
        check("reference.resolve", "no place", None);
        check("nonsense", "secret default/A", None);
    }

    #[test]
    fn wk5_counts_by_item_and_program_the_latest_first() {
        let events = [
            event(
                30,
                "owner (node, process 2)",
                "reference.resolve",
                "default/A",
                "ok",
            ),
            event(90, "owner (window)", "secret.reveal", "secret default/A", "ok"),
            event(
                10,
                "owner (node, process 1)",
                "reference.resolve",
                "default/A",
                "ok",
            ),
            event(20, "somebody", "reference.resolve", "staging/A", "ok"),
        ];
        let mut tally = Tally::default();
        events.iter().filter_map(read_of).for_each(|read| tally.add(read));
        let usage = tally.finish();
        let items: Vec<_> = usage
            .iter()
            .map(|one| {
                (
                    one.environment.as_str(),
                    one.key.as_str(),
                    one.reads,
                    one.last_read_at.0,
                )
            })
            .collect();
        assert_eq!(items, [("default", "A", 3, 90), ("staging", "A", 1, 20)]);
        let programs: Vec<_> = usage[0]
            .programs
            .iter()
            .map(|one| (one.program.as_str(), one.reads, one.last_read_at.0))
            .collect();
        assert_eq!(programs, [("window", 1, 90), ("node", 2, 30)]);
        assert_eq!(usage[1].programs[0].program, "somebody");
    }
}
