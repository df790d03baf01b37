//! A running Consent, and those that are due.

use super::{Cause, Connection, Error};
use serde::{Deserialize, Serialize};

/// One run of an authorization flow as people watch it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Consent {
    /// UUID.
    pub id: String,
    /// Key of the Connection.
    pub connection: String,
    /// Key of the AuthClient.
    pub auth_client: String,
    /// Where it stands.
    pub state: ConsentState,
    /// The six steps, in order.
    pub steps: Vec<Step>,
    /// Where the person goes: the authorization URL, for another browser, or where a code is typed in; holds no secret
    /// that outlives the flow. Empty where nobody is asked.
    pub link: String,
    /// The code to type in there (RFC 8628), for a consent on another device.
    pub user_code: Option<String>,
    /// Loopback address that listens, without scheme: `127.0.0.1:49731/callback`. Empty where no browser comes back here.
    pub listening: String,
    /// Program that was started, or `null` when none could be.
    pub browser: Option<String>,
    /// Seconds until it gives up.
    pub seconds_left: u32,
    /// Seconds it may take in all.
    pub seconds_allowed: u32,
    /// Grows with every change.
    pub revision: u32,
    /// The result.
    pub result: Option<Connection>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// Where a Consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ConsentState {
    /// The person is asked in the browser.
    Waiting,
    /// The code is exchanged and stored.
    Finishing,
    /// Connected.
    Done,
    /// Connected, without a refresh token.
    DoneWithoutRefreshToken,
    /// The provider's page said no.
    Denied,
    /// Nobody answered.
    TimedOut,
    /// The Owner stopped it.
    Cancelled,
    /// It failed.
    Failed,
}

/// One step of a Consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Step {
    /// Which.
    pub id: StepId,
    /// How far.
    pub state: StepState,
    /// Seconds after the start when it was done or failed.
    pub seconds: Option<f64>,
}

/// The six steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum StepId {
    /// State and PKCE were made.
    Prepare,
    /// The browser was opened.
    OpenBrowser,
    /// The answer is awaited.
    Wait,
    /// The code is exchanged.
    Exchange,
    /// The tokens are stored.
    Store,
    /// The first refresh is planned.
    Plan,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum StepState {
    /// Finished.
    Done,
    /// Under way.
    Now,
    /// Not begun.
    Todo,
    /// Finished, with a consequence.
    Warn,
    /// Failed.
    Error,
}

/// Reads a Consent; waits up to 25 s for a revision above `after`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConsentStatus {
    /// Which.
    pub consent: String,
    /// Revision already seen; absent: answer at once.
    pub after: Option<u32>,
}

/// Stops a Consent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionCancel {
    /// Which.
    pub consent: String,
}

/// Hands in the address the browser ended at (O-36).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionPaste {
    /// Which.
    pub consent: String,
    /// The whole address.
    pub address: String,
}

/// Opens the browser once more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionOpenAgain {
    /// Which.
    pub consent: String,
}

/// Lists the Connections that need a person, the most urgent first (OA13).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConsentList {
    /// Name of the environment; `null` for all of them.
    pub environment: Option<String>,
}

/// A Connection that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConsentDue {
    /// The Connection.
    pub connection: Connection,
    /// How much it needs one.
    pub urgency: Urgency,
    /// RFC 3339; since when it is dead, when it ends, or when it was planned.
    pub at: String,
    /// The likeliest cause.
    pub cause: Cause,
    /// Whose account should consent, where that was planned.
    pub login_hint: Option<String>,
    /// Whether its AuthClient still wants its client secret: no consent can succeed before.
    pub wants_client_secret: bool,
}

/// How much a Connection needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Urgency {
    /// Nothing can be handed out until a person consents.
    Dead,
    /// It works, and ends soon.
    Ending,
    /// It never worked: somebody planned it.
    Planned,
}
