//! The keys of a provider (RFC 7517): where ID tokens are checked, and nowhere else.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::Timestamp;
use reqwest::{
    Method,
    header::{ACCEPT, HeaderValue},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::{
    endpoint,
    error::Error,
    form,
    http::{Http, Reply},
    refusal,
};

/// Between two questions for the keys of one provider (O-49): a token with an invented key id costs one request in
/// that time, not one each.
const REFETCH: Duration = Duration::from_secs(5 * 60);

/// Keys that were fetched are believed for a day without being asked for again.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Most keys of one provider that are looked at (O-49); the largest have some ten.
const MOST_KEYS: usize = 100;

/// Most providers whose keys are kept.
const MOST_PROVIDERS: usize = 64;

/// Algorithms that are accepted, and no others (O-48): `none` is no signature, and the HS family would make a public
/// key into a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// `None` for everything else.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// One public key.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => self.kty == "RSA",
            Algorithm::Es256 => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
            Algorithm::EdDsa => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
        };
        kind && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.word())
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let member = |text: &Option<String>| {
            text.as_ref()
                .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
        };
        match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                let (Some(n), Some(e)) = (member(&self.n), member(&self.e)) else {
                    return false;
                };
                let parameters = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            Algorithm::Es256 => {
                let (Some(x), Some(y)) = (member(&self.x), member(&self.y)) else {
                    return false;
                };
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            Algorithm::EdDsa => member(&self.x).is_some_and(|x| {
                UnparsedPublicKey::new(&ED25519, x)
                    .verify(message, signature)
                    .is_ok()
            }),
        }
    }
}

/// The key that a token says it was signed with.
pub(crate) enum Choice<'a> {
    One(&'a Key),
    /// Of this id there is none, or there is no id and no key fits.
    Unknown,
    /// There is no id, and several could be meant: nobody guesses.
    Several,
}

pub(crate) fn choose<'a>(keys: &'a [Key], kid: Option<&str>, algorithm: Algorithm) -> Choice<'a> {
    let mut fitting = keys
        .iter()
        .filter(|key| key.fits(algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid)));
    match (fitting.next(), fitting.next()) {
        (None, _) => Choice::Unknown,
        (Some(key), None) => Choice::One(key),
        (Some(_), Some(_)) => Choice::Several,
    }
}

/// Keys of providers, as they were last fetched. One for the whole program.
#[derive(Default)]
pub struct Keys {
    fetched: Mutex<HashMap<String, Fetched>>,
}

struct Fetched {
    at: Timestamp,
    keys: Vec<Key>,
}

#[derive(serde::Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

/// The keys of a document. One of a kind that nobody knows yet does not hide the others (RFC 7517 §5).
pub(crate) fn read(reply: Reply) -> Result<Vec<Key>, Error> {
    let document: Document = form::read(reply)?;
    let known = |key| serde_json::from_value(key).ok();
    Ok(document
        .keys
        .into_iter()
        .take(MOST_KEYS)
        .filter_map(known)
        .collect())
}

impl Keys {
    /// The keys at `address` as they are known; fetched where they are not, or are older than a day.
    pub(crate) async fn of(&self, http: &Http, address: &str, now: Timestamp) -> Result<Vec<Key>, Error> {
        let known = self
            .lock()
            .get(address)
            .filter(|fetched| now.since(fetched.at) < KEPT)
            .map(|fetched| fetched.keys.clone());
        match known {
            Some(keys) => Ok(keys),
            None => self.fetch(http, address, now).await,
        }
    }

    /// The keys once more, for a token whose key is not among them; `None` when they were fetched a moment ago.
    pub(crate) async fn again(
        &self,
        http: &Http,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Key>>, Error> {
        let is_recent = self
            .lock()
            .get(address)
            .is_some_and(|fetched| now.since(fetched.at) < REFETCH);
        if is_recent {
            return Ok(None);
        }
        self.fetch(http, address, now).await.map(Some)
    }

    async fn fetch(&self, http: &Http, address: &str, now: Timestamp) -> Result<Vec<Key>, Error> {
        let mut request = reqwest::Request::new(Method::GET, endpoint::parse(address)?);
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        let reply = http.send(request).await?;
        if reply.status != 200 {
            return Err(refusal::of(&reply, &[], now));
        }
        let keys = read(reply)?;
        let mut all = self.lock();
        if all.len() >= MOST_PROVIDERS && !all.contains_key(address) {
            let oldest = all
                .iter()
                .min_by_key(|(_, fetched)| fetched.at)
                .map(|(address, _)| address.clone());
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(
            address.to_owned(),
            Fetched {
                at: now,
                keys: keys.clone(),
            },
        );
        Ok(keys)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Fetched>> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
