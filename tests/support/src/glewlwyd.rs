//! An authorization server of another house than `oidc-provider`: Debian's `glewlwyd`, a whole product in C with a data
//! base of its own. It compares redirect addresses with their port, and a refresh token that comes a second time ends
//! its whole chain.
//!
//! Its package starts a service where an init runs, so `cargo xtask packages` puts it on machines of CI alone; elsewhere
//! [`Glewlwyd::is_there`] says whether somebody installed it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Trouble;
use crate::http::{self, Answer};
use crate::process::{Guarded, wait_for};

const PROGRAM: &str = "/usr/bin/glewlwyd";
/// The tables, with an administrator whose password is `password`.
const TABLES: &str = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";

/// The public client: PKCE, codes of browsers and of devices.
pub const PUBLIC_CLIENT: &str = "keyward-public";
/// The client that asks for itself, with [`SECRET`].
pub const MACHINE_CLIENT: &str = "keyward-machine";
/// The secret of [`MACHINE_CLIENT`]; it compares what HTTP Basic has without decoding (RFC 6749 §2.3.1 says otherwise).
pub const SECRET: &str = "an-entirely-public-test-secret";
const PASSWORD: &str = "the password of ada";

/// A running server; it ends with this value, and what it kept with it.
#[derive(Debug)]
pub struct Glewlwyd {
    base: String,
    admin: Session,
    _process: Guarded,
    _dir: TempDir,
}

/// Whether requests must be pushed (RFC 9126).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// They may be.
    May,
    /// No other is taken.
    Must,
}

/// Somebody who is signed in: the cookie.
#[derive(Debug)]
struct Session(String);

impl Glewlwyd {
    /// Whether the program is installed.
    #[must_use]
    pub fn is_there() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Starts a server whose clients come back to `redirect`, with access tokens that live `ttl`.
    ///
    /// # Errors
    /// When it does not listen within 20 s, or does not take its configuration.
    pub fn start(redirect: &str, ttl: Duration, pushed: Pushed) -> Result<Self, Trouble> {
        let dir = tempfile::Builder::new().prefix("kwgl").tempdir()?;
        let store = dir.path().join("store");
        let made = Command::new("sqlite3")
            .arg(&store)
            .stdin(File::open(TABLES)?)
            .status()?;
        if !made.success() {
            return Err("glewlwyd's tables were not made".into());
        }
        // It takes no port 0: one that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let config = dir.path().join("glewlwyd.conf");
        fs::write(&config, configuration(port, &base, dir.path()))?;
        let process = Guarded::start(
            Command::new(PROGRAM)
                .arg(format!("--config-file={}", config.display()))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let admin = wait_for("glewlwyd", Duration::from_secs(20), || {
            Session::open(&base, "admin", "password").ok()
        })?;
        let server = Self {
            base,
            admin,
            _process: process,
            _dir: dir,
        };
        server.configure(redirect, ttl, pushed)?;
        Ok(server)
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/api/oidc", self.base)
    }

    /// The person signs in, agrees, and the browser opens the address that this leads to.
    ///
    /// # Errors
    /// When the server sends the browser nowhere, or nobody listens there.
    pub fn give(&self, link: &str) -> Result<Answer, Trouble> {
        let address = self.redirect_of(link)?;
        let answer = http::get(&address, &[])?;
        match answer.header("location") {
            Some(next) if answer.status / 100 == 3 => {
                let (authority, _) = http::split(&address)?;
                http::get(&format!("http://{authority}{next}"), &[])
            }
            _ => Ok(answer),
        }
    }

    /// The address that the browser is sent back to once the person agreed.
    ///
    /// # Errors
    /// When the server sends it nowhere else.
    pub fn redirect_of(&self, link: &str) -> Result<String, Trouble> {
        let ada = self.ada()?;
        let asked = http::get(link, &[("cookie", &ada.0)])?;
        // Its own page reads the client's name and the scopes from this address; a pushed request shows them here alone.
        let page = asked.header("location").ok_or("no page to agree on")?.to_owned();
        let of = |name: &str| http::query(&page, name).ok_or_else(|| format!("the page names no {name}"));
        self.agree(&ada, &of("client_id")?, &of("scope")?)?;
        let answer = http::get(&of("callback_url")?, &[("cookie", &ada.0)])?;
        let answer = match answer.header("location") {
            // Whoever has just agreed is asked once more, unless it says that the pages are through.
            Some(next) if next.starts_with(&self.base) => http::get(
                &format!("{}&g_continue", of("callback_url")?),
                &[("cookie", &ada.0)],
            )?,
            _ => answer,
        };
        let next = answer.header("location").ok_or("it sends the browser nowhere")?;
        Ok(next.to_owned())
    }

    /// The person types a code in on another device and agrees (RFC 8628 §3.3).
    ///
    /// # Errors
    /// When the server does not take it.
    pub fn on_another_device(&self, verification_uri: &str, code: &str) -> Result<(), Trouble> {
        let ada = self.ada()?;
        self.agree(&ada, PUBLIC_CLIENT, "openid api")?;
        let address = format!("{verification_uri}?code={}&g_continue", http::encode(code));
        let answer = http::get(&address, &[("cookie", &ada.0)])?;
        match answer.header("location") {
            Some(page) if page.contains("deviceComplete") => Ok(()),
            _ => Err(format!("the code was answered with {}", answer.status).into()),
        }
    }

    /// The person takes back what was agreed to: every refresh token ends.
    ///
    /// # Errors
    /// When the server does not say which there are, or ends none.
    pub fn take_back(&self) -> Result<(), Trouble> {
        let ada = self.ada()?;
        let list = http::get(&format!("{}/token", self.issuer()), &[("cookie", &ada.0)])?.json()?;
        let mut ended = 0;
        for one in list.as_array().into_iter().flatten() {
            if let (Some(hash), Some(true)) = (one["token_hash"].as_str(), one["enabled"].as_bool()) {
                self.call(
                    &ada,
                    "DELETE",
                    &format!("/oidc/token/{}", http::encode(hash)),
                    &json!({}),
                )?;
                ended += 1;
            }
        }
        match ended {
            0 => Err("no refresh token to end".into()),
            _ => Ok(()),
        }
    }

    /// Whether the server still takes a token of [`MACHINE_CLIENT`] or of the person (RFC 7662).
    ///
    /// # Errors
    /// When it does not say so.
    pub fn is_active(&self, token: &str) -> Result<bool, Trouble> {
        let basic = base64_of(&format!(
            "{}:{}",
            http::encode(MACHINE_CLIENT),
            http::encode(SECRET)
        ));
        let answer = http::post_form(
            &format!("{}/introspect", self.issuer()),
            &[("authorization", &format!("Basic {basic}"))],
            &[("token", token)],
        )?;
        answer.json()?["active"]
            .as_bool()
            .ok_or_else(|| "no word on the token".into())
    }

    fn ada(&self) -> Result<Session, Trouble> {
        Session::open(&self.base, "ada", PASSWORD)
    }

    fn agree(&self, person: &Session, client: &str, scope: &str) -> Result<(), Trouble> {
        self.call(
            person,
            "PUT",
            &format!("/auth/grant/{client}"),
            &json!({ "scope": scope }),
        )
    }

    fn configure(&self, redirect: &str, ttl: Duration, pushed: Pushed) -> Result<(), Trouble> {
        let make = |path: &str, what: Value| self.call(&self.admin, "POST", path, &what);
        make(
            "/mod/plugin/",
            json!({
                "module": "oidc", "name": "oidc", "display_name": "oidc",
                "parameters": plugin(&self.issuer(), ttl, pushed),
            }),
        )?;
        make(
            "/scope/",
            json!({ "name": "api", "display_name": "api", "password_required": false, "password_max_age": 0 }),
        )?;
        make(
            "/client/",
            json!({
                "source": "database", "client_id": PUBLIC_CLIENT, "name": "public", "enabled": true,
                "confidential": false, "redirect_uri": [redirect],
                "authorization_type": ["code", "refresh_token", "device_authorization"],
                "token_endpoint_auth_method": ["none"], "scope": [],
            }),
        )?;
        make(
            "/client/",
            json!({
                "source": "database", "client_id": MACHINE_CLIENT, "name": "machine", "enabled": true,
                "confidential": true, "password": SECRET, "redirect_uri": [redirect],
                "authorization_type": ["code", "refresh_token", "client_credentials"],
                "token_endpoint_auth_method": ["client_secret_basic"], "scope": ["api"],
            }),
        )?;
        make(
            "/user/",
            json!({
                "username": "ada", "name": "Ada", "email": "ada@example.org", "password": PASSWORD,
                "enabled": true, "scope": ["openid", "api"],
            }),
        )
    }

    fn call(&self, who: &Session, method: &str, path: &str, body: &Value) -> Result<(), Trouble> {
        let answer = http::send(
            method,
            &format!("{}/api{path}", self.base),
            &[("content-type", "application/json"), ("cookie", &who.0)],
            body.to_string().as_bytes(),
        )?;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(format!(
                "glewlwyd answered {} to {method} {path}: {}",
                answer.status,
                answer.text()
            )
            .into())
        }
    }
}

impl Session {
    fn open(base: &str, name: &str, password: &str) -> Result<Self, Trouble> {
        let answer = http::post_json(
            &format!("{base}/api/auth/"),
            &json!({ "username": name, "password": password }),
        )?;
        let cookie = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next())
            .filter(|_| answer.status == 200)
            .ok_or("glewlwyd lets nobody in")?;
        Ok(Self(cookie.to_owned()))
    }
}

/// The files of a secure connection must be named even where there is none.
fn configuration(port: u16, base: &str, dir: &Path) -> String {
    let dir = dir.display();
    format!(
        r#"port={port}
bind_address="127.0.0.1"
external_url="{base}"
api_prefix="api"
log_mode="file"
log_level="WARNING"
log_file="{dir}/log"
session_key="S"
cookie_secure=0
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="{dir}/none"
secure_connection_pem_file="{dir}/none"
secure_connection_ca_file="{dir}/none"
hash_algorithm="SHA512"
database={{ type="sqlite3"; path="{dir}/store"; }};
"#
    )
}

/// What its OpenID Connect does. The key that signs is that of RFC 7515 A.3.
fn plugin(issuer: &str, ttl: Duration, pushed: Pushed) -> Value {
    let key = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    }] });
    let tokens = json!({
        "iss": issuer, "jwks-private": key.to_string(), "jwks-show": true, "jwt-type": "ecdsa", "jwt-key-size": "256",
        "access-token-duration": ttl.as_secs(), "refresh-token-duration": 3600, "code-duration": 60,
        "refresh-token-rolling": true, "refresh-token-one-use": "always", "subject-type": "public",
        "allowed-scope": ["openid", "api"], "restrict-scope-client-property": "", "scope": [],
        "pkce-allowed": true, "pkce-method-plain-allowed": false, "pkce-required": true, "pkce-scopes": [],
    });
    let grants = json!({
        "allow-non-oidc": true, "auth-type-code-enabled": true, "auth-type-code-revoke-replayed": true,
        "auth-type-token-enabled": false, "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
        "auth-type-password-enabled": false, "auth-type-client-enabled": true, "auth-type-device-enabled": true,
        "auth-type-refresh-enabled": true, "device-authorization-expiration": 600, "device-authorization-interval": 1,
    });
    let endpoints = json!({
        "introspection-revocation-allowed": true, "introspection-revocation-allow-target-client": true,
        "introspection-revocation-auth-scope": [], "register-client-allowed": true, "register-client-auth-scope": [],
        "register-client-credentials-scope": [], "register-client-management-allowed": true,
        "register-default-properties": {}, "oauth-par-allowed": true, "oauth-par-required": pushed == Pushed::Must,
        "oauth-par-request_uri-prefix": "urn:ietf:params:oauth:request_uri:", "oauth-par-duration": 90,
    });
    let parts = [tokens, grants, endpoints];
    parts
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|part| part.clone())
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}
