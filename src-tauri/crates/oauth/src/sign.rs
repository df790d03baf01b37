//! Keys that sign for us (RFC 7518 §3): the private key of a client or of a service account.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use keyward_model::SecretValue;
use ring::{
    rand::SystemRandom,
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    json::{self, Wiped},
    token::text,
};

/// A private key, and what its file says beside it.
pub struct SigningKey {
    pair: Pair,
    id: Option<String>,
    account: Option<ServiceAccount>,
}

/// Whose key it is, where the file names them: the JSON key file of a Google service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// `client_email`: the issuer of its assertions.
    pub email: String,
    /// `token_uri`: where the file says that its assertions go.
    pub token_uri: Option<String>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a private key: PEM (PKCS#8, or PKCS#1 for RSA), a JWK (RFC 7517), or the JSON key file of a service
    /// account. RSA of 2048 bit and more, P-256 and Ed25519.
    ///
    /// # Errors
    /// [`Error::BadParameter`] with what it is instead; never a part of it.
    pub fn read(key: &SecretValue) -> Result<Self, Error> {
        let text = text(key)?.trim();
        if !text.starts_with('{') {
            return Ok(Self {
                pair: pem(text)?,
                id: None,
                account: None,
            });
        }
        let file =
            json::read::<File>(text.as_bytes()).ok_or_else(|| unreadable("it is not a key in JSON"))?;
        if let Some(key) = &file.private_key {
            return Ok(Self {
                pair: pem(key.trim())?,
                id: file.private_key_id,
                account: file.client_email.map(|email| ServiceAccount {
                    email,
                    token_uri: file.token_uri,
                }),
            });
        }
        Ok(Self {
            pair: jwk(&file)?,
            id: file.kid,
            account: None,
        })
    }

    /// The service account that the file names.
    #[must_use]
    pub fn account(&self) -> Option<&ServiceAccount> {
        self.account.as_ref()
    }

    /// `kid` of what it signs, where the file says one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// `alg` of what it signs.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// Signs a JWS signing input (RFC 7515 §5.1).
    ///
    /// # Errors
    /// [`Error::BadParameter`] when it does not sign.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| unreadable("it does not sign");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair
                .sign(&SystemRandom::new(), message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

fn unreadable(what: &str) -> Error {
    Error::BadParameter(format!(
        "the private key cannot be used: {what}. Keyward reads PEM (PKCS#8), JWK and a service account's JSON file"
    ))
}

fn pem(text: &str) -> Result<Pair, Error> {
    let (label, body) = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .ok_or_else(|| unreadable("it does not begin as a key does"))?;
    let is_pkcs8 = match label {
        "PRIVATE KEY" => true,
        "RSA PRIVATE KEY" => false,
        "EC PRIVATE KEY" => {
            return Err(unreadable(
                "it is written as SEC 1 (convert it: openssl pkcs8 -topk8 -nocrypt)",
            ));
        }
        "ENCRYPTED PRIVATE KEY" => {
            return Err(unreadable(
                "it has a passphrase (take that off: openssl pkcs8 -topk8 -nocrypt)",
            ));
        }
        "PUBLIC KEY" | "CERTIFICATE" => return Err(unreadable("it is the public half")),
        _ => return Err(unreadable("it is of another kind")),
    };
    let body = body
        .split("-----END")
        .next()
        .unwrap_or_default()
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace());
    let body = Zeroizing::new(body.collect::<Vec<u8>>());
    let der = Zeroizing::new(
        BASE64_STANDARD
            .decode(&*body)
            .map_err(|_| unreadable("it is cut or damaged"))?,
    );
    if is_pkcs8 {
        return pkcs8(&der);
    }
    RsaKeyPair::from_der(&der)
        .map(|pair| Pair::Rsa(Box::new(pair)))
        .map_err(|_| unreadable("it is no RSA key of 2048 bit or more"))
}

fn pkcs8(der: &[u8]) -> Result<Pair, Error> {
    if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
        return Ok(Pair::Rsa(Box::new(pair)));
    }
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new()) {
        return Ok(Pair::P256(pair));
    }
    // Unchecked: OpenSSL leaves the public half out, which RFC 8410 §7 allows.
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
        .map(Pair::Ed25519)
        .map_err(|_| unreadable("it is neither RSA of 2048 bit and more, P-256 nor Ed25519"))
}

/// A JWK or a service account's file: the members that are looked at.
#[derive(serde::Deserialize)]
struct File {
    private_key: Option<Wiped>,
    private_key_id: Option<String>,
    client_email: Option<String>,
    token_uri: Option<String>,
    kty: Option<String>,
    crv: Option<String>,
    kid: Option<String>,
    d: Option<Wiped>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    p: Option<Wiped>,
    q: Option<Wiped>,
    dp: Option<Wiped>,
    dq: Option<Wiped>,
    qi: Option<Wiped>,
}

/// RFC 7518 §6, RFC 8037 §2.
fn jwk(file: &File) -> Result<Pair, Error> {
    let missing = || unreadable("a member of the JWK is missing or damaged");
    let member = |text: Option<&str>| {
        text.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
            .map(Zeroizing::new)
            .ok_or_else(missing)
    };
    let secret = |text: &Option<Wiped>| member(text.as_deref());
    let d = secret(&file.d)?;
    match (file.kty.as_deref(), file.crv.as_deref()) {
        (Some("RSA"), _) => {
            let parts = [
                member(file.n.as_deref())?,
                member(file.e.as_deref())?,
                secret(&file.p)?,
                secret(&file.q)?,
                secret(&file.dp)?,
                secret(&file.dq)?,
                secret(&file.qi)?,
            ];
            let [n, e, p, q, dp, dq, qi] = parts.each_ref().map(|part| part.as_slice());
            RsaKeyPair::from_components(&KeyPairComponents {
                public_key: PublicKeyComponents { n, e },
                d: d.as_slice(),
                p,
                q,
                dP: dp,
                dQ: dq,
                qInv: qi,
            })
            .map(|pair| Pair::Rsa(Box::new(pair)))
            .map_err(|_| missing())
        }
        (Some("EC"), Some("P-256")) => {
            // SEC 1 §2.3.3: an uncompressed point.
            let mut point = vec![4];
            point.extend_from_slice(&member(file.x.as_deref())?);
            point.extend_from_slice(&member(file.y.as_deref())?);
            EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &d,
                &point,
                &SystemRandom::new(),
            )
            .map(Pair::P256)
            .map_err(|_| missing())
        }
        (Some("OKP"), Some("Ed25519")) => {
            Ed25519KeyPair::from_seed_and_public_key(&d, &member(file.x.as_deref())?)
                .map(Pair::Ed25519)
                .map_err(|_| missing())
        }
        _ => Err(unreadable("it is neither RSA, P-256 nor Ed25519")),
    }
}

#[cfg(test)]
#[path = "tests/sign.rs"]
mod tests;
