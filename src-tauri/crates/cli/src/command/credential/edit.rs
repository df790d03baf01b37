//! What `credential update` makes of the variables there are.

use keyward_api::wire::{Code, Credential, Error, Plaintext, VariableDraft};

use super::{Result, values::Given};
use crate::args::CredentialUpdate;

/// Whether an update speaks of variables at all.
pub fn changes_variables(update: &CredentialUpdate) -> bool {
    !(update.values.is_empty()
        && update.mask.is_empty()
        && update.unmask.is_empty()
        && update.describe.is_empty()
        && update.rename.is_empty()
        && update.remove.is_empty()
        && update.order.is_empty())
}

/// Drafts of variables that are all new; masked unless said otherwise.
pub fn all_new(given: Vec<Given>) -> Vec<VariableDraft> {
    given.into_iter().map(new).collect()
}

fn new(given: Given) -> VariableDraft {
    VariableDraft {
        id: None,
        name: given.wanted.name.to_string(),
        description: String::new(),
        masked: given.wanted.masked.unwrap_or(true),
        value: Some(Plaintext(given.value)),
        file: None,
    }
}

/// The variables of a Credential on their way to be stored.
pub struct Edited {
    /// As they shall be, in order.
    pub variables: Vec<VariableDraft>,
    /// Ids of those to take out.
    pub removed: Vec<String>,
}

impl Edited {
    /// As they are now.
    pub fn of(credential: &Credential) -> Self {
        let same = |variable: &keyward_api::wire::Variable| VariableDraft {
            id: Some(variable.id.clone()),
            name: variable.name.clone(),
            description: variable.description.clone(),
            masked: variable.masked,
            value: None,
            file: None,
        };
        Self {
            variables: credential.variables.iter().map(same).collect(),
            removed: Vec::new(),
        }
    }

    /// Everything but values. All options mean the names there were before the command; `--rename` comes last.
    ///
    /// # Errors
    /// `not_found` naming the variables there are, `usage` for what is not `OLD=NEW`.
    pub fn apply(&mut self, update: &CredentialUpdate) -> Result {
        for name in &update.mask {
            self.find(name)?.masked = true;
        }
        for name in &update.unmask {
            self.find(name)?.masked = false;
        }
        for pair in &update.describe {
            let (name, text) = halves("--describe", pair)?;
            text.clone_into(&mut self.find(name)?.description);
        }
        let ordered = update
            .order
            .iter()
            .map(|name| self.find(name).map(|one| one.name.clone()))
            .collect::<Result<Vec<_>>>()?;
        // Stable: those that were not named keep their order behind the others.
        self.variables.sort_by_key(|one| {
            ordered
                .iter()
                .position(|name| *name == one.name)
                .unwrap_or(usize::MAX)
        });
        for name in &update.remove {
            let id = self.find(name)?.id.clone();
            self.variables.retain(|one| one.id != id);
            self.removed.extend(id);
        }
        // All old names are looked up before one is given away, so that two can change places.
        let mut renamed = Vec::with_capacity(update.rename.len());
        for pair in &update.rename {
            let (old, new) = halves("--rename", pair)?;
            renamed.push((self.find(old)?.id.clone(), new));
        }
        for (id, new) in renamed {
            if let Some(variable) = self.variables.iter_mut().find(|one| one.id == id) {
                new.clone_into(&mut variable.name);
            }
        }
        Ok(())
    }

    /// New values; a variable that is not there yet comes last.
    pub fn give(&mut self, given: Vec<Given>) {
        for given in given {
            let name = given.wanted.name.as_str();
            match self.variables.iter_mut().find(|one| one.name == name) {
                Some(variable) => {
                    variable.masked = given.wanted.masked.unwrap_or(variable.masked);
                    variable.value = Some(Plaintext(given.value));
                }
                None => self.variables.push(new(given)),
            }
        }
    }

    fn find(&mut self, name: &str) -> Result<&mut VariableDraft> {
        let names: Vec<&str> = self.variables.iter().map(|one| one.name.as_str()).collect();
        let hint = format!("Its variables are {}.", names.join(", "));
        self.variables
            .iter_mut()
            .find(|one| one.name == name)
            .ok_or_else(|| Error::new(Code::NotFound, format!("There is no variable “{name}”."), hint))
    }
}

fn halves<'a>(option: &str, pair: &'a str) -> Result<(&'a str, &'a str)> {
    pair.split_once('=')
        .ok_or_else(|| Error::usage(format!("{option}: write VARIABLE=… with an equals sign.")))
}
