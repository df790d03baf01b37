//! Apple: the client secret is a JWT that the client signs (ES256), good for six months at most; ours lives 5 minutes.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use zeroize::Zeroizing;

use crate::{error::Error, token::text};

/// Who the JWT is for.
const AUDIENCE: &str = "https://appleid.apple.com";

/// How long it is good, in seconds.
const LIFE: i64 = 300;

/// The client secret of one request: `iss` is the team, `sub` the client, and the key the text of the .p8 file.
pub(super) fn client_secret(
    client: &Oauth2,
    key: &SecretValue,
    now: Timestamp,
) -> Result<Zeroizing<String>, Error> {
    let variables = client.provider.iter().flat_map(|origin| &origin.variables);
    let variable = |wanted: &str| {
        variables
            .clone()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| {
                Error::BadParameter(format!("the variable {wanted} of the auth client is missing"))
            })
    };
    let header = serde_json::json!({ "alg": "ES256", "kid": variable("key_id")?, "typ": "JWT" });
    let claims = serde_json::json!({
        "iss": variable("team_id")?,
        "iat": now.0,
        "exp": now.0.saturating_add(LIFE),
        "aud": AUDIENCE,
        "sub": client.client_id,
    });
    let encoded = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8(text(key)?)?, &random)
        .map_err(|_| unreadable())?;
    let signature = pair.sign(&random, signed.as_bytes()).map_err(|_| unreadable())?;
    Ok(Zeroizing::new(format!(
        "{signed}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref())
    )))
}

/// The bytes between the lines of a PEM text (RFC 7468).
fn pkcs8(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let lines = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("-----"));
    let text: Zeroizing<String> = Zeroizing::new(lines.collect());
    BASE64_STANDARD
        .decode(text.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::BadParameter(
        "the client secret is not the text of a .p8 file of Apple (an EC key of curve P-256)".to_owned(),
    )
}
