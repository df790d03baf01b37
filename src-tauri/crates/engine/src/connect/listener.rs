//! The listener that the browser comes back to, and the certificate of one with https.

use keyward_model::{SecretValue, auth_client::Redirect};
use keyward_oauth::{
    Error as OauthError,
    certificate::{self, Certificate},
    loopback::Loopback,
};
use keyward_vault::files;

use crate::{Engine, Result, engine::Network};

/// The certificate of an https loopback, in the home: it vouches for nothing and opens nothing (OA1).
const CERTIFICATE: &str = "loopback-certificate.json";

/// Opens the listener of a redirect; `None` where the answer is handed in from elsewhere.
///
/// # Errors
/// When the port is taken, or the certificate cannot be made or read.
pub(super) fn listen(
    engine: &Engine,
    network: &Network,
    redirect: &Redirect,
    path: &str,
) -> Result<Option<Loopback>> {
    let opened = network
        .runtime
        .block_on(Loopback::open(redirect, path, || certificate(engine)))?;
    Ok(opened)
}

/// Made at first use, kept readable by its owner alone.
fn certificate(engine: &Engine) -> std::result::Result<Certificate, OauthError> {
    let path = engine.home.root().join(CERTIFICATE);
    let failed =
        |error: &dyn std::fmt::Display| OauthError::BadParameter(format!("{}: {error}", path.display()));
    if path.exists() {
        files::check_private(&path).map_err(|error| failed(&error))?;
        let kept = std::fs::read(&path).map_err(|error| failed(&error))?;
        return Certificate::read(&SecretValue::new(kept));
    }
    let made = certificate::make()?;
    files::write_private_atomic(&path, made.expose()).map_err(|error| failed(&error))?;
    Certificate::read(&made)
}
