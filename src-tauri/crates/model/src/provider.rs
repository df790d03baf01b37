//! Providers: what the catalogue knows of one, and what becomes of it for one registration (OA4).

use crate::{
    auth_client::{
        ClientAuthentication, DEFAULT_REDIRECT_PATH, Grant, LoopbackHost, Oauth1, Oauth2, Origin, Pushed,
        Redirect, Signature,
    },
    dialect::Dialect,
    name::AppName,
    words::words,
};

/// Port of a redirect that a provider compares to the letter, unless a person chooses another: from the range that
/// IANA leaves to everybody, and used by no program we know of.
pub const PROPOSED_PORT: u16 = 53_117;

/// An entry of the catalogue: facts about a provider, none of them secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Unique, for ever: `a-z 0-9 -`.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// The Application that is proposed.
    pub application: AppName,
    /// Where it is found in the catalogue.
    pub category: Category,
    /// Further words it is found by.
    pub keywords: Vec<String>,
    /// What stands for its logo: no trademark is copied.
    pub mark: Mark,
    /// Its front page.
    pub website: Option<String>,
    /// Its page about OAuth.
    pub documentation: Option<String>,
    /// Where an application is registered.
    pub console: Option<String>,
    /// Which protocol it speaks.
    pub protocol: Protocol,
    /// Its addresses; each may hold `{variable}`s.
    pub endpoints: Endpoints,
    /// What stands for the variables.
    pub variables: Vec<Variable>,
    /// Scopes that are usual.
    pub scopes: Vec<Scope>,
    /// Redirect addresses that it takes.
    pub redirect: RedirectRule,
    /// Grants that it is known to take, the usual one first.
    pub grants: Vec<Grant>,
    /// How a client with a secret says who it is.
    pub client_authentication: ClientAuthentication,
    /// Further parameters of the authorization request.
    pub authorize_params: Vec<(String, String)>,
    /// Further parameters of the request for tokens.
    pub token_params: Vec<(String, String)>,
    /// Further parameters of a refresh.
    pub refresh_params: Vec<(String, String)>,
    /// Resources (RFC 8707).
    pub resources: Vec<String>,
    /// Life of an access token where its answers say none, in seconds.
    pub token_expires_in: Option<u32>,
    /// How long before its end a token is refreshed, in seconds (O-64).
    pub refresh_window: Option<u32>,
    /// What it does its own way.
    pub dialect: Dialect,
    /// What a person does at the provider, step by step.
    pub steps: Vec<String>,
    /// How sure all this is.
    pub verified: Verified,
    /// Who wrote the entry.
    pub author: Author,
}

/// Where an entry is found in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Source code and its hosting.
    Code,
    /// Customers and sales.
    Crm,
    /// Mail, chat, social networks.
    Communication,
    /// Money.
    Finance,
    /// Health and sport.
    Health,
    /// People at work.
    Hr,
    /// Who somebody is.
    Identity,
    /// Campaigns and advertisements.
    Marketing,
    /// Music, pictures, films.
    Media,
    /// Documents, tasks, calendars.
    Productivity,
    /// Shops.
    Commerce,
    /// Help desks.
    Support,
    /// Everything else.
    Other,
}

/// Letters on a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// One or two.
    pub letters: String,
    /// Hue of the tile in degrees: the theme chooses how light it is.
    pub hue: u16,
}

/// Which protocol a provider speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 6749.
    Oauth2,
    /// RFC 5849, with the address of temporary credentials.
    Oauth1 {
        /// Where a request token is got.
        request_uri: String,
    },
}

/// The addresses of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Issuer; whatever is not said here is discovered from it.
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Endpoint for refreshes, where it is another one.
    pub refresh_token_uri: Option<String>,
    /// RFC 7009.
    pub revocation_uri: Option<String>,
    /// RFC 7662.
    pub introspection_uri: Option<String>,
    /// RFC 8628.
    pub device_uri: Option<String>,
    /// RFC 9126.
    pub pushed: Option<Pushed>,
    /// Keys of ID tokens.
    pub jwks_uri: Option<String>,
}

/// What differs from one customer of a provider to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// As it stands between braces.
    pub name: String,
    /// For people.
    pub title: String,
    /// A value as it may look.
    pub example: String,
    /// What it may hold.
    pub pattern: Pattern,
    /// What it is unless something else is said.
    pub default: Option<String>,
    /// All it can be; empty for anything of the pattern.
    pub choices: Vec<String>,
}

/// What a variable may hold. None lets a value leave its place in an address: no scheme, user name, query or fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One label of a host name.
    Label,
    /// A host name.
    Host,
    /// Host, perhaps a port, perhaps a path: where something is installed.
    Place,
    /// Letters, digits, `.`, `_`, `~` and `-`: one segment of a path, or a parameter.
    Word,
}

/// A scope, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As it is sent.
    pub name: String,
    /// What it allows.
    pub description: Option<String>,
    /// Whether it is asked for unless a person says otherwise.
    pub is_usual: bool,
}

/// Redirect addresses that a provider takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectRule {
    /// Loopback by address, any port (RFC 8252 §7.3).
    AnyPort,
    /// Loopback by the name `localhost`, any port.
    AnyPortLocalhost,
    /// Loopback by address, with the very port that is registered.
    FixedPort,
    /// `localhost` with the very port that is registered.
    FixedPortLocalhost,
    /// https alone, also on this machine.
    HttpsLocalhost,
    /// https at a name that everybody reaches: the person pastes where the browser ended.
    Paste,
    /// A scheme of the app's own.
    Scheme,
}

/// How sure the facts of an entry are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Day of the source, `YYYY-MM-DD`; `None` for what nobody checked.
    pub on: Option<String>,
    /// Where the facts are from.
    pub source: String,
    /// What kind of source that is.
    pub confidence: Confidence,
}

/// What kind of source an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The provider's own pages.
    Documented,
    /// A public catalogue that is in use.
    Catalogued,
    /// General knowledge: look before relying on it.
    Unchecked,
}

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// It ships with Keyward.
    Keyward,
    /// The person, in the folder `providers`.
    Owner,
}

/// Why an entry and values for its variables make no registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// A variable has neither value nor default.
    #[error("the variable {0} is missing")]
    Missing(String),
    /// A value was given for something that is no variable.
    #[error("there is no variable {0}")]
    Unknown(String),
    /// A value does not fit.
    #[error("the value of {name} is not {what}")]
    Unfit {
        /// The variable.
        name: String,
        /// What it must be.
        what: String,
    },
}

words!(Category {
    Code = "code",
    Crm = "crm",
    Communication = "communication",
    Finance = "finance",
    Health = "health",
    Hr = "hr",
    Identity = "identity",
    Marketing = "marketing",
    Media = "media",
    Productivity = "productivity",
    Commerce = "commerce",
    Support = "support",
    Other = "other",
});
words!(Pattern { Label = "label", Host = "host", Place = "place", Word = "word" });
words!(RedirectRule {
    AnyPort = "any-port",
    AnyPortLocalhost = "any-port-localhost",
    FixedPort = "fixed-port",
    FixedPortLocalhost = "fixed-port-localhost",
    HttpsLocalhost = "https-localhost",
    Paste = "paste",
    Scheme = "scheme",
});
words!(Confidence { Documented = "documented", Catalogued = "catalogued", Unchecked = "unchecked" });

impl RedirectRule {
    /// What an AuthClient is given, unless a person chooses.
    #[must_use]
    pub fn proposal(self) -> Redirect {
        let fixed = |host| Redirect::Fixed {
            host,
            port: PROPOSED_PORT,
        };
        match self {
            Self::AnyPort => Redirect::Free,
            Self::AnyPortLocalhost => Redirect::FreeLocalhost,
            Self::FixedPort => fixed(LoopbackHost::V4),
            Self::FixedPortLocalhost => fixed(LoopbackHost::Name),
            Self::HttpsLocalhost => Redirect::Https { port: PROPOSED_PORT },
            Self::Paste => Redirect::Paste(format!("https://localhost{DEFAULT_REDIRECT_PATH}")),
            Self::Scheme => Redirect::Scheme("keyward".to_owned()),
        }
    }
}

impl Pattern {
    /// Whether a value fits. Values come from a person and end up in addresses that secrets are sent to.
    #[must_use]
    pub fn fits(self, value: &str) -> bool {
        let label = |text: &str| {
            (1..=63).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !text.starts_with('-')
                && !text.ends_with('-')
        };
        // An underscore is no character of a host name, and accounts of a few providers have one all the same.
        let host =
            |text: &str| text.len() <= 253 && text.split('.').all(|part| label(&part.replace('_', "x")));
        let word = |text: &str| {
            (1..=256).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'))
                && text != "."
                && text != ".."
        };
        match self {
            Self::Label => label(value),
            Self::Host => host(value),
            Self::Word => word(value),
            Self::Place => {
                let mut parts = value.split('/');
                let authority = parts.next().unwrap_or_default();
                let (name, port) = authority.split_once(':').unwrap_or((authority, "443"));
                host(name) && port.parse::<u16>().is_ok_and(|port| port > 0) && parts.all(word)
            }
        }
    }

    /// For messages: “is not …”.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Label => "one part of a host name: letters, digits and -",
            Self::Host => "a host name, without https:// and path",
            Self::Place => "a host name, perhaps with port and path, without https://",
            Self::Word => "letters, digits, . _ ~ and -",
        }
    }
}

impl Provider {
    /// The host of its authorization endpoint as people read it, with variables as they stand.
    #[must_use]
    pub fn host(&self) -> &str {
        let address = &self.endpoints.auth_uri;
        let rest = address
            .split_once("://")
            .map_or(address.as_str(), |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or(rest)
    }

    /// Values for all its variables, in its order: what was given, else the default.
    ///
    /// # Errors
    /// [`FillError`] naming the variable.
    pub fn values(&self, given: &[(String, String)]) -> Result<Vec<(String, String)>, FillError> {
        if let Some((name, _)) = given
            .iter()
            .find(|(name, _)| self.variables.iter().all(|variable| variable.name != *name))
        {
            return Err(FillError::Unknown(name.clone()));
        }
        let value = |variable: &Variable| {
            let name = &variable.name;
            let value = given
                .iter()
                .rfind(|(given, value)| given == name && !value.is_empty())
                .map(|(_, value)| value)
                .or(variable.default.as_ref())
                .ok_or_else(|| FillError::Missing(name.clone()))?;
            let unfit = |what: String| FillError::Unfit {
                name: name.clone(),
                what,
            };
            if !variable.choices.is_empty() && !variable.choices.contains(value) {
                return Err(unfit(format!("one of {}", variable.choices.join(", "))));
            }
            if !variable.pattern.fits(value) {
                return Err(unfit(variable.pattern.what().to_owned()));
            }
            Ok((name.clone(), value.clone()))
        };
        self.variables.iter().map(value).collect()
    }

    /// The registration that this entry and these values make, still without client id and secret.
    ///
    /// # Errors
    /// [`FillError`] naming the variable.
    pub fn registration(&self, given: &[(String, String)]) -> Result<Oauth2, FillError> {
        let values = self.values(given)?;
        let fill = |text: &String| filled(text, &values);
        let maybe = |text: &Option<String>| text.as_ref().map(fill);
        let pairs = |pairs: &[(String, String)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(name, value)| (name.clone(), fill(value)))
                .collect()
        };
        let at = &self.endpoints;
        let plain = Oauth2::new(fill(&at.auth_uri), fill(&at.token_uri), String::new());
        let mut dialect = self.dialect.clone();
        dialect.headers = pairs(&dialect.headers);
        Ok(Oauth2 {
            issuer: maybe(&at.issuer),
            refresh_token_uri: maybe(&at.refresh_token_uri),
            revocation_uri: maybe(&at.revocation_uri),
            introspection_uri: maybe(&at.introspection_uri),
            device_uri: maybe(&at.device_uri),
            pushed: at.pushed.as_ref().map(|pushed| Pushed {
                uri: fill(&pushed.uri),
                is_required: pushed.is_required,
            }),
            jwks_uri: maybe(&at.jwks_uri),
            token_expires_in: self.token_expires_in.unwrap_or(plain.token_expires_in),
            client_authentication: self.client_authentication,
            grant: self.grants.first().copied().unwrap_or_default(),
            redirect: self.redirect.proposal(),
            authorize_params: pairs(&self.authorize_params),
            token_params: pairs(&self.token_params),
            refresh_params: pairs(&self.refresh_params),
            resources: self.resources.iter().map(fill).collect(),
            scopes: self.usual_scopes(),
            refresh_window: self.refresh_window,
            provider: Some(Origin {
                id: self.id.clone(),
                variables: values.clone(),
            }),
            dialect,
            ..plain
        })
    }

    /// The OAuth 1.0a registration that this entry and these values make, still without consumer key and secret; `None`
    /// for an entry that speaks OAuth 2.0.
    ///
    /// # Errors
    /// [`FillError`] naming the variable.
    pub fn oauth1_registration(&self, given: &[(String, String)]) -> Result<Option<Oauth1>, FillError> {
        let Protocol::Oauth1 { request_uri } = &self.protocol else {
            return Ok(None);
        };
        let values = self.values(given)?;
        let fill = |text: &String| filled(text, &values);
        let params = self.authorize_params.iter();
        Ok(Some(Oauth1 {
            request_uri: fill(request_uri),
            authorize_uri: fill(&self.endpoints.auth_uri),
            access_uri: fill(&self.endpoints.token_uri),
            consumer_key: String::new(),
            client_secret: None,
            signature: Signature::default(),
            redirect: self.redirect.proposal(),
            redirect_path: DEFAULT_REDIRECT_PATH.to_owned(),
            authorize_params: params.map(|(name, value)| (name.clone(), fill(value))).collect(),
        }))
    }

    /// The scopes that are asked for unless a person says otherwise.
    #[must_use]
    pub fn usual_scopes(&self) -> Vec<String> {
        let usual = self.scopes.iter().filter(|scope| scope.is_usual);
        usual.map(|scope| scope.name.clone()).collect()
    }

    /// Whether it is found by all of these words: in its name, id, host, category or keywords.
    #[must_use]
    pub fn is_found_by(&self, search: &str) -> bool {
        let own = [&self.name, &self.id, self.host(), self.category.word()]
            .join(" ")
            .to_lowercase();
        let keywords = self.keywords.join(" ").to_lowercase();
        search
            .to_lowercase()
            .split_whitespace()
            .all(|word| own.contains(word) || keywords.contains(word))
    }
}

/// Names between braces in a text; `None` when a brace stands alone.
#[must_use]
pub fn variables_in(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        if before.contains('}') {
            return None;
        }
        names.push(name);
        rest = tail;
    }
    (!rest.contains('}')).then_some(names)
}

fn filled(text: &str, values: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        // No pattern allows a brace, so what was put in is not looked at again.
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

#[cfg(test)]
#[path = "provider/tests.rs"]
mod tests;
