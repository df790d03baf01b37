//! `keyward secret`

mod tables;
mod trash;
mod writing;

use keyward_api::{
    verbs::Verb,
    wire::{
        Code, Compared, EnvironmentCompare, Error, Secret, SecretDelete, SecretDuplicate, SecretHistory,
        SecretLines, SecretList, SecretMove, SecretRestore, SecretReveal, SecretShow,
    },
};

use super::{Result, get, of_version};
use crate::{args::Secret as Command, context::Context, door::Door, output::Face};
pub(super) use tables::versions;

/// Everything about Secrets.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let environment = context.environment.clone();
    match command {
        Command::Add(add) => return writing::add(context, face, add),
        Command::Update(update) => return writing::update(context, face, update),
        _ => {}
    }
    let mut door = Door::open(context)?;
    match command {
        Command::Add(_) | Command::Update(_) => Ok(()),
        Command::List { search, tag } => list(context, face, &mut door, search, tag),
        Command::Show { secret, reveal } => show(context, face, &mut door, secret, reveal),
        Command::Delete { secrets, purge } => {
            let request = SecretDelete {
                environment,
                secrets,
                purge: Some(purge),
            };
            trash::delete(context, face, &mut door, request)
        }
        Command::Restore { secret, version } => restore(context, face, &mut door, secret, version),
        Command::Trash {
            restore: Some(secret),
            ..
        } => restore(context, face, &mut door, secret, None),
        Command::Trash { empty: true, .. } => trash::empty(context, face, &mut door),
        Command::Trash { .. } => trash::list(context, face, &mut door),
        Command::History { secret } => face.show(
            &door.call(context, SecretHistory { environment, secret })?,
            |list| versions(list),
        ),
        Command::Duplicate { secret, new } => {
            let request = SecretDuplicate {
                environment,
                secret,
                key: new,
            };
            face.show(&door.call(context, request)?, tables::facts)
        }
        Command::Move { secrets, to, copy } => {
            let request = SecretMove {
                environment,
                secrets,
                to,
                copy: Some(copy),
            };
            let done = door.call(context, request)?;
            let verb = if copy { "copied" } else { "moved" };
            for secret in &done {
                face.say(format!("{} {verb} to {}.", secret.key, secret.environment));
            }
            face.show(&done, |list| tables::lines(list))
        }
        Command::Compare { first, second } => compare(context, face, &mut door, &first, &second),
    }
}

fn restore(context: &Context, face: &Face, door: &mut Door, secret: String, version: Option<u32>) -> Result {
    let history = format!("secret history {secret}");
    let request = SecretRestore {
        environment: context.environment.clone(),
        secret,
        version,
    };
    face.show(&of_version(door.call(context, request), &history)?, tables::facts)
}

/// So many pages' worth of a list fit one answer where an entry is little more than its key.
const SMALL_ENTRIES: u32 = 10;

fn compare(context: &Context, face: &Face, door: &mut Door, first: &str, second: &str) -> Result {
    let mut all: Vec<Compared> = Vec::new();
    loop {
        let limit = door.page().map(|page| page * SMALL_ENTRIES);
        let request = EnvironmentCompare {
            first: first.to_owned(),
            second: second.to_owned(),
            after: all.last().map(|last| last.key.clone()),
            limit,
        };
        let page = door.call(context, request)?;
        let is_last = limit.is_none_or(|limit| page.len() < limit as usize);
        all.extend(page);
        if is_last {
            break;
        }
    }
    if all.is_empty() {
        face.say("Both environments are empty.");
    }
    face.show(&all, |list| tables::compared(list, first, second))
}

fn show(context: &Context, face: &Face, door: &mut Door, secret: String, reveal: bool) -> Result {
    let environment = context.environment.clone();
    let shown = door.call(
        context,
        SecretShow {
            environment: environment.clone(),
            secret,
        },
    )?;
    if !reveal {
        return face.show(&shown, tables::facts);
    }
    let revealed = door.call_again(context, &mut None, |passphrase| SecretReveal {
        environment: environment.clone(),
        secret: shown.id.clone(),
        version: None,
        passphrase,
    })?;
    if let Some(notice) = &revealed.notice {
        face.say(notice);
    }
    if face.is_json() {
        let mut document = serde_json::to_value(&shown)
            .map_err(|_| Error::new(Code::Internal, "The answer could not be encoded.", ""))?;
        get::add_value(&mut document, &revealed.value.0);
        return face.document(&document);
    }
    face.data(tables::facts(&shown).as_bytes())?;
    face.data(b"value:       ")?;
    face.value(revealed.value.0.expose())
}

fn list(
    context: &Context,
    face: &Face,
    door: &mut Door,
    search: Option<String>,
    tag: Option<String>,
) -> Result {
    let is_filtered = search.is_some() || tag.is_some();
    let request = |after, limit| SecretList {
        environment: context.environment.clone(),
        search: search.clone(),
        tag: tag.clone(),
        after,
        limit,
    };
    // For a person only what is read is asked for, and kept of each page: ten thousand whole entries are 16 MB (P6).
    let (mut whole, mut lines) = (Vec::new(), tables::Lines::new());
    match face.is_json() {
        true => pages(
            context,
            door,
            request,
            |page| page.last().map(|last: &Secret| last.key.clone()),
            |page| whole.extend(page),
        )?,
        false => pages(
            context,
            door,
            |after, limit| SecretLines(request(after, limit)),
            |page| page.last().map(|last| last.key.into_owned()),
            |page| page.iter().for_each(|line| lines.push(&line)),
        )?,
    }
    if whole.is_empty() && lines.table().is_empty() {
        face.say(match is_filtered {
            true => "No secret here fits.",
            false => "No secrets here. Add one: keyward secret add KEY",
        });
    }
    face.show_table(&whole, lines.table())
}

/// Hands on every page of a list: a frame holds about ten thousand entries, a vault may hold more.
fn pages<V: Verb>(
    context: &Context,
    door: &mut Door,
    request: impl Fn(Option<String>, Option<u32>) -> V,
    last_key: impl Fn(&V::Reply) -> Option<String>,
    mut take: impl FnMut(V::Reply),
) -> Result {
    let mut after = None;
    loop {
        // Asked before the call, in which a locked host may be left for the file itself.
        let limit = door.page();
        let page = door.call(context, request(after, limit))?;
        // A page of long texts is shorter than asked for: only an empty one is the end.
        after = last_key(&page);
        if after.is_none() {
            return Ok(());
        }
        take(page);
        if limit.is_none() {
            return Ok(());
        }
    }
}
