//! How a provider speaks OAuth where it differs from the RFCs: plain facts, from the catalogue or from a person. They
//! are kept with the AuthClient, so that a later catalogue changes nothing that works.

use crate::words::words;

/// What an AuthClient of type oauth2 knows beyond the RFCs (OA4). The default is a provider that keeps to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Between scopes in a request.
    pub scope_separator: Separator,
    /// Whether PKCE is sent (RFC 7636): a few providers refuse requests that have it.
    pub pkce: Pkce,
    /// How token requests are written.
    pub token_body: TokenBody,
    /// Names of parameters that this provider calls otherwise: standard name, its name; an empty name leaves it out.
    /// `authorize:` or `token:` before the standard name limits it to one kind of request.
    pub renamed: Vec<(String, String)>,
    /// Names of parameters of the callback that this provider calls otherwise: standard name, its name.
    pub callback_names: Vec<(String, String)>,
    /// Where the members of a token answer are, as JSON pointers (RFC 6901): standard name, pointer.
    pub answer_paths: Vec<(String, String)>,
    /// Parameters of the callback that are kept with the Connection (`realmId` of QuickBooks).
    pub keep_from_callback: Vec<String>,
    /// Members of the token answer that are kept with the Connection: name, JSON pointer (`instance_url` of Salesforce).
    pub keep_from_answer: Vec<(String, String)>,
    /// Hosts that a callback may name for all that follows (`accounts.zoho.eu`), and no other: `*.` stands for any
    /// label before the rest. Empty where the provider has one home.
    pub hosts: Vec<String>,
    /// Further headers of token requests: some providers refuse a client without a User-Agent of its own.
    pub headers: Vec<(String, String)>,
    /// What needs more than data.
    pub behaviour: Option<Behaviour>,
    /// What is known of the life of its refresh tokens.
    pub refresh_token: RefreshTokenLife,
}

/// What stands between scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// RFC 6749 §3.3.
    #[default]
    Space,
    /// `,`
    Comma,
    /// A literal `+`.
    Plus,
}

/// Whether PKCE is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pkce {
    /// Always (O-02).
    #[default]
    S256,
    /// Not at all: the provider refuses it.
    Off,
}

/// How token requests are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenBody {
    /// `application/x-www-form-urlencoded` (RFC 6749 §4.1.3).
    #[default]
    Form,
    /// A JSON object.
    Json,
    /// In the query of a GET request.
    Query,
}

/// Steps that a provider asks for and no data can describe; each has its one place in `oauth` and a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A short-lived token is exchanged for one of 60 days; refreshing is the same exchange (`fb_exchange_token`).
    FacebookExchange,
    /// As Facebook, with `ig_exchange_token` and a GET to refresh (`ig_refresh_token`).
    InstagramExchange,
    /// As Instagram, with `th_exchange_token` and `th_refresh_token`.
    ThreadsExchange,
    /// The user's token is under `authed_user`, the bot's at the top.
    SlackUserToken,
    /// `type=web_server` and `type=refresh` in place of `grant_type`.
    BasecampType,
    /// `action=requesttoken`, and the answer under `body` with a `status`.
    WithingsEnvelope,
    /// The answer under `data` with a `code` or `message`.
    DataEnvelope,
    /// The token endpoint is of the host that the callback named (`accounts-server`, `api_access_point`).
    CallbackHost,
    /// The client secret is a JWT signed with the client's key for each request (ES256; Apple).
    AppleClientSecret,
    /// The client secret is the user name of HTTP Basic, with an empty password (Stripe Apps).
    SecretAsUser,
    /// A name that the provider gave to the redirect address stands in its place: the variable [`REDIRECT_NAME`]
    /// (eBay's RuName).
    RedirectName,
}

/// The variable of an entry that holds the name of the redirect address, for [`Behaviour::RedirectName`].
pub const REDIRECT_NAME: &str = "redirect_name";

/// What is known of the life of a provider's refresh tokens (OA9); seconds, `None` where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshTokenLife {
    /// Ends when it was not used for so long.
    pub idle: Option<u32>,
    /// Ends so long after the consent, whatever happens.
    pub absolute: Option<u32>,
    /// Whether a refresh gives a new one.
    pub rotation: Rotation,
}

/// Whether a refresh gives a new refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Nothing is known, or now and then.
    #[default]
    Sometimes,
    /// Each time, and the old one ends.
    Always,
    /// Never: the first one stays.
    Never,
}

impl Dialect {
    /// What this provider calls a parameter of one kind of request (`authorize` or `token`); empty for one that it
    /// does not take.
    #[must_use]
    pub fn name_of<'a>(&'a self, request: &str, standard: &'a str) -> &'a str {
        let is = |(name, _): &&(String, String)| match name.split_once(':') {
            Some((kind, name)) => kind == request && name == standard,
            None => name == standard,
        };
        self.renamed.iter().find(is).map_or(standard, |(_, own)| own)
    }
}

impl Separator {
    /// The character.
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Space => ' ',
            Self::Comma => ',',
            Self::Plus => '+',
        }
    }
}

words!(Separator { Space = "space", Comma = "comma", Plus = "plus" });
words!(Pkce { S256 = "s256", Off = "off" });
words!(TokenBody { Form = "form", Json = "json", Query = "query" });
words!(Rotation { Sometimes = "sometimes", Always = "always", Never = "never" });
words!(Behaviour {
    FacebookExchange = "facebook-exchange",
    InstagramExchange = "instagram-exchange",
    ThreadsExchange = "threads-exchange",
    SlackUserToken = "slack-user-token",
    BasecampType = "basecamp-type",
    WithingsEnvelope = "withings-envelope",
    DataEnvelope = "data-envelope",
    CallbackHost = "callback-host",
    AppleClientSecret = "apple-client-secret",
    SecretAsUser = "secret-as-user",
    RedirectName = "redirect-name",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa4_a_parameter_is_renamed_in_all_requests_or_in_one_kind() {
        let renamed = |pairs: &[(&str, &str)]| Dialect {
            renamed: pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
            ..Dialect::default()
        };
        let dialect = renamed(&[
            ("client_id", "client_key"),
            ("authorize:scope", "user_scope"),
            ("token:code", ""),
        ]);
        assert_eq!(dialect.name_of("authorize", "client_id"), "client_key");
        assert_eq!(dialect.name_of("token", "client_id"), "client_key");
        assert_eq!(dialect.name_of("authorize", "scope"), "user_scope");
        assert_eq!(dialect.name_of("token", "scope"), "scope");
        assert_eq!(dialect.name_of("token", "code"), "");
        assert_eq!(dialect.name_of("token", "state"), "state");
    }

    #[test]
    fn oa4_words_are_read_back() {
        for (kind, word) in Behaviour::WORDS {
            assert_eq!(Behaviour::of_word(word), Some(*kind));
            assert_eq!(kind.word(), *word);
        }
        assert_eq!(Separator::of_word("plus").map(Separator::as_char), Some('+'));
        assert_eq!(Pkce::of_word("plain"), None);
    }
}
