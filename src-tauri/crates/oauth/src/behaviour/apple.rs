//! Apple: the client secret is a JWT that the client signs (ES256), good for six months at most; ours lives 5 minutes.

use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use zeroize::Zeroizing;

use crate::{assertion, error::Error, sign::SigningKey};

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
    let key = SigningKey::read(key)?;
    if key.algorithm() != "ES256" {
        return Err(Error::BadParameter(
            "the client secret is not the text of a .p8 file of Apple (an EC key of curve P-256)".to_owned(),
        ));
    }
    let claims = serde_json::json!({
        "iss": variable("team_id")?,
        "iat": now.0,
        "exp": now.0.saturating_add(LIFE),
        "aud": AUDIENCE,
        "sub": client.client_id,
    });
    assertion::signed(&key, Some(variable("key_id")?), &claims)
}
