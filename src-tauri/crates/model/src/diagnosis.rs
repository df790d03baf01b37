//! The grant doctor: why a Connection failed or ended, in the provider's terms, and what mends it (OA10).
//!
//! Rules look at [`Evidence`] alone. The first that fits is the cause; those that may also be it follow.

mod general;

mod google;

mod microsoft;

mod others;

#[cfg(test)]
mod tests;

use crate::{
    Timestamp,
    connection::{ConnectionState, OFFLINE_ACCESS, not_granted},
};

/// Code of the warning that stands beside a Connection whose provider granted less than was asked for (O-14).
pub const SCOPES_NOT_GRANTED: &str = "scopes_not_granted";

/// Code of the note that stands where a provider's refusal stood, once its AuthClient was changed.
pub const AUTH_CLIENT_CHANGED: &str = "auth_client_changed";

/// What is known when the question is asked.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Id of the catalogue entry, where there is one.
    pub provider: Option<&'a str>,
    /// Address of the token endpoint.
    pub token_uri: &'a str,
    /// Where the Connection stands.
    pub state: ConnectionState,
    /// Code of the stored error; empty without one.
    pub code: &'a str,
    /// Its message, in which the provider's own words stand.
    pub said: &'a str,
    /// What new tokens come from.
    pub renewal: Renewal,
    /// Whether something renews the tokens without a person.
    pub has_refresh_token: bool,
    /// Scopes as granted, else as asked for.
    pub scopes: &'a str,
    /// Scopes as asked for at the last consent.
    pub requested: &'a str,
    /// Names and values of all further authorization parameters.
    pub params: &'a [(String, String)],
    /// When the Owner last consented, where the log still says so.
    pub consented_at: Option<Timestamp>,
    /// When tokens last came.
    pub obtained_at: Option<Timestamp>,
    /// When the present access token ends.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token ends whatever is done, where that is near (OA9).
    pub consent_ends_at: Option<Timestamp>,
    /// When the stored error was written.
    pub failed_at: Timestamp,
    /// How far the provider's clock is ahead of ours, in seconds, where it was seen.
    pub skew: Option<i64>,
    /// Now.
    pub now: Timestamp,
}

/// What new tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The refresh token of a person's consent, where the provider gave one.
    Consent,
    /// The client's own request: no person is behind it, and no refresh token (OA2).
    Client,
    /// Nothing: its token has no end (OAuth 1.0a).
    Never,
}

/// Why it is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A stable word.
    pub id: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// Why, in the provider's terms.
    pub why: &'static str,
    /// What mends it.
    pub fix: &'static str,
    /// The one act that does it here.
    pub act: Remedy,
}

impl Cause {
    /// What mends it where a consent failed: there is nothing to refresh yet, and perhaps no Connection.
    #[must_use]
    pub fn fix_at_consent(&self) -> String {
        self.fix
            .replace(", then refresh", ", then connect again")
            .replace(" Nobody has to consent again.", "")
            .replace(
                ", delete this connection and connect it through that one",
                ", and connect through that one",
            )
    }
}

/// The one act that mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing is broken.
    Nothing,
    /// Time, or somebody else: Keyward tries again by itself.
    Wait,
    /// A refresh by hand, once what the text says is done.
    Refresh,
    /// The Owner consents again.
    Connect,
    /// The AuthClient is changed, then refreshed.
    EditAuthClient,
    /// Something at the provider, by whoever may; then the Owner consents again.
    AtProvider,
}

impl Remedy {
    /// The word for it in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Wait => "wait",
            Self::Refresh => "refresh",
            Self::Connect => "connect",
            Self::EditAuthClient => "edit_auth_client",
            Self::AtProvider => "at_provider",
        }
    }
}

/// One way to recognize a cause.
struct Rule {
    fits: fn(&Evidence<'_>) -> bool,
    cause: Cause,
}

/// Shortens the tables of rules.
const fn rule(
    id: &'static str,
    fits: fn(&Evidence<'_>) -> bool,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    act: Remedy,
) -> Rule {
    Rule {
        fits,
        cause: Cause {
            id,
            title,
            why,
            fix,
            act,
        },
    }
}

/// The causes that fit, the likeliest first. Never empty: what nobody recognizes is told as what it is.
#[must_use]
pub fn diagnose(evidence: &Evidence<'_>) -> Vec<Cause> {
    // What a provider says of itself goes before what holds everywhere.
    let tables = [
        general::FIRST,
        microsoft::RULES,
        google::RULES,
        others::RULES,
        general::RULES,
    ];
    let mut causes: Vec<Cause> = tables
        .into_iter()
        .flatten()
        .filter(|rule| (rule.fits)(evidence))
        .map(|rule| rule.cause)
        .collect();
    causes.dedup_by_key(|cause| cause.id);
    if causes.is_empty() {
        causes.push(general::UNKNOWN);
    }
    causes
}

/// Id of what no rule knows.
pub const UNKNOWN: &str = general::UNKNOWN.id;

/// All ids there are, for the documents and the test that each has a test.
pub fn ids() -> impl Iterator<Item = &'static str> {
    [
        general::FIRST,
        microsoft::RULES,
        google::RULES,
        others::RULES,
        general::RULES,
    ]
    .into_iter()
    .flatten()
    .map(|rule| rule.cause.id)
    .chain([general::UNKNOWN.id])
}

const DAY: i64 = 24 * 3600;

impl Evidence<'_> {
    /// Whether the Connection is with this provider: by its catalogue entry, else by the host of its token endpoint.
    fn is_at(&self, id: &str, host: &str) -> bool {
        let by_id = self.provider.is_some_and(|provider| {
            provider == id
                || provider
                    .strip_prefix(id)
                    .is_some_and(|rest| rest.starts_with('-'))
        });
        by_id || is_host(self.token_uri, host)
    }

    /// Whether the provider's words hold `text`, whatever its case.
    fn says(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.said.to_ascii_lowercase().contains(&text)
    }

    /// As [`Self::says`], without the guess that Keyward adds behind the provider's words.
    fn provider_says(&self, text: &str) -> bool {
        let said = self.said.split(" Probably ").next().unwrap_or_default();
        Evidence { said, ..*self }.says(text)
    }

    /// Whether the stored error has one of these codes.
    fn code_is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code)
    }

    /// Whether the grant itself ended.
    fn is_dead(&self) -> bool {
        self.renewal == Renewal::Consent && self.is_refused()
    }

    /// Whether what the last request for tokens rested on was refused.
    fn is_refused(&self) -> bool {
        self.state == ConnectionState::NeedsConsent
            && self.code_is(&[
                "invalid_grant",
                "expired_token",
                "invalid_token",
                "bad_refresh_token",
                "invalid_refresh_token",
                "token_revoked",
                "token_expired",
            ])
    }

    /// Whether an authorization parameter is there, with this value.
    fn has_param(&self, name: &str, value: &str) -> bool {
        // `prompt` is a list of words (OpenID Connect Core §3.1.2.1).
        self.params
            .iter()
            .any(|(own, said)| own == name && said.split(' ').any(|word| word == value))
    }

    /// Whether the scope for access while nobody is there was asked for.
    fn asks_offline(&self) -> bool {
        self.requested.split([' ', ',']).any(|own| own == OFFLINE_ACCESS)
    }

    /// Whether it works with less than was asked for.
    fn lacks_scopes(&self) -> bool {
        self.state == ConnectionState::Ready
            && (self.code.is_empty() || self.code_is(&[SCOPES_NOT_GRANTED, "no_refresh_token"]))
            && not_granted(self.requested.split(' '), self.scopes).any(|scope| scope != OFFLINE_ACCESS)
    }

    /// Whether a scope is there.
    fn has_scope(&self, scope: &str) -> bool {
        self.scopes.split([' ', ',']).any(|own| own == scope)
    }

    /// Days from the consent to the failure.
    fn days_lived(&self) -> Option<i64> {
        let consented = self.consented_at?;
        Some((self.failed_at.seconds() - consented.seconds()) / DAY)
    }

    /// Days from the last tokens to the failure.
    fn days_unused(&self) -> Option<i64> {
        let obtained = self.obtained_at?;
        Some((self.failed_at.seconds() - obtained.seconds()) / DAY)
    }

    /// Whether there is a consent that a corrected AuthClient goes on with.
    fn has_standing_grant(&self) -> bool {
        self.obtained_at.is_some() && self.state != ConnectionState::NeedsConsent
    }

    /// Connected, and the provider gave no refresh token.
    fn lacks_refresh_token(&self) -> bool {
        !self.has_refresh_token
            && self.obtained_at.is_some()
            && matches!(self.state, ConnectionState::Ready | ConnectionState::NeedsConsent)
    }
}

/// Whether an address is of a host or of one below it.
fn is_host(address: &str, host: &str) -> bool {
    let authority = address.split('/').nth(2).unwrap_or_default();
    let name = authority
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    name.strip_suffix(host)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
