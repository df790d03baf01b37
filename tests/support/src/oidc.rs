//! A real authorization server (npm `oidc-provider`) on a free loopback port.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Trouble;
use crate::http;
use crate::place;
use crate::process::{Guarded, Lines};

/// The public client: PKCE, refresh tokens that are good once.
pub const NATIVE_CLIENT: &str = "keyward-native";
/// The client with a secret ([`CLIENT_SECRET`]), sent by HTTP Basic.
pub const CONFIDENTIAL_CLIENT: &str = "keyward-confidential";
/// The secret of [`CONFIDENTIAL_CLIENT`].
pub const CLIENT_SECRET: &str = "an-entirely-public-test-secret-0001";
/// The client that never receives a refresh token.
pub const NO_REFRESH_CLIENT: &str = "keyward-norefresh";

/// The public client for device codes.
pub const DEVICE_CLIENT: &str = "keyward-device";
/// The client that asks for itself, with [`CLIENT_SECRET`] in the body.
pub const MACHINE_CLIENT: &str = "keyward-machine";
/// The client that asks for itself and signs with [`CLIENT_KEY`].
pub const SIGNED_CLIENT: &str = "keyward-signed";
/// The private key of [`SIGNED_CLIENT`]: RFC 8037 Appendix A.1.
pub const CLIENT_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"k1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// The public client whose requests must be pushed.
pub const PUSHED_CLIENT: &str = "keyward-pushed";
/// The public client that comes back to `https://tools.example/oauth/done`.
pub const WEB_CLIENT: &str = "keyward-web";

/// A running authorization server; it ends with this value.
#[derive(Debug)]
pub struct OidcServer {
    issuer: String,
    // Order matters: the process ends before its reader.
    _process: Guarded,
    _lines: Lines,
}

/// One request that reached an endpoint for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `token`, `revocation`, `device`, `pushed` or `registration`.
    pub endpoint: String,
    /// `authorization_code`, `refresh_token`, or empty.
    pub grant_type: String,
    /// The status it was answered with.
    pub status: u16,
    /// The OAuth error code, or empty.
    pub error: String,
}

impl OidcServer {
    /// Starts a server whose access tokens live `ttl`.
    ///
    /// # Errors
    /// When Node or the npm package is missing, or it does not listen within 30 s.
    pub fn start(ttl: Duration) -> Result<Self, Trouble> {
        Self::start_with(ttl, &[])
    }

    /// As [`Self::start`]; it takes pushed authorization requests as well.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_pushing(ttl: Duration) -> Result<Self, Trouble> {
        Self::start_with(ttl, &[("KEYWARD_OIDC_PAR", "1")])
    }

    /// A server of another make, which agrees to everything at once and counts nothing; its ID tokens are signed with
    /// `algorithm`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_second(algorithm: &str) -> Result<Self, Trouble> {
        Self::run("second-server.mjs", &[("KEYWARD_ID_TOKEN_ALG", algorithm)])
    }

    fn start_with(ttl: Duration, more: &[(&str, &str)]) -> Result<Self, Trouble> {
        let ttl = ttl.as_secs().to_string();
        let all = [&[("KEYWARD_OIDC_TTL", ttl.as_str())], more].concat();
        Self::run("oidc-server.mjs", &all)
    }

    fn run(program: &str, variables: &[(&str, &str)]) -> Result<Self, Trouble> {
        let dir = place::npm_support()?;
        let mut process = Guarded::start(
            Command::new("node")
                .current_dir(dir)
                .args(["--no-deprecation", program, "0"])
                .envs(variables.iter().copied())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let mut lines = Lines::of(process.0.stdout.take().ok_or("stdout was asked for")?);
        let issuer = lines.find("issuer", Duration::from_secs(30), |line| {
            line.strip_prefix("ISSUER=").map(str::to_owned)
        })?;
        Ok(Self {
            issuer,
            _process: process,
            _lines: lines,
        })
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Every request to an endpoint for programs so far, oldest first. A caller that has its answer is in the list.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn requests(&self) -> Result<Vec<Seen>, Trouble> {
        let stats = http::get(&format!("{}/_test/stats", self.issuer), &[])?.json()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = stats["requests"].as_array().ok_or("the server counts")?;
        Ok(list
            .iter()
            .map(|request| Seen {
                endpoint: text(&request["endpoint"]),
                grant_type: text(&request["grant_type"]),
                status: request["status"]
                    .as_u64()
                    .and_then(|status| u16::try_from(status).ok())
                    .unwrap_or_default(),
                error: text(&request["error"]),
            })
            .collect())
    }

    /// How many refresh requests arrived, whatever became of them.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn refreshes(&self) -> Result<usize, Trouble> {
        Ok(self
            .requests()?
            .iter()
            .filter(|seen| seen.grant_type == "refresh_token")
            .count())
    }

    /// How many grants were revoked: on request, or because a refresh token was used a second time.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn grants_revoked(&self) -> Result<u64, Trouble> {
        let stats = http::get(&format!("{}/_test/stats", self.issuer), &[])?.json()?;
        stats["grants_revoked"]
            .as_u64()
            .ok_or_else(|| "the server counts".into())
    }

    /// From now on access tokens live `ttl`.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn set_ttl(&self, ttl: Duration) -> Result<(), Trouble> {
        self.control(&json!({ "ttl": ttl.as_secs() }))
    }

    /// From now on the token endpoint thinks for `delay` before it answers.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn set_delay(&self, delay: Duration) -> Result<(), Trouble> {
        self.control(&json!({ "delay_ms": delay.as_millis() as u64 }))
    }

    /// The next `times` token requests are answered with `status` and the OAuth error `error`, and change nothing.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn fail_next(&self, times: u32, status: u16, error: &str) -> Result<(), Trouble> {
        self.control(&json!({ "fail": { "times": times, "status": status, "error": error } }))
    }

    fn control(&self, change: &Value) -> Result<(), Trouble> {
        http::post_json(&format!("{}/_test/control", self.issuer), change).map(drop)
    }
}
