//! The certificate of an https loopback (OA1): this machine's own, for `localhost` and nobody else.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::SecretValue;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    json::{self, Wiped},
    token::text,
};

/// A certificate with its key. Browsers ask once whether to go on: nobody has vouched for it, and Keyward puts
/// nothing into the system's list of those who may vouch.
pub struct Certificate {
    acceptor: TlsAcceptor,
}

/// As it is kept: both parts in base64, one JSON object.
#[derive(serde::Deserialize)]
struct Kept {
    certificate: String,
    key: Wiped,
}

/// Makes a certificate for `localhost`, `127.0.0.1` and `::1`, as text to be kept sealed or readable by its owner
/// alone.
///
/// # Errors
/// [`Error::BadParameter`] when this machine makes no random numbers.
pub fn make() -> Result<SecretValue, Error> {
    let failed =
        |_| Error::BadParameter("the certificate for https on this machine cannot be made".to_owned());
    let key = KeyPair::generate().map_err(failed)?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Keyward on this machine");
    let certificate = params.self_signed(&key).map_err(failed)?;
    let key = Zeroizing::new(key.serialize_der());
    let kept = serde_json::json!({
        "certificate": BASE64_STANDARD.encode(certificate.der()),
        "key": BASE64_STANDARD.encode(&*key),
    });
    Ok(SecretValue::new(kept.to_string().into_bytes()))
}

impl Certificate {
    /// Reads what [`make`] made.
    ///
    /// # Errors
    /// [`Error::BadParameter`] when it is something else.
    pub fn read(kept: &SecretValue) -> Result<Self, Error> {
        let damaged = || {
            Error::BadParameter(
                "the certificate for https on this machine is damaged: delete it, and a new one is made"
                    .to_owned(),
            )
        };
        let kept: Kept = json::read(text(kept)?.as_bytes()).ok_or_else(damaged)?;
        let decoded = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| damaged());
        let chain = vec![CertificateDer::from(decoded(&kept.certificate)?)];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(decoded(&kept.key)?));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| damaged())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|_| damaged())?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}
