//! The catalogue of providers as the person sees it: what ships, and the files of the folder `providers` (OA4).

use std::{
    fs,
    io::Read,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use keyward_model::{
    auth_client::DEFAULT_REDIRECT_PATH,
    plain,
    provider::{FillError, Provider},
};
use keyward_oauth::{catalogue, discovery, redirect};

pub use keyward_oauth::catalogue::{Catalogue, Problem};

use crate::{Engine, Error, Kind, Result};

/// Name of the folder in KEYWARD_HOME.
const FOLDER: &str = "providers";

/// Most files that are read; nobody has so many, and a folder of something else is not read to its end.
const MOST_FILES: usize = 500;

/// Longest file that is read, in bytes; the reader says that it is too long.
const LONGEST_FILE: u64 = 64 * 1024 + 1;

/// How many providers are asked at the same time.
const AT_ONCE: usize = 8;

/// All entries by name, or those that are found by these words. Nothing is sent, and no vault is needed.
///
/// # Errors
/// [`Kind::Internal`] when the folder cannot be read.
pub fn list(engine: &Engine, search: Option<&str>) -> Result<Catalogue> {
    let mut all = catalogue::with_own(&own_files(engine.home.root())?);
    if let Some(search) = search {
        all.providers.retain(|provider| provider.is_found_by(search));
    }
    Ok(all)
}

/// One entry.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when the person's file of that name makes no entry.
pub fn find(engine: &Engine, id: &str) -> Result<Provider> {
    let files = own_files(engine.home.root())?;
    if let Some(provider) = catalogue::find(&files, id) {
        return Ok(provider);
    }
    let all = catalogue::with_own(&files);
    if let Some(problem) = all
        .problems
        .iter()
        .find(|problem| problem.file == format!("{id}.toml"))
    {
        return Err(Error::new(
            Kind::Invalid,
            format!("{FOLDER}/{}: {}.", problem.file, problem.what),
            "Mend the file; entries that ship show how one is written.",
        ));
    }
    let near = all
        .providers
        .iter()
        .filter(|provider| provider.is_found_by(id))
        .map(|provider| provider.id.as_str());
    let near: Vec<&str> = near.take(5).collect();
    Err(Error::new(
        Kind::NotFound,
        format!("The catalogue has no provider “{id}”."),
        match near.as_slice() {
            [] => "`keyward provider list` names those there are.".to_owned(),
            near => format!("Near it: {}.", near.join(", ")),
        },
    ))
}

/// The redirect address that an AuthClient made from an entry proposes, as it is registered (O-26).
#[must_use]
pub fn redirect_address(provider: &Provider) -> String {
    redirect::address(&provider.redirect.proposal(), DEFAULT_REDIRECT_PATH)
}

/// What a provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The entry.
    pub id: String,
    /// How it went.
    pub outcome: Outcome,
    /// In a sentence.
    pub message: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answers as the entry says.
    Ok,
    /// It answers, and something is worth a look; or it was not asked.
    Warn,
    /// It does not answer, or otherwise than the entry says.
    Fail,
}

/// Asks providers whether their entries are still true: the metadata of those with an issuer, of the others the
/// consent page. Without ids all are asked, in the order of the catalogue. Nothing of a person is sent.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown id; [`Kind::Invalid`] for a value of a variable that does not fit.
pub fn check(engine: &Engine, ids: &[String], variables: &[(String, String)]) -> Result<Vec<Checked>> {
    let providers = match ids {
        [] => list(engine, None)?.providers,
        ids => ids.iter().map(|id| find(engine, id)).collect::<Result<_>>()?,
    };
    // Each is asked with those variables that it has.
    for (name, _) in variables {
        if !providers
            .iter()
            .any(|provider| provider.variables.iter().any(|own| own.name == *name))
        {
            return Err(unfilled(&FillError::Unknown(name.clone())));
        }
    }
    engine.network()?;
    let next = AtomicUsize::new(0);
    let mut checked: Vec<(usize, Result<Checked>)> = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(provider) = providers.get(index) else {
                    return done;
                };
                done.push((index, check_one(engine, provider, variables)));
            }
        };
        let workers: Vec<_> = (0..AT_ONCE.min(providers.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_default());
        ended.flatten().collect()
    });
    checked.sort_by_key(|(index, _)| *index);
    checked.into_iter().map(|(_, checked)| checked).collect()
}

fn check_one(engine: &Engine, provider: &Provider, variables: &[(String, String)]) -> Result<Checked> {
    let told = |outcome, message: String| {
        Ok(Checked {
            id: provider.id.clone(),
            outcome,
            message,
        })
    };
    let own =
        |(name, _): &&(String, String)| provider.variables.iter().any(|variable| variable.name == *name);
    let given: Vec<_> = variables.iter().filter(own).cloned().collect();
    let client = match provider.registration(&given) {
        Ok(client) => client,
        Err(FillError::Missing(name)) => {
            let message = format!("Not asked: it needs {name}. Say it with --var {name}=….");
            return told(Outcome::Warn, message);
        }
        Err(error) => return Err(unfilled(&error)),
    };
    let network = engine.network()?;
    if let Some(issuer) = &client.issuer {
        match network
            .runtime
            .block_on(discovery::discover(&network.http, issuer))
        {
            Ok(found) => {
                let same = |one: &str, other: &str| one.trim_end_matches('/') == other.trim_end_matches('/');
                let differs = [
                    ("authorization", &client.auth_uri, &found.authorization_endpoint),
                    ("token", &client.token_uri, &found.token_endpoint),
                ]
                .into_iter()
                .find(|(_, entry, said)| !same(entry, said));
                return match differs {
                    None => told(Outcome::Ok, "Its metadata names the same addresses.".to_owned()),
                    Some((which, _, said)) => told(
                        Outcome::Fail,
                        format!("Its metadata names another {which} address: {said}"),
                    ),
                };
            }
            // No metadata there: the page itself is asked.
            Err(keyward_oauth::Error::Config { .. } | keyward_oauth::Error::BadResponse { .. }) => {}
            Err(error) => return told(Outcome::Fail, sentence(&error)),
        }
    }
    match network
        .runtime
        .block_on(discovery::status_of(&network.http, &client.auth_uri))
    {
        Ok(status @ (200..=399)) => told(Outcome::Ok, format!("Its consent page answers (HTTP {status}).")),
        // A request without parameters is a bad one at many, and the page is there all the same.
        Ok(status @ (400 | 401 | 403 | 405 | 422 | 429)) => told(
            Outcome::Warn,
            format!("Its consent page is there and wants parameters (HTTP {status})."),
        ),
        Ok(status) => told(
            Outcome::Fail,
            format!("Its consent page does not answer as one (HTTP {status})."),
        ),
        Err(error) => told(Outcome::Fail, sentence(&error)),
    }
}

fn sentence(error: &keyward_oauth::Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// A value of a variable that is missing or does not fit, as the person gave it.
pub(crate) fn unfilled(error: &FillError) -> Error {
    Error::new(
        Kind::Invalid,
        format!("variables: {error}."),
        "`keyward provider show ID` says what an entry needs; give it as --var NAME=VALUE.",
    )
}

/// Name and text of each file, by name. A folder that is not there is empty.
fn own_files(root: &Path) -> Result<Vec<(String, String)>> {
    let folder = root.join(FOLDER);
    let unreadable = |what: &str| {
        Error::new(
            Kind::Invalid,
            format!("{} cannot be read: {what}.", folder.display()),
            "Entries of your own lie there, one TOML file each.",
        )
    };
    let listed = match fs::read_dir(&folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&plain::why(error.kind()))),
    };
    let mut files = Vec::new();
    for entry in listed.take(MOST_FILES).flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link could lead to anything; an entry is a file.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !name.ends_with(".toml") {
            continue;
        }
        let mut text = String::new();
        let read =
            fs::File::open(entry.path()).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text));
        // What is no text makes no entry, and is told as one that does not parse.
        files.push((name, if read.is_ok() { text } else { "\u{0}".to_owned() }));
    }
    files.sort();
    Ok(files)
}
