//! Row by row: which key an entry gets, how it compares with the vault, and what is done with it.

use std::collections::HashSet;

use keyward_foreign::{Content, Found};
use keyward_model::{
    Id, SecretValue,
    environment::Environment,
    name::{EnvironmentName, Handle},
};
use keyward_vault::{
    error as store,
    table::{connections, credentials, items, items::Item, secrets},
    tx::Tx,
};

use super::{
    Action, Becomes, Choice, OnConflict, Row, Standing,
    fitness::{names, one_line, unusable},
};

/// The key an entry brings along.
pub(super) fn exact(found: &Found) -> Option<Handle> {
    match &found.key {
        Some(key) => Handle::parse(key).ok(),
        None => Handle::parse(&found.name).ok(),
    }
}

/// Where rows are laid out, one after another.
pub(super) struct Desk<'a, 'v> {
    tx: &'a Tx<'v>,
    there: &'a [Environment],
    target: &'a Environment,
    on_conflict: OnConflict,
    /// Keys this import uses already, in lower case, with their environment.
    keys: HashSet<(String, String)>,
    /// Environments that would be made.
    pub(super) to_make: Vec<String>,
}

impl<'a, 'v> Desk<'a, 'v> {
    pub(super) fn new(
        tx: &'a Tx<'v>,
        there: &'a [Environment],
        target: &'a Environment,
        on_conflict: OnConflict,
    ) -> Self {
        Self {
            tx,
            there,
            target,
            on_conflict,
            keys: HashSet::new(),
            to_make: Vec::new(),
        }
    }

    /// Notes an environment that is not there.
    pub(super) fn wants(&mut self, name: &str) {
        let is_there = self.there.iter().any(|one| one.name.as_str() == name);
        if !is_there && EnvironmentName::parse(name).is_ok() && !self.to_make.iter().any(|one| one == name) {
            self.to_make.push(name.to_owned());
        }
    }

    /// The row of one entry.
    pub(super) fn row(&mut self, at: usize, found: &Found, choice: Option<&Choice>) -> store::Result<Row> {
        let environment = found
            .environment
            .clone()
            .unwrap_or_else(|| self.target.name.to_string());
        let mut row = Row {
            number: u32::try_from(at).unwrap_or(u32::MAX),
            found: one_line(&found.name),
            folder: one_line(&found.folder.join("/")),
            kind: match &found.content {
                _ if found.app.is_some() => Becomes::Connection,
                Content::Value(_) => Becomes::Secret,
                Content::Variables(_) => Becomes::Credential,
            },
            variables: match &found.content {
                Content::Value(_) => Vec::new(),
                Content::Variables(variables) => names(variables),
            },
            environment,
            key: String::new(),
            is_proposed: false,
            standing: Standing::Unusable,
            action: Action::Skip,
            next_version: None,
            remark: String::new(),
        };
        if let Some(why) = unusable(found, &row.environment) {
            row.remark = why;
            return Ok(row);
        }
        let place = self
            .there
            .iter()
            .find(|one| one.name.as_str() == row.environment)
            .map(|one| one.id);
        if place.is_none() {
            self.wants(&row.environment.clone());
        }
        let (key, is_proposed) = match self.key(at, found, choice, &row.environment) {
            Ok(key) => key,
            Err(why) => {
                row.remark = why;
                key_of(choice).clone_into(&mut row.key);
                return Ok(row);
            }
        };
        row.is_proposed = is_proposed;
        let existing = match place {
            Some(id) => items::in_any_case(self.tx, id, &key)?,
            None => None,
        };
        self.compare(&mut row, found, &key, existing.as_ref())?;
        row.action = self.decide(&row, choice);
        let key = match row.action {
            Action::Rename => {
                row.next_version = None;
                self.beside(&key, &row.environment, place)?
            }
            _ => key,
        };
        if row.action != Action::Skip {
            self.keys
                .insert((row.environment.clone(), key.as_str().to_ascii_lowercase()));
        }
        row.key = key.to_string();
        Ok(row)
    }

    /// The key of an entry: what the person chose, its own, or one proposed that no other entry of this import has, and
    /// whether it was proposed. What has no letter of a key in name and folder is called by its place in the file.
    ///
    /// # Errors
    /// Why the key that the person chose cannot be had.
    fn key(
        &self,
        at: usize,
        found: &Found,
        choice: Option<&Choice>,
        environment: &str,
    ) -> Result<(Handle, bool), String> {
        let free = |key: &Handle| {
            !self
                .keys
                .contains(&(environment.to_owned(), key.as_str().to_ascii_lowercase()))
        };
        if let Some(chosen) = choice.and_then(|choice| choice.key.as_deref()) {
            let key = Handle::parse(chosen).map_err(|error| error.to_string())?;
            return match free(&key) {
                true => Ok((key, false)),
                false => Err(format!("another entry of this import has the key {key}")),
            };
        }
        let own = exact(found);
        if let Some(key) = own.clone().filter(free) {
            return Ok((key, false));
        }
        let with_folder = Handle::propose(&format!("{} {}", found.folder.join(" "), found.name));
        let by_place = || Handle::parse(&format!("ITEM_{}", at + 1)).ok();
        let proposed = match &own {
            None => Handle::propose(&found.name),
            Some(_) => None,
        };
        proposed
            .filter(free)
            .or_else(|| with_folder.clone().filter(free))
            .or_else(|| {
                let base = with_folder.or(own).or_else(by_place)?;
                let numbered = || (2..).find_map(|number| numbered(&base, number).filter(free));
                Some(base.clone()).filter(free).or_else(numbered)
            })
            .map(|key| (key, true))
            .ok_or_else(|| "no key is free for it".to_owned())
    }

    /// A free key next to a taken one.
    fn beside(&self, key: &Handle, environment: &str, place: Option<Id>) -> store::Result<Handle> {
        for number in 2.. {
            let Some(candidate) = numbered(key, number) else {
                break;
            };
            let is_used = self
                .keys
                .contains(&(environment.to_owned(), candidate.as_str().to_ascii_lowercase()));
            let is_there = match place {
                Some(id) => items::in_any_case(self.tx, id, &candidate)?.is_some(),
                None => false,
            };
            if !is_used && !is_there {
                return Ok(candidate);
            }
        }
        Err(store::Error::Conflict(format!("no key beside {key} is free")))
    }

    fn compare(
        &self,
        row: &mut Row,
        found: &Found,
        key: &Handle,
        existing: Option<&Item>,
    ) -> store::Result<()> {
        row.standing = match (existing, &found.content) {
            (None, _) => Standing::New,
            (Some(item), _) if item.key() != key => {
                row.remark = format!("{} is there, which differs only in case", item.key());
                Standing::Taken
            }
            (Some(Item::Connection(connection)), Content::Value(one))
                if found
                    .app
                    .as_ref()
                    .is_some_and(|app| app.auth_type == connection.auth_type) =>
            {
                row.next_version = connection.value.map(|(number, _)| number + 1);
                match connections::value(self.tx, connection)? {
                    Some(value) if !is_same(&value, one.value.as_ref()) => Standing::Changed,
                    None if one.value.is_some() => Standing::Changed,
                    _ => Standing::Same,
                }
            }
            (Some(Item::Secret(secret)), Content::Value(one)) if found.app.is_none() => {
                row.next_version = Some(secret.version + 1);
                let value = secrets::value(self.tx, secret)?;
                if is_same(&value, one.value.as_ref()) {
                    Standing::Same
                } else {
                    Standing::Changed
                }
            }
            (Some(Item::Credential(credential)), Content::Variables(variables)) => {
                let mut standing = Standing::Same;
                for (name, variable) in names(variables).iter().zip(variables) {
                    let there = credential
                        .variables
                        .iter()
                        .find(|one| one.name.as_str().eq_ignore_ascii_case(name));
                    let is_same = match there {
                        Some(one) => is_same(&credentials::value(self.tx, one)?, variable.value.as_ref()),
                        None => false,
                    };
                    if !is_same {
                        standing = Standing::Changed;
                    }
                }
                standing
            }
            (Some(item), _) => {
                let what = match item {
                    Item::Secret(_) => "a secret",
                    Item::Credential(_) => "a custom credential",
                    Item::Connection(_) => "a connection",
                };
                row.remark = format!("{key} is {what}");
                Standing::Taken
            }
        };
        Ok(())
    }

    fn decide(&self, row: &Row, choice: Option<&Choice>) -> Action {
        let wanted = choice.and_then(|choice| choice.action);
        match (row.standing, wanted) {
            (Standing::Unusable, _) | (_, Some(Action::Skip)) => Action::Skip,
            (Standing::New, _) => Action::Add,
            (Standing::Changed | Standing::Same, Some(Action::Version)) => Action::Version,
            (_, Some(Action::Rename)) => Action::Rename,
            (Standing::Same, _) => Action::Skip,
            (standing, _) => match (self.on_conflict, standing) {
                (OnConflict::Ask, _) => Action::Ask,
                (OnConflict::Skip, _) => Action::Skip,
                (OnConflict::Version, Standing::Changed) => Action::Version,
                // What is of another kind takes no version: it is stored beside, and nothing is lost.
                (OnConflict::Version | OnConflict::Rename, _) => Action::Rename,
            },
        }
    }
}

fn key_of(choice: Option<&Choice>) -> &str {
    choice
        .and_then(|choice| choice.key.as_deref())
        .unwrap_or_default()
}

/// `KEY_2`: the longest key still fits.
pub(super) fn numbered(key: &Handle, number: u32) -> Option<Handle> {
    let ending = format!("_{number}");
    let base: String = key.as_str().chars().take(128 - ending.len()).collect();
    Handle::parse(&format!("{base}{ending}")).ok()
}

pub(in crate::import) fn is_same(stored: &SecretValue, found: Option<&SecretValue>) -> bool {
    // Both belong to the Owner, who is told the answer: nothing is learnt from how long it takes.
    found.is_none_or(|found| stored.expose() == found.expose())
}
