//! `keyward import`

use std::{
    io::{self, BufRead},
    path::Path,
};

use keyward_api::wire::{
    Code, Error, ImportAction, ImportApply, ImportChoice, ImportConflict, ImportDiscard, ImportPlan,
    ImportPlanRequest, ImportRow, ImportStage, ImportStanding, ImportSummary, Plaintext, Work,
};
use keyward_engine::import::{self, Format, Reading, Source};
use keyward_model::{SecretValue, plain};

use super::Result;
use crate::{
    args::{Import, ImportFormat, OnConflict},
    context::{Context, can_ask, has_terminal},
    descriptor::Descriptor,
    door::Door,
    output,
    output::Face,
    value,
};

/// Bytes of one part on their way to whoever holds the keys.
const PART: usize = 1024 * 1024;

/// Reads what another program wrote, shows what becomes of it, and stores it whole or not at all.
///
/// # Errors
/// `usage` naming file, entry and reason; `locked` for a missing or wrong passphrase; `conflict` while a taken key is
/// undecided.
pub fn run(context: &Context, face: &Face, import: &Import) -> Result {
    let passphrase = context.descriptor(import.source_passphrase_fd, "--source-passphrase-fd")?;
    // Parsed before any key is in memory; a running host never sees the file.
    let reading = read(import, passphrase)?;
    let mut door = Door::open(context)?;
    let staged = stage(context, &mut door, &reading)?;
    let mut request = Request {
        import: staged,
        environment: context.environment.clone(),
        on_conflict: import.on_conflict,
        choices: Vec::new(),
    };
    let mut plan = request.plan(context, &mut door)?;
    if import.dry_run {
        request.discard(context, &mut door)?;
        remarks(face, &plan);
        return face.show(&plan, |plan| table(&plan.rows));
    }
    let is_asked = import.on_conflict == OnConflict::Ask && has_terminal() && import.path != Path::new("-");
    announce(face, &plan);
    if is_asked {
        request.choices = ask(face, &plan)?;
        if !request.choices.is_empty() {
            plan = request.plan(context, &mut door)?;
            announce(face, &plan);
        }
        if !confirmed(face, &plan)? {
            request.discard(context, &mut door)?;
            face.say("Nothing was imported.");
            return Ok(());
        }
    }
    let summary = request.apply(context, face, &mut door)?;
    face.say(told(&summary));
    if face.is_json() {
        face.show(&summary, told)
    } else {
        Ok(())
    }
}

fn read(import: &Import, passphrase: Option<Descriptor>) -> Result<Reading> {
    let format = format(import.format);
    let passphrase = passphrase
        .map(|descriptor| descriptor.line("--source-passphrase-fd"))
        .transpose()?;
    let is_stdin = import.path == Path::new("-");
    let source = || -> Result<Source<'_>> {
        if !is_stdin {
            return Ok(Source::Path(&import.path));
        }
        let bytes = import::source::whole(io::stdin().lock(), PART).map_err(|error| {
            Error::usage(format!(
                "stdin: it cannot be read ({}).",
                plain::why(error.kind())
            ))
        })?;
        Ok(Source::Bytes(bytes))
    };
    let attempt = |passphrase: Option<&SecretValue>| -> Result<Reading> {
        Ok(import::read(format, source()?, passphrase)?)
    };
    match attempt(passphrase.as_ref()) {
        // A person is asked once it is known that the file needs it. gpg asks by itself.
        Err(error)
            if error.code == Code::Locked
                && passphrase.is_none()
                && !is_stdin
                && !format.is_folder()
                && can_ask() =>
        {
            let typed = value::prompt("Passphrase of the file: ")?;
            attempt(Some(&typed))
        }
        answer => answer,
    }
}

fn format(format: ImportFormat) -> Format {
    match format {
        ImportFormat::Env => Format::Env,
        ImportFormat::Json => Format::Json,
        ImportFormat::Csv => Format::Csv,
        ImportFormat::Age => Format::Age,
        ImportFormat::Kdbx => Format::Kdbx,
        ImportFormat::Bitwarden => Format::Bitwarden,
        ImportFormat::OnePux => Format::OnePux,
        ImportFormat::OnePasswordCsv => Format::OnePasswordCsv,
        ImportFormat::Pass => Format::Pass,
        ImportFormat::Postman => Format::Postman,
        ImportFormat::Insomnia => Format::Insomnia,
    }
}

fn stage(context: &Context, door: &mut Door, reading: &Reading) -> Result<String> {
    let document = reading.to_document()?;
    let mut import = None;
    let mut parts = document.chunks(PART).peekable();
    while let Some(part) = parts.next() {
        let request = ImportStage {
            import: import.take(),
            bytes: Plaintext(SecretValue::new(part.to_vec())),
            last: parts.peek().is_none(),
        };
        import = Some(door.call(context, request)?.import);
    }
    import.ok_or_else(|| Error::usage("There is nothing to import."))
}

/// What is asked for, again and again, until the person is content.
struct Request {
    import: String,
    environment: String,
    on_conflict: OnConflict,
    choices: Vec<ImportChoice>,
}

impl Request {
    fn rule(&self) -> ImportConflict {
        match self.on_conflict {
            OnConflict::Ask => ImportConflict::Ask,
            OnConflict::Skip => ImportConflict::Skip,
            OnConflict::Version => ImportConflict::Version,
            OnConflict::Rename => ImportConflict::Rename,
        }
    }

    /// The whole plan, page by page where it goes through a socket.
    fn plan(&self, context: &Context, door: &mut Door) -> Result<ImportPlan> {
        let mut whole: Option<ImportPlan> = None;
        loop {
            let request = ImportPlanRequest {
                import: self.import.clone(),
                environment: self.environment.clone(),
                on_conflict: self.rule(),
                choices: self.choices.clone(),
                after: whole
                    .as_ref()
                    .and_then(|plan| plan.rows.last())
                    .map(|row| row.row),
                limit: door.page(),
            };
            let page = door.call(context, request)?;
            let plan = match &mut whole {
                None => whole.insert(page),
                Some(_) if page.rows.is_empty() => break,
                Some(plan) => {
                    plan.rows.extend(page.rows);
                    plan
                }
            };
            if plan.rows.len() >= plan.total as usize {
                break;
            }
        }
        whole.ok_or_else(|| Error::usage("There is nothing to import."))
    }

    fn apply(self, context: &Context, face: &Face, door: &mut Door) -> Result<ImportSummary> {
        let on_conflict = self.rule();
        let request = ImportApply {
            import: self.import,
            environment: self.environment,
            on_conflict,
            choices: self.choices,
        };
        let line = |done, total| format!("Importing: {done} of {total} entries");
        door.call_watched(context, face, Work::Import, line, request)
    }

    fn discard(&self, context: &Context, door: &mut Door) -> Result {
        let import = self.import.clone();
        door.call(context, ImportDiscard { import }).map(|_| ())
    }
}

/// Says what a person must have seen before anything is written: proposed keys, taken keys, what cannot be stored.
fn announce(face: &Face, plan: &ImportPlan) {
    remarks(face, plan);
    let special: Vec<ImportRow> = plan
        .rows
        .iter()
        .filter(|row| row.proposed || !row.remark.is_empty() || row.standing != ImportStanding::New)
        .cloned()
        .collect();
    if !special.is_empty() {
        face.say(table(&special).trim_end());
    }
    if !plan.environments.is_empty() {
        face.say(format!("New environments: {}.", plan.environments.join(", ")));
    }
}

fn remarks(face: &Face, plan: &ImportPlan) {
    for remark in &plan.remarks {
        face.say(format!("note: {remark}"));
    }
}

fn ask(face: &Face, plan: &ImportPlan) -> Result<Vec<ImportChoice>> {
    let mut choices = Vec::new();
    let mut for_all = None;
    for row in plan.rows.iter().filter(|row| row.action == ImportAction::Ask) {
        let action = match for_all {
            Some(action) => action,
            None => {
                let (action, all) = decision(face, row)?;
                if all {
                    for_all = Some(action);
                }
                action
            }
        };
        choices.push(ImportChoice {
            row: row.row,
            action: Some(action),
            key: None,
        });
    }
    Ok(choices)
}

fn decision(face: &Face, row: &ImportRow) -> Result<(ImportAction, bool)> {
    loop {
        face.say(format!(
            "{} in {} is taken: [s]kip, new [v]ersion, [r]ename? A capital letter decides for all.",
            row.key, row.environment
        ));
        let answer = line()?;
        let action = match answer.trim().to_ascii_lowercase().as_str() {
            "s" => ImportAction::Skip,
            "v" if row.standing == ImportStanding::Changed => ImportAction::Version,
            "v" => {
                face.say("It is a thing of another kind, which takes no version of this.");
                continue;
            }
            "r" => ImportAction::Rename,
            _ => continue,
        };
        return Ok((action, answer.trim().chars().all(char::is_uppercase)));
    }
}

fn confirmed(face: &Face, plan: &ImportPlan) -> Result<bool> {
    let count = plan
        .rows
        .iter()
        .filter(|row| row.action != ImportAction::Skip)
        .count();
    if count == 0 {
        return Ok(true);
    }
    face.say(format!("Import {count} of {}? [y/N]", plan.rows.len()));
    Ok(matches!(line()?.trim(), "y" | "Y" | "yes"))
}

fn line() -> Result<String> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    match read {
        Ok(read) if read > 0 => Ok(line),
        _ => Err(Error::new(
            Code::Conflict,
            "Nobody answered; nothing was imported.",
            "Say --on-conflict skip, version or rename.",
        )),
    }
}

fn table(rows: &[ImportRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let what = match (row.kind.as_str(), row.variables.len()) {
                ("connection", _) => "app credential".to_owned(),
                ("credential", 1) => "credential, 1 variable".to_owned(),
                ("credential", count) => format!("credential, {count} variables"),
                _ => "secret".to_owned(),
            };
            let act = match row.action {
                ImportAction::Add if row.proposed => "add, key proposed".to_owned(),
                ImportAction::Add => "add".to_owned(),
                ImportAction::Skip => "skip".to_owned(),
                ImportAction::Version => match row.next_version {
                    Some(number) => format!("version {number}"),
                    None => "new versions".to_owned(),
                },
                ImportAction::Rename => "add under another key".to_owned(),
                ImportAction::Ask => "undecided".to_owned(),
            };
            let standing = match row.standing {
                ImportStanding::New => "new",
                ImportStanding::Same => "same",
                ImportStanding::Changed => "changed",
                ImportStanding::Taken => "taken",
                ImportStanding::Unusable => "cannot be stored",
            };
            let found = match row.folder.as_str() {
                "" => row.found.clone(),
                folder => format!("{folder}/{}", row.found),
            };
            vec![
                found,
                what,
                row.environment.clone(),
                row.key.clone(),
                standing.to_owned(),
                act,
                row.remark.clone(),
            ]
        })
        .collect();
    output::table(
        &["FOUND", "BECOMES", "ENVIRONMENT", "KEY", "VAULT", "ACT", "NOTE"],
        &rows,
    )
}

fn told(summary: &ImportSummary) -> String {
    let versions = match summary.versions {
        1 => "1 new version".to_owned(),
        count => format!("{count} new versions"),
    };
    format!(
        "{} added, {versions}, {} under another key, {} left out.",
        summary.added, summary.renamed, summary.skipped
    )
}
