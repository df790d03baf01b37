//! What can happen to a request instead of the usual.

use std::time::Duration;

/// Where a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/authorize`
    Authorize,
    /// `/token`
    Token,
    /// `/revoke`
    Revoke,
    /// `/introspect`
    Introspect,
    /// `/device`
    Device,
    /// `/par`
    Par,
    /// `/api`, which wants an access token
    Api,
}

/// One fault. Whether the server acted on the request is part of what a fault is: a client cannot see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Acted on, and answered this much later.
    Latency(Duration),
    /// Not acted on; the connection ends without an answer.
    DropBefore,
    /// Acted on; the connection ends without an answer.
    DropAfter,
    /// Not acted on; the connection stays open and silent until the client gives up.
    HangBefore,
    /// Acted on; as [`Fault::HangBefore`].
    HangAfter,
    /// Acted on; the answer ends in its middle.
    Truncate,
    /// Acted on; only the head of the answer comes.
    HeadOnly,
    /// Not acted on; bytes that are no HTTP.
    Garbage,
    /// Not acted on; a redirect of this status to another host.
    Redirect(u16),
    /// Not acted on; HTML with status 200, as a captive portal sends it.
    Html,
    /// Not acted on; this status with an empty body.
    Status(u16),
    /// Not acted on; 503 with this `Retry-After`.
    RetryAfter(String),
    /// Not acted on; this OAuth error with this status.
    Refuse(u16, &'static str),
    /// Acted on; the answer is longer than any client should read.
    Oversize,
    /// Acted on; the answer is small until it is unpacked.
    GzipBomb,
    /// Acted on; this body in the place of the answer's, with status 200.
    Body(String),
}

impl Fault {
    /// One of each kind that a client must survive without a person: nothing here ends a grant by itself where the
    /// server accepts an old refresh token for a while.
    #[must_use]
    pub fn every() -> Vec<Self> {
        let body = |text: &str| Self::Body(text.to_owned());
        let retry = |text: &str| Self::RetryAfter(text.to_owned());
        vec![
            Self::Latency(Duration::from_millis(300)),
            Self::DropBefore,
            Self::DropAfter,
            Self::Truncate,
            Self::HeadOnly,
            Self::Garbage,
            Self::Html,
            Self::Status(403),
            Self::Status(408),
            Self::Status(425),
            Self::Status(429),
            Self::Status(500),
            Self::Status(502),
            Self::Status(503),
            Self::Status(504),
            Self::Status(200),
            retry("1"),
            retry("0"),
            retry("-5"),
            retry("soon"),
            retry("Sun, 06 Nov 1994 08:49:37 GMT"),
            Self::Refuse(400, "temporarily_unavailable"),
            Self::Refuse(400, "slow_down"),
            Self::Refuse(500, "server_error"),
            Self::Oversize,
            Self::GzipBomb,
            body("[]"),
            body("{\"access_token\":null}"),
            body("{\"access_token\":7,\"token_type\":\"Bearer\"}"),
            body("{\"access_token\":\"\",\"token_type\":\"Bearer\"}"),
            body("{\"access_token\":\"a\",\"access_token\":\"b\",\"token_type\":\"Bearer\"}"),
            body("{\"access_token\":\"a\\nb\",\"token_type\":\"Bearer\"}"),
        ]
    }

    /// Whether the server acts on the request all the same.
    #[must_use]
    pub fn acts(&self) -> bool {
        match self {
            Self::Latency(_)
            | Self::DropAfter
            | Self::HangAfter
            | Self::Truncate
            | Self::HeadOnly
            | Self::Oversize
            | Self::GzipBomb
            | Self::Body(_) => true,
            Self::DropBefore
            | Self::HangBefore
            | Self::Garbage
            | Self::Redirect(_)
            | Self::Html
            | Self::Status(_)
            | Self::RetryAfter(_)
            | Self::Refuse(..) => false,
        }
    }

    /// Whether the client gets a whole, honest answer all the same.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self, Self::Latency(_))
    }
}

/// Chance from a seed (xorshift64*): the same faults at every run.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound.max(1)
    }
}
