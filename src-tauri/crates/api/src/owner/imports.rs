//! Import.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    import::{self, Part},
};
use keyward_model::Id;

use super::Result;
use crate::wire::{self, Done, Error};

/// Receives one part.
///
/// # Errors
/// `usage`, `not_found`.
pub fn stage(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ImportStage,
) -> Result<wire::ImportStaged> {
    let import = request.import.as_deref().map(id).transpose()?;
    let part = match request.last {
        true => Part::Last,
        false => Part::More,
    };
    let import = import::receive(engine, caller, import, request.bytes.0, part)?;
    Ok(wire::ImportStaged {
        import: import.to_string(),
    })
}

/// Plans; writes nothing.
///
/// # Errors
/// `not_found`.
pub fn plan(engine: &Arc<Engine>, _: &Caller, request: wire::ImportPlanRequest) -> Result<wire::ImportPlan> {
    let wish = wish(request.environment, request.on_conflict, request.choices);
    let plan = import::plan(engine, id(&request.import)?, &wish)?;
    let total = u32::try_from(plan.rows.len()).unwrap_or(u32::MAX);
    let first = request.after.map_or(0, |after| after as usize + 1);
    let limit = request.limit.unwrap_or(u32::MAX);
    Ok(wire::ImportPlan {
        total,
        rows: plan
            .rows
            .iter()
            .skip(first)
            .take(limit as usize)
            .map(row)
            .collect(),
        environments: plan.environments.clone(),
        remarks: plan.remarks.clone(),
    })
}

/// Carries a plan out.
///
/// # Errors
/// `conflict` while a row is undecided, `not_found`.
pub fn apply(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ImportApply,
) -> Result<wire::ImportSummary> {
    let wish = wish(request.environment, request.on_conflict, request.choices);
    let summary = import::apply(engine, caller, id(&request.import)?, &wish)?;
    Ok(wire::ImportSummary {
        added: summary.added,
        versions: summary.versions,
        renamed: summary.renamed,
        skipped: summary.skipped,
        environments: summary.environments,
    })
}

/// Moves what was made to the trash.
///
/// # Errors
/// `not_found`.
pub fn undo(engine: &Arc<Engine>, caller: &Caller, request: wire::ImportUndo) -> Result<wire::ImportUndone> {
    Ok(wire::ImportUndone {
        trashed: import::undo(engine, caller, id(&request.import)?)?,
    })
}

/// Forgets one.
///
/// # Errors
/// `usage` for what is no identity.
pub fn discard(engine: &Arc<Engine>, _: &Caller, request: wire::ImportDiscard) -> Result<Done> {
    import::discard(engine, id(&request.import)?);
    Ok(Done {})
}

fn id(text: &str) -> Result<Id> {
    Id::parse(text).ok_or_else(|| Error::usage("import: it is no identity"))
}

fn wish(
    environment: String,
    on_conflict: wire::ImportConflict,
    choices: Vec<wire::ImportChoice>,
) -> import::Wish {
    import::Wish {
        environment,
        on_conflict: match on_conflict {
            wire::ImportConflict::Ask => import::OnConflict::Ask,
            wire::ImportConflict::Skip => import::OnConflict::Skip,
            wire::ImportConflict::Version => import::OnConflict::Version,
            wire::ImportConflict::Rename => import::OnConflict::Rename,
        },
        choices: choices
            .into_iter()
            .map(|choice| import::Choice {
                row: choice.row,
                action: choice.action.map(|action| match action {
                    wire::ImportAction::Add => import::Action::Add,
                    wire::ImportAction::Skip => import::Action::Skip,
                    wire::ImportAction::Version => import::Action::Version,
                    wire::ImportAction::Rename => import::Action::Rename,
                    wire::ImportAction::Ask => import::Action::Ask,
                }),
                key: choice.key,
            })
            .collect(),
    }
}

fn row(row: &import::Row) -> wire::ImportRow {
    wire::ImportRow {
        row: row.number,
        found: row.found.clone(),
        folder: row.folder.clone(),
        kind: match row.kind {
            import::Becomes::Secret => "secret",
            import::Becomes::Credential => "credential",
            import::Becomes::Connection => "connection",
        }
        .to_owned(),
        variables: row.variables.clone(),
        environment: row.environment.clone(),
        key: row.key.clone(),
        proposed: row.is_proposed,
        standing: match row.standing {
            import::Standing::New => wire::ImportStanding::New,
            import::Standing::Same => wire::ImportStanding::Same,
            import::Standing::Changed => wire::ImportStanding::Changed,
            import::Standing::Taken => wire::ImportStanding::Taken,
            import::Standing::Unusable => wire::ImportStanding::Unusable,
        },
        action: match row.action {
            import::Action::Add => wire::ImportAction::Add,
            import::Action::Skip => wire::ImportAction::Skip,
            import::Action::Version => wire::ImportAction::Version,
            import::Action::Rename => wire::ImportAction::Rename,
            import::Action::Ask => wire::ImportAction::Ask,
        },
        next_version: row.next_version,
        remark: row.remark.clone(),
    }
}
