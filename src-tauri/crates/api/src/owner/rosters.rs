//! Bulk import of AuthClients and planned Connections.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    roster::{self, Complaint, Line, LineKind, Roster, Row, Run, Taken},
};

use super::Result;
use crate::wire;

/// Checks the lines, and writes them all or none.
///
/// # Errors
/// `not_found` for the environment, `conflict` when something changed meanwhile. Faults of lines are in the reply.
pub fn import(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::AuthClientImport,
) -> Result<wire::AuthClientImported> {
    let lines: Vec<Line> = request.lines.into_iter().map(Line::from).collect();
    let taken = match request.skip_existing {
        true => Taken::Keep,
        false => Taken::Refuse,
    };
    let run = match request.dry_run {
        true => Run::Dry,
        false => Run::Real,
    };
    let outcome = roster::import(engine, caller, &request.environment, &lines, (taken, run))?;
    Ok(wire::AuthClientImported {
        rows: outcome.rows.into_iter().map(row).collect(),
        complaints: outcome.complaints.into_iter().map(Into::into).collect(),
        written: outcome.is_written,
    })
}

impl wire::AuthClientImport {
    /// The request for a roster that was read; one with faults is checked on, and not written.
    #[must_use]
    pub fn of(roster: &Roster, environment: String, skip_existing: bool, dry_run: bool) -> Self {
        Self {
            environment,
            lines: roster.lines.iter().cloned().map(Into::into).collect(),
            skip_existing,
            dry_run: dry_run || !roster.complaints.is_empty(),
        }
    }
}

impl wire::AuthClientImported {
    /// With the faults that reading the file found already, before those of its lines.
    #[must_use]
    pub fn after(mut self, read: Vec<Complaint>) -> Self {
        self.complaints.splice(0..0, read.into_iter().map(Into::into));
        self
    }
}

fn row(row: Row) -> wire::RosterRow {
    wire::RosterRow {
        place: row.place,
        kind: row.kind.into(),
        key: row.key.to_string(),
        taken: row.is_taken,
        wants_client_secret: row.wants_client_secret,
    }
}

impl From<LineKind> for wire::RosterKind {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::AuthClient => Self::AuthClient,
            LineKind::Connection => Self::Connection,
        }
    }
}

impl From<Complaint> for wire::RosterComplaint {
    fn from(complaint: Complaint) -> Self {
        Self {
            place: complaint.place,
            field: complaint.field,
            reason: complaint.reason,
            hint: complaint.hint,
        }
    }
}

impl From<Line> for wire::RosterLine {
    fn from(line: Line) -> Self {
        let fields = line.fields.into_iter();
        Self {
            place: line.place,
            kind: line.kind.into(),
            fields: fields
                .map(|(name, values)| wire::RosterField { name, values })
                .collect(),
        }
    }
}

impl From<wire::RosterLine> for Line {
    fn from(line: wire::RosterLine) -> Self {
        let fields = line.fields.into_iter();
        Self {
            place: line.place,
            kind: match line.kind {
                wire::RosterKind::AuthClient => LineKind::AuthClient,
                wire::RosterKind::Connection => LineKind::Connection,
            },
            fields: fields.map(|field| (field.name, field.values)).collect(),
        }
    }
}
