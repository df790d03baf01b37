//! Carrying out a plan: one transaction, one audit event, and an undo.

mod writing;

use keyward_foreign::Sheet;
use keyward_model::{
    Id, Timestamp,
    environment::{self, Colour, Environment},
    name::EnvironmentName,
};
use keyward_vault::{
    error as store,
    table::{audit, auth_clients, connections, credentials, environments, secrets},
    tx::WriteTx,
};

use super::plan::{Action, Plan, Wish, clients, draw};
use crate::{
    Engine, Error, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    environments as environment_acts,
    work::{UnderWay, Work},
};

/// A thing that an import made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Secret(Id),
    Credential(Id),
    Connection(Id),
    AuthClient(Id),
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Made new.
    pub added: u32,
    /// Stored as a new version.
    pub versions: u32,
    /// Made new under another key, beside what was there.
    pub renamed: u32,
    /// Left out.
    pub skipped: u32,
    /// Environments that were made.
    pub environments: Vec<String>,
}

/// Carries out the plan that these wishes make: all of it, or nothing. How far it is is told as [`Work::Import`].
///
/// # Errors
/// [`crate::Kind::Conflict`] while a row is undecided; [`crate::Kind::NotFound`]; when the disk is full and the like.
pub fn apply(engine: &Engine, caller: &Caller, import: Id, wish: &Wish) -> Result<Summary> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, &wish.environment)?;
    let vault = engine.unlocked()?;
    // The import leaves the desk while it is carried out: a second call finds nothing to do twice.
    let mut staged = hold(&engine.imports).take(import)?;
    let now = engine.now();
    let mut undecided = 0;
    let done = vault.write(now, |tx| {
        let plan = draw(tx, &staged.sheet, &environment, wish)?;
        undecided = plan.rows.iter().filter(|row| row.action == Action::Ask).count();
        if undecided > 0 {
            return Err(store::Error::Conflict(format!("{undecided} keys are taken")));
        }
        let work = UnderWay::new(engine, Work::Import);
        let (made, summary) = carry_out(tx, &staged.sheet, &environment, &plan, now, work)?;
        let subject = format!(
            "{} added, {} new versions, {} renamed, {} left out; into {}",
            summary.added, summary.versions, summary.renamed, summary.skipped, environment.name
        );
        audit::append(
            tx,
            &crate::audit::event(engine, caller.actor(), "import.apply", subject, "ok"),
        )?;
        Ok((made, summary))
    });
    match done {
        Ok((made, summary)) => {
            staged.made = Some(made);
            // Values are not needed any more; what was made is, for the undo.
            staged.sheet = Sheet::default();
            staged.drawn = None;
            hold(&engine.imports).put_back(import, staged);
            publish(engine);
            Ok(summary)
        }
        Err(error) => {
            hold(&engine.imports).put_back(import, staged);
            let mut error = Error::from(error);
            if undecided > 0 {
                error.message = match undecided {
                    1 => "One key is there already, with another value.".to_owned(),
                    count => format!("{count} keys are there already, with other values."),
                };
                error.hint =
                    "Choose for each, or say --on-conflict skip, version or rename; nothing was imported."
                        .to_owned();
            }
            Err(error)
        }
    }
}

/// Moves everything that an import made to the trash, in one transaction; app credentials and auth clients, which have
/// none, are deleted. New versions of what was there stay.
///
/// # Errors
/// [`crate::Kind::NotFound`] when it was not applied, or not in this session.
pub fn undo(engine: &Engine, caller: &Caller, import: Id) -> Result<u32> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    let made = hold(&engine.imports).take_made(import)?;
    let count = u32::try_from(made.len()).unwrap_or(u32::MAX);
    let now = engine.now();
    vault.write(now, |tx| {
        // What was made first is what the rest was made with: it goes last.
        for made in made.iter().rev() {
            match *made {
                Made::Secret(id) => drop(secrets::trash(tx, id, now)?),
                Made::Credential(id) => drop(credentials::trash(tx, id, now)?),
                // Neither has a trash; the file they came from is where it was.
                Made::Connection(id) => connections::purge(tx, id, now)?,
                Made::AuthClient(id) => match auth_clients::delete(tx, id) {
                    // Something uses it meanwhile: then it is wanted.
                    Ok(()) | Err(store::Error::Conflict(_)) => {}
                    Err(error) => return Err(error),
                },
            }
        }
        let subject = format!("{count} moved to the trash");
        audit::append(
            tx,
            &crate::audit::event(engine, caller.actor(), "import.undo", subject, "ok"),
        )
    })?;
    publish(engine);
    Ok(count)
}

fn publish(engine: &Engine) {
    for kind in [
        ChangeKind::Environment,
        ChangeKind::Secret,
        ChangeKind::Credential,
        ChangeKind::AuthClient,
        ChangeKind::Connection,
    ] {
        engine.changes.publish(kind, None);
    }
}

fn carry_out(
    tx: &mut WriteTx<'_>,
    sheet: &Sheet,
    target: &Environment,
    plan: &Plan,
    now: Timestamp,
    mut work: UnderWay<'_>,
) -> store::Result<(Vec<Made>, Summary)> {
    let mut there = environments::list(tx)?;
    for name in &plan.environments {
        let parsed =
            EnvironmentName::parse(name).map_err(|error| store::Error::Conflict(error.to_string()))?;
        let mut made = environments::insert(tx, &parsed, now)?;
        if let Some(told) = sheet.environments.iter().find(|told| told.name == *name) {
            let changes = environment::Changes {
                production: Some(told.production),
                colour: Some(told.colour.as_deref().and_then(Colour::parse)),
            };
            made = environments::update(tx, made.id, changes)?;
        }
        there.push(made);
    }
    let place_of = |name: &str| {
        there
            .iter()
            .find(|one| one.name.as_str() == name)
            .map_or(target.id, |one| one.id)
    };
    let mut made = Vec::new();
    for client in &sheet.auth_clients {
        if let Ok(key) = clients::fit(tx, client)? {
            made.push(writing::client(
                tx,
                place_of(&client.environment),
                key,
                client,
                &sheet.applications,
                now,
            )?);
        }
    }
    let mut summary = Summary {
        environments: plan.environments.clone(),
        ..Summary::default()
    };
    for (at, (row, found)) in plan.rows.iter().zip(&sheet.entries).enumerate() {
        work.tell(at, plan.rows.len());
        let place = place_of(&row.environment);
        match row.action {
            Action::Skip | Action::Ask => summary.skipped += 1,
            Action::Add | Action::Rename => {
                let already = writing::Already {
                    made: &made,
                    applications: &sheet.applications,
                };
                let one = writing::insert(tx, place, row, found, already, now)?;
                made.push(one);
                if row.action == Action::Add {
                    summary.added += 1;
                } else {
                    summary.renamed += 1;
                }
            }
            Action::Version => {
                writing::version(tx, place, row, found, now)?;
                summary.versions += 1;
            }
        }
    }
    Ok((made, summary))
}
