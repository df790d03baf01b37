//! What an answer that is not a success means for the next step (O-60, O-61, O-62).

use std::time::{Duration, SystemTime};

use keyward_model::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::{
    error::{Error, Sent},
    http::{Extent, Reply},
    json::{self, Node},
    text,
};

/// Bounds of a believed `Retry-After` (O-62).
const RETRY_AFTER_BOUNDS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(3600);

/// An OAuth error answer: RFC 6749 §5.2.
pub(crate) struct Refusal {
    code: String,
    description: Option<String>,
}

impl Refusal {
    /// From the members `error` and `error_description`; `sent` are secrets that must not come back to us
    /// inside the provider's words.
    pub(crate) fn new(code: &str, description: Option<&str>, sent: &[&str]) -> Self {
        let echoes = |text: &str| {
            sent.iter()
                .any(|secret| secret.len() >= 4 && text.contains(secret))
        };
        Self {
            code: if echoes(code) {
                text::UNKNOWN_ERROR.to_owned()
            } else {
                text::code(code)
            },
            description: description.filter(|text| !echoes(text)).and_then(text::plain),
        }
    }

    /// What the code says: only what is known to end a consent ends it, all else leaves the tokens alone.
    pub(crate) fn into_error(self, retry_after: Option<Duration>) -> Error {
        let Self {
            code: oauth_error,
            description,
        } = self;
        match oauth_error.as_str() {
            "temporarily_unavailable"
            | "server_error"
            | "slow_down"
            | "authorization_pending"
            | "rate_limit_exceeded"
            | "too_many_requests"
            // Slack.
            | "ratelimited" => Error::Transient {
                what: format!("the provider asks to wait: {oauth_error}"),
                retry_after,
                sent: Sent::Answered,
            },
            "access_denied" => Error::Denied {
                oauth_error,
                description,
            },
            // The second line: OpenID Connect, then what some large providers say instead of invalid_grant.
            "invalid_grant"
            | "expired_token"
            | "invalid_token"
            | "interaction_required"
            | "login_required"
            | "consent_required"
            | "account_selection_required"
            | "bad_refresh_token"
            | "bad_verification_code"
            | "invalid_refresh_token"
            | "token_revoked"
            | "token_expired" => Error::Permanent {
                oauth_error,
                description,
            },
            _ => Error::Config {
                oauth_error,
                description,
            },
        }
    }
}

/// What a non-2xx answer means. `sent` as for [`Refusal::new`].
pub(crate) fn of(reply: &Reply, sent: &[&str], now: Timestamp) -> Error {
    let status = reply.status;
    let retry_after = retry_after(&reply.headers, now);
    if matches!(status, 408 | 425 | 429 | 500..) {
        let what = format!("the provider cannot answer now (HTTP {status})");
        return Error::Transient {
            what,
            retry_after,
            sent: match status {
                // 520 and 524 are a large network's words for 502 and 504.
                500 | 502 | 504 | 520 | 524 => Sent::Undecided,
                _ => Sent::Answered,
            },
        };
    }
    let config = |code: String| Error::Config {
        oauth_error: code,
        description: None,
    };
    // A redirect and a missing page are settings that are wrong, whatever else they say.
    if status < 400 || matches!(status, 404..=406 | 410 | 415) {
        return config(format!("http_{status}"));
    }
    if let Some(refusal) = read(reply, sent) {
        return refusal.into_error(retry_after);
    }
    // RFC 6749 §5.2: how a server says invalid_client to an Authorization header.
    if status == 401 && reply.headers.contains_key(WWW_AUTHENTICATE) {
        return config("invalid_client".to_owned());
    }
    // No OAuth answer, and no page of anybody else's either: so a few servers refuse a token that was revoked (Debian's
    // glewlwyd) or a client. Too little to end a grant by; the grant doctor says what it may be.
    if matches!(status, 400 | 401 | 403) && reply.extent == Extent::Whole && reply.body.is_empty() {
        return Error::Transient {
            what: format!("the provider refused without giving a reason (HTTP {status})"),
            retry_after,
            sent: Sent::Answered,
        };
    }
    // Not an OAuth answer: a captive portal, a proxy or a firewall spoke.
    let what = format!("something answered in the provider's place (HTTP {status})");
    Error::Transient {
        what,
        retry_after,
        sent: Sent::Unknown,
    }
}

fn read(reply: &Reply, sent: &[&str]) -> Option<Refusal> {
    if reply.extent != Extent::Whole {
        return None;
    }
    let Answer {
        error,
        error_description,
    } = json::read(&reply.body)?;
    let Some(Node::Text(code)) = error else {
        return None;
    };
    let description = match &error_description {
        Some(Node::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    Some(Refusal::new(&code, description, sent))
}

#[derive(serde::Deserialize)]
struct Answer {
    error: Option<Node>,
    error_description: Option<Node>,
}

/// `Retry-After` as seconds or date (RFC 9110 §10.2.3), between one second and one hour; garbage is no word.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Digits that do not fit are a very long time.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        // The provider's date is read by the provider's clock where it shows it (O-70).
        http_date(value)?.since(date(headers).unwrap_or(now))
    };
    Some(wait.clamp(*RETRY_AFTER_BOUNDS.start(), *RETRY_AFTER_BOUNDS.end()))
}

/// The `Date` header: the provider's clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

fn http_date(text: &str) -> Option<Timestamp> {
    let moment = httpdate::parse_http_date(text).ok()?;
    let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use zeroize::Zeroizing;

    const NOW: Timestamp = Timestamp(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    fn reply(status: u16, body: &str) -> Reply {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        Reply {
            status,
            headers: HeaderMap::new(),
            body,
            extent: Extent::Whole,
        }
    }

    fn kind(error: &Error) -> String {
        match error {
            Error::Transient { .. } => "transient".to_owned(),
            Error::Permanent { oauth_error, .. } => format!("permanent {oauth_error}"),
            Error::Config { oauth_error, .. } => format!("config {oauth_error}"),
            Error::Denied { oauth_error, .. } => format!("denied {oauth_error}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn o60_o61_a_status_and_a_code_decide_together() {
        let coded = |code: &str| format!("{{\"error\":\"{code}\",\"error_description\":\"words\"}}");
        for (status, body, expect) in [
            (400, coded("invalid_grant"), "permanent invalid_grant"),
            (401, coded("invalid_grant"), "permanent invalid_grant"),
            (
                400,
                coded("interaction_required"),
                "permanent interaction_required",
            ),
            (400, coded("invalid_client"), "config invalid_client"),
            (401, coded("invalid_client"), "config invalid_client"),
            (400, coded("unauthorized_client"), "config unauthorized_client"),
            (
                400,
                coded("unsupported_grant_type"),
                "config unsupported_grant_type",
            ),
            (400, coded("invalid_scope"), "config invalid_scope"),
            (400, coded("invalid_request"), "config invalid_request"),
            (400, coded("never heard of it"), "config unknown_error"),
            (400, coded("access_denied"), "denied access_denied"),
            (400, coded("temporarily_unavailable"), "transient"),
            (400, coded("slow_down"), "transient"),
            (503, coded("invalid_grant"), "transient"),
            (429, coded("invalid_grant"), "transient"),
            (408, String::new(), "transient"),
            (425, String::new(), "transient"),
            (500, String::new(), "transient"),
            (511, "<html>".to_owned(), "transient"),
            (599, String::new(), "transient"),
            (301, String::new(), "config http_301"),
            (302, coded("invalid_grant"), "config http_302"),
            (307, String::new(), "config http_307"),
            (308, String::new(), "config http_308"),
            (404, "<html>".to_owned(), "config http_404"),
            (405, String::new(), "config http_405"),
            (403, "<html>blocked</html>".to_owned(), "transient"),
            (400, "{\"error\":5}".to_owned(), "transient"),
            (
                400,
                "{\"error\":\"invalid_grant\",\"error\":\"x\"}".to_owned(),
                "transient",
            ),
            (401, String::new(), "transient"),
        ] {
            assert_eq!(
                kind(&of(&reply(status, &body), &[], NOW)),
                expect,
                "{status} {body}"
            );
        }
        let mut challenged = reply(401, "");
        challenged
            .headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"x\""));
        assert_eq!(kind(&of(&challenged, &[], NOW)), "config invalid_client");
    }

    #[test]
    fn r17_words_that_echo_a_secret_are_dropped() {
        let body = "{\"error\":\"invalid_grant\",\"error_description\":\"token canary-rt is revoked\"}";
        match of(&reply(400, body), &["canary-rt"], NOW) {
            Error::Permanent {
                description: None, ..
            } => {}
            other => panic!("{other:?}"),
        }
        match of(&reply(400, "{\"error\":\"canary-rt\"}"), &["canary-rt"], NOW) {
            Error::Config { oauth_error, .. } => assert_eq!(oauth_error, "unknown_error"),
            other => panic!("{other:?}"),
        }
    }

    fn check_retry_after(value: &str, date: Option<&str>, expect: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        assert_eq!(
            retry_after(&headers, NOW),
            expect.map(Duration::from_secs),
            "{value:?} {date:?}"
        );
    }

    #[test]
    fn o62_retry_after_is_seconds_or_a_date_within_bounds() {
        check_retry_after("120", None, Some(120));
        check_retry_after(" 7 ", None, Some(7));
        check_retry_after("0", None, Some(1));
        check_retry_after("3601", None, Some(3600));
        check_retry_after("1000000000000", None, Some(3600));
        check_retry_after("99999999999999999999999999", None, Some(3600));
        for garbage in [
            "",
            "-1",
            "+5",
            "1.5",
            "1e3",
            "soon",
            "0x10",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            check_retry_after(garbage, None, None);
        }
        check_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", None, Some(60));
        check_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", None, Some(60));
        check_retry_after("Sun Nov  6 08:50:37 1994", None, Some(60));
        check_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", None, Some(1));
        check_retry_after("Sat, 06 Nov 2094 08:49:00 GMT", None, Some(3600));
        // A provider whose clock is an hour off means what its own clock says.
        check_retry_after(
            "Sun, 06 Nov 1994 09:50:37 GMT",
            Some("Sun, 06 Nov 1994 09:49:37 GMT"),
            Some(60),
        );
        assert_eq!(retry_after(&HeaderMap::new(), NOW), None);
    }
}
