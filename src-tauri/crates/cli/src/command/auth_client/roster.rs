//! `keyward auth-client import`: AuthClients and planned Connections that somebody else prepared (OA13).

use std::{io, path::Path};

use keyward_api::wire::{
    AuthClientImport, AuthClientImported, Code, Error, RosterComplaint, RosterKind, RosterRow,
};
use keyward_engine::roster;

use super::Result;
use crate::{args, context::Context, door::Door, output, output::Face};

/// Checks a file as a whole, and imports all of it or nothing.
///
/// # Errors
/// `usage` after every fault was told, `conflict` while keys are taken, `not_found` for the file.
pub(super) fn run(context: &Context, face: &Face, import: &args::AuthClientImport) -> Result {
    let name = import.file.display().to_string();
    // Parsed before any key is in memory; a running host sees lines, and none of what looked like a secret.
    let read = match import.file == Path::new("-") {
        true => roster::parse(io::stdin().lock(), "stdin")?,
        false => roster::read(&import.file)?,
    };
    let environment = context.environment.clone();
    let request = AuthClientImport::of(&read, environment, import.skip_existing, import.dry_run);
    let outcome = Door::open(context)?
        .call(context, request)?
        .after(read.complaints);
    let told: Vec<String> = outcome.complaints.iter().map(|one| told(&name, one)).collect();
    // With --json an error is one document, so all of them stand in it.
    if !face.is_json() || import.dry_run {
        told.iter().for_each(|text| face.say(text));
    }
    // What a dry run found is data, also where it is faults; a refusal has none.
    if import.dry_run || outcome.written {
        face.show_whole(&outcome, |outcome| table(&outcome.rows, import.skip_existing))?;
    }
    if !outcome.complaints.is_empty() {
        return Err(Error::new(
            Code::Usage,
            format!(
                "{name}: {}; nothing was imported.",
                counted(outcome.complaints.len(), "error", "errors")
            ),
            match face.is_json() {
                true => told.join("\n"),
                false => "Correct the file and import it again.".to_owned(),
            },
        ));
    }
    let taken: Vec<&str> = outcome
        .rows
        .iter()
        .filter(|row| row.taken)
        .map(|row| row.key.as_str())
        .collect();
    if !taken.is_empty() && !import.skip_existing {
        return Err(Error::new(
            Code::Conflict,
            format!(
                "{name}: these keys are taken: {}. Nothing was imported.",
                taken.join(", ")
            ),
            "Change them in the file, or keep what is there with --skip-existing.",
        ));
    }
    say_next(face, &outcome);
    Ok(())
}

/// One fault, with file, line and field.
fn told(file: &str, complaint: &RosterComplaint) -> String {
    let mut text = format!("{file}: {}", complaint.place);
    if !complaint.field.is_empty() {
        text.push_str(&format!(", {}", complaint.field));
    }
    text.push_str(&format!(": {}.", complaint.reason));
    if !complaint.hint.is_empty() {
        text.push_str(&format!("\n  {}", complaint.hint));
    }
    text
}

/// What is left to do by hand.
fn say_next(face: &Face, outcome: &AuthClientImported) {
    let of = |kind| {
        outcome
            .rows
            .iter()
            .filter(move |row| row.kind == kind && !row.taken)
    };
    let (clients, connections) = (
        of(RosterKind::AuthClient).count(),
        of(RosterKind::Connection).count(),
    );
    let (clients, planned) = (
        counted(clients, "auth client", "auth clients"),
        counted(connections, "planned connection", "planned connections"),
    );
    if !outcome.written {
        return face.say(format!(
            "{clients} and {planned} would be imported; nothing was written."
        ));
    }
    face.say(format!("Imported {clients} and {planned}."));
    for row in of(RosterKind::AuthClient).filter(|row| row.wants_client_secret) {
        face.say(format!(
            "{} still wants its client secret: keyward auth-client update {} --client-secret-stdin",
            row.key, row.key
        ));
    }
    if connections > 0 {
        face.say("The connections stand in the consent queue: keyward consent run");
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn table(rows: &[RosterRow], skips: bool) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let kind = match row.kind {
                RosterKind::AuthClient => "auth client",
                RosterKind::Connection => "connection",
            };
            let becomes = match (row.taken, skips) {
                (false, _) if row.wants_client_secret => "new, wants its client secret",
                (false, _) => "new",
                (true, true) => "kept as it is",
                (true, false) => "the key is taken",
            };
            vec![
                row.place.clone(),
                kind.to_owned(),
                row.key.clone(),
                becomes.to_owned(),
            ]
        })
        .collect();
    output::table(&["PLACE", "KIND", "KEY", "BECOMES"], &rows)
}
