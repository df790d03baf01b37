//! Consent on another device (RFC 8628): a code is shown here and typed in there.

use std::time::Duration;

use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    answer::{self, Reading},
    authorize::merged,
    dialect::Kind,
    endpoint,
    error::Error,
    form,
    grants::{beyond, joined},
    http::{Http, Reply},
    json::{self, Wiped},
    refusal, text,
    token::{self, Answer, secret_text},
};

/// Between two questions unless the provider says otherwise (RFC 8628 §3.2).
const USUAL_INTERVAL: Duration = Duration::from_secs(5);

/// What `slow_down` adds, for this and all later questions (RFC 8628 §3.5; O-51).
const SLOWER: Duration = Duration::from_secs(5);

/// Longest pause that is believed: codes live minutes, and a person waits for the end.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// Longest that a code is waited for, whatever the provider says.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

/// Longest code that a person is asked to type, in characters.
const LONGEST_USER_CODE: usize = 64;

/// A code under way.
pub struct DeviceCode {
    /// What the person types in: plain text, as the provider wrote it.
    pub user_code: String,
    /// Where the person types it in: an acceptable address, in ASCII.
    pub verification_uri: String,
    /// The same with the code in it. Shown for copying; never opened before the person saw the code, since whoever
    /// sent them the address may be somebody else (RFC 8628 §5.4; O-51).
    pub verification_uri_complete: Option<String>,
    /// How long the code is good for.
    pub expires_in: Duration,
    /// Between two questions, at first.
    interval: Duration,
    device_code: SecretValue,
}

#[derive(serde::Deserialize)]
struct Begun {
    device_code: Wiped,
    user_code: String,
    // Google's old name for it.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(alias = "verification_url_complete")]
    verification_uri_complete: Option<String>,
    expires_in: Option<f64>,
    interval: Option<f64>,
}

/// Asks for a code.
///
/// # Errors
/// [`Error::BadEndpoint`] when the registration knows no device endpoint, or the provider's address is unacceptable;
/// else what its answer means.
pub async fn begin(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    scopes: &[String],
    params: &[(String, String)],
    now: Timestamp,
) -> Result<DeviceCode, Error> {
    let Some(address) = &client.device_uri else {
        return Err(Error::BadEndpoint(
            "this provider has no known address for device codes".to_owned(),
        ));
    };
    let scope = joined(client, scopes)?;
    let mut fields = Vec::new();
    if !scope.is_empty() {
        fields.push(("scope", scope.as_str()));
    }
    let params = merged(&client.authorize_params, params)?;
    fields.extend(params.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    fields.extend(
        client
            .resources
            .iter()
            .map(|resource| ("resource", resource.as_str())),
    );
    let begun = form::ask(http, client, secret, address, &fields, &[], now).await?;
    checked(begun, address)
}

/// Reads a whole 2xx answer of the device authorization endpoint at `address`, as [`begin`] does: bytes in, verdict out.
///
/// # Errors
/// As [`begin`]; none of its bytes but in [`Error::BadResponse`].
pub fn read(body: &[u8], address: &str) -> Result<DeviceCode, Error> {
    checked(form::read(Reply::whole(200, body))?, address)
}

/// What a person may be shown of an answer that came from `address`.
fn checked(begun: Begun, address: &str) -> Result<DeviceCode, Error> {
    let from_here = endpoint::parse(address).is_ok_and(|url| endpoint::is_loopback(&url));
    // A person is sent there: nothing but https, and nobody elsewhere names an address of this machine. Shown in ASCII
    // (O-12): no character in it changes what the others seem to say.
    let shown = |uri: &String| -> Result<String, Error> {
        let url = endpoint::parse(uri)?;
        if endpoint::is_loopback(&url) && !from_here {
            return Err(Error::BadEndpoint(
                "the provider sends its person to an address of this machine".to_owned(),
            ));
        }
        Ok(url.into())
    };
    let verification_uri = shown(&begun.verification_uri)?;
    let verification_uri_complete = begun.verification_uri_complete.as_ref().map(shown).transpose()?;
    let user_code = text::plain(&begun.user_code)
        .filter(|code| *code == begun.user_code && code.chars().count() <= LONGEST_USER_CODE);
    let Some(user_code) = user_code else {
        return Err(Error::BadResponse {
            what: "its code cannot be typed in".to_owned(),
            raw: SecretValue::new(Vec::new()),
        });
    };
    let seconds = |number: Option<f64>| {
        number
            .filter(|number| number.is_finite())
            .map(|number| Duration::try_from_secs_f64(number.max(0.0)).unwrap_or(Duration::MAX))
    };
    Ok(DeviceCode {
        user_code,
        verification_uri,
        verification_uri_complete,
        expires_in: seconds(begun.expires_in)
            .unwrap_or(LONGEST_LIFE)
            .min(LONGEST_LIFE),
        interval: seconds(begun.interval)
            .unwrap_or(USUAL_INTERVAL)
            .clamp(Duration::from_secs(1), LONGEST_INTERVAL),
        device_code: SecretValue::new(begun.device_code.as_bytes().to_vec()),
    })
}

/// Asks for the tokens, as often as the provider allows, until the person agreed, refused or let the code lapse.
/// Dropping the future ends it.
///
/// # Errors
/// [`Error::Denied`], [`Error::TimedOut`] when the code lapsed, else what the provider's answer means.
pub async fn wait(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    code: &DeviceCode,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let device_code = token::text(&code.device_code)?;
    let mut fields = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device_code),
    ];
    fields.extend(beyond(client));
    let ends = Instant::now() + code.expires_in;
    let mut pace = Pace(code.interval);
    let mut sent = vec![device_code];
    sent.extend(secret_text(secret)?);
    loop {
        tokio::select! {
            biased;
            () = sleep_until(ends) => return Err(Error::TimedOut),
            () = sleep(pace.0) => {}
        }
        let asked_at = now();
        let reply = form::send(
            http,
            client,
            secret,
            &client.token_uri,
            &fields,
            Kind::Grant,
            asked_at,
        )
        .await;
        match pace.after(&reply) {
            Next::Again => {}
            Next::Lapsed => return Err(Error::TimedOut),
            Next::Answered => {
                return answer::of(
                    Some(client),
                    reply?,
                    &Reading {
                        obtained_at: asked_at.min(now()),
                        default_lifetime: client.token_expires_in,
                        nonce: None,
                        sent: &sent,
                    },
                );
            }
        }
    }
}

/// The pause before the next question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace(Duration);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Not yet: ask again after the pause.
    Again,
    /// The code is no longer good.
    Lapsed,
    /// Whatever it is, it is the answer.
    Answered,
}

impl Pace {
    /// RFC 8628 §3.5.
    fn after(&mut self, reply: &Result<Reply, Error>) -> Next {
        let reply = match reply {
            Ok(reply) => reply,
            // "On encountering a connection timeout, clients MUST unilaterally reduce their polling frequency."
            Err(Error::Transient { .. }) => {
                self.0 = (self.0 * 2).min(LONGEST_INTERVAL);
                return Next::Again;
            }
            Err(_) => return Next::Answered,
        };
        let code = json::read::<Code>(&reply.body).and_then(|code| code.error);
        match (reply.status, code.as_deref()) {
            (_, Some("authorization_pending")) => Next::Again,
            (_, Some("slow_down")) => {
                self.0 = (self.0 + SLOWER).min(LONGEST_INTERVAL);
                Next::Again
            }
            (_, Some("expired_token")) => Next::Lapsed,
            (408 | 425 | 429 | 500.., _) => {
                let wished = refusal::retry_after(&reply.headers, Timestamp(0));
                self.0 = (self.0 * 2).max(wished.unwrap_or_default()).min(LONGEST_INTERVAL);
                Next::Again
            }
            _ => Next::Answered,
        }
    }
}

#[derive(serde::Deserialize)]
struct Code {
    error: Option<String>,
}

#[cfg(test)]
#[path = "tests/device.rs"]
mod tests;
