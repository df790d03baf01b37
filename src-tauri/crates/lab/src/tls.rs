//! Certificates: those that no client should accept, and one for clients that are told to trust it.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::server::Certificate;

/// An acceptor with a new certificate of this kind, and that certificate in PEM.
///
/// # Errors
/// When the certificate cannot be made, in the library's words.
pub(crate) fn acceptor(kind: Certificate) -> Result<(TlsAcceptor, String), String> {
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
    let text = BASE64_STANDARD.encode(certificate.der());
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    );
    Ok((TlsAcceptor::from(Arc::new(config)), pem))
}
