//! What a reader found, in one shape for all formats.

use keyward_model::{SecretValue, Timestamp};

use crate::{
    app::{AppCredential, ApplicationOf, ClientOf},
    limits,
    own::EnvironmentOf,
};

/// Everything a file holds.
#[derive(Debug, Default)]
pub struct Sheet {
    /// The entries, in the order of the file.
    pub entries: Vec<Found>,
    /// Environments that the file tells of; only our own export does.
    pub environments: Vec<EnvironmentOf>,
    /// Applications that the file tells of; only our own export does.
    pub applications: Vec<ApplicationOf>,
    /// Registrations that the file tells of; only our own export does.
    pub auth_clients: Vec<ClientOf>,
    /// What was left out, and why, in sentences; names no value.
    pub remarks: Vec<String>,
}

/// One entry.
#[derive(Debug, Default)]
pub struct Found {
    /// Folders or groups it lay in, outermost first: text, never a path to be opened.
    pub folder: Vec<String>,
    /// The environment it asks for; only our own export knows one.
    pub environment: Option<String>,
    /// What it is called there; any text.
    pub name: String,
    /// The key it had; only our own export and variables have one that is apart from the name.
    pub key: Option<String>,
    /// What it is for.
    pub description: String,
    /// Longer text beside it.
    pub note: String,
    /// Free words.
    pub tags: Vec<String>,
    /// Marked as a favourite.
    pub favourite: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// How old a value may become before it should be replaced, in seconds.
    pub rotate_every: Option<u64>,
    /// What makes it an app credential, where it is one: it has one value then, of Basic both joined as they are stored.
    pub app: Option<AppCredential>,
    /// The value or values.
    pub content: Content,
}

/// One value, or several that belong together.
#[derive(Debug)]
pub enum Content {
    /// One value.
    Value(Variable),
    /// Several, each with its name.
    Variables(Vec<Variable>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Variables(Vec::new())
    }
}

/// One value and what is said of it.
#[derive(Debug)]
pub struct Variable {
    /// What it is called; any text, empty for the one value of an entry.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether faces hide it until asked.
    pub masked: bool,
    /// The value; `None` in a file that carries structure alone (WK3).
    pub value: Option<SecretValue>,
    /// When it was made, where that is known.
    pub created_at: Option<Timestamp>,
    /// Why it was made.
    pub note: String,
    /// Values it had before, oldest first.
    pub older: Vec<Older>,
}

/// A value of before.
#[derive(Debug)]
pub struct Older {
    /// The value.
    pub value: SecretValue,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Why.
    pub note: String,
}

impl Variable {
    /// A value that faces hide.
    #[must_use]
    pub fn masked(name: impl Into<String>, value: SecretValue) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            masked: true,
            value: Some(value),
            created_at: None,
            note: String::new(),
            older: Vec::new(),
        }
    }

    /// A value that faces show.
    #[must_use]
    pub fn plain(name: impl Into<String>, value: SecretValue) -> Self {
        Self {
            masked: false,
            ..Self::masked(name, value)
        }
    }
}

impl Found {
    /// An entry with one value that faces hide.
    #[must_use]
    pub fn secret(name: impl Into<String>, value: SecretValue) -> Self {
        Self {
            name: name.into(),
            content: Content::Value(Variable::masked("", value)),
            ..Self::default()
        }
    }

    /// Its values.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        match &self.content {
            Content::Value(one) => std::slice::from_ref(one),
            Content::Variables(all) => all,
        }
    }
}

/// A login as password managers keep it, on its way to an entry.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) username: Option<SecretValue>,
    pub(crate) password: Option<SecretValue>,
    pub(crate) older_passwords: Vec<Older>,
    pub(crate) url: Option<String>,
    pub(crate) otp: Option<SecretValue>,
    pub(crate) more: Vec<Variable>,
}

impl Login {
    /// A password alone becomes one value; with anything beside it, a set of variables. Empty fields are left out.
    pub(crate) fn into_found(mut self, mut found: Found) -> Found {
        let full = |value: Option<SecretValue>| value.filter(|value| !value.is_empty());
        let username = full(self.username.take());
        let password = full(self.password.take());
        let otp = full(self.otp.take());
        let url = self.url.filter(|url| !url.trim().is_empty());
        self.older_passwords.truncate(limits::OLDER_VALUES);
        self.more
            .retain(|variable| variable.value.as_ref().is_some_and(|value| !value.is_empty()));
        let is_alone = username.is_none() && otp.is_none() && self.more.is_empty();
        found.content = match password {
            Some(password) if is_alone => {
                if let Some(url) = url {
                    add_line(&mut found.description, &url);
                }
                let mut one = Variable::masked("", password);
                one.older = self.older_passwords;
                Content::Value(one)
            }
            password => {
                let mut variables = Vec::new();
                if let Some(username) = username {
                    variables.push(Variable::plain("username", username));
                }
                if let Some(password) = password {
                    let mut variable = Variable::masked("password", password);
                    variable.older = self.older_passwords;
                    variables.push(variable);
                }
                if let Some(url) = url {
                    variables.push(Variable::plain("url", url.into()));
                }
                if let Some(otp) = otp {
                    variables.push(Variable::masked("otp", otp));
                }
                variables.append(&mut self.more);
                if variables.is_empty() && !found.note.is_empty() {
                    // A secure note: its text is the value.
                    Content::Value(Variable::masked("", std::mem::take(&mut found.note).into()))
                } else {
                    Content::Variables(variables)
                }
            }
        };
        found
    }
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}
