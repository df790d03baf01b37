//! Certificates that no client should accept.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::server::Certificate;

/// An acceptor with a new certificate of this kind.
///
/// # Errors
/// When the certificate cannot be made, in the library's words.
pub(crate) fn acceptor(kind: Certificate) -> Result<TlsAcceptor, String> {
    let names = match kind {
        Certificate::WrongHost => vec!["elsewhere.example".to_owned()],
        Certificate::SelfSigned | Certificate::Expired => {
            vec!["127.0.0.1".to_owned(), "localhost".to_owned()]
        }
    };
    let mut params = CertificateParams::new(names).map_err(|error| error.to_string())?;
    if kind == Certificate::Expired {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    }
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .map_err(|error| error.to_string())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
