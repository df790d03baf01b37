//! Signing an OAuth 1.0a request (RFC 5849 §3.4).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::auth_client::Signature;
use ring::hmac;
use url::Url;
use zeroize::Zeroizing;

/// `oauth_signature` of a request: its parameters are `own` and those of the query; `secrets` are the consumer's and
/// the token's.
pub(super) fn of(
    method: Signature,
    verb: &str,
    url: &Url,
    own: &[(&str, &str)],
    secrets: (&str, &str),
) -> Zeroizing<String> {
    // §3.4.2: both secrets, encoded, with an ampersand that is there even when one is missing.
    let key = Zeroizing::new(format!("{}&{}", encoded(secrets.0), encoded(secrets.1)));
    let algorithm = match method {
        Signature::Plaintext => return key,
        Signature::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Signature::HmacSha256 => hmac::HMAC_SHA256,
    };
    let text = base_string(verb, url, own);
    let tag = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), text.as_bytes());
    Zeroizing::new(BASE64_STANDARD.encode(tag))
}

/// §3.4.1.
fn base_string(verb: &str, url: &Url, own: &[(&str, &str)]) -> String {
    let own = own.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let query = url
        .query_pairs()
        .map(|(name, value)| (encoded(&name), encoded(&value)));
    let mut pairs: Vec<_> = own.chain(query).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // §3.4.1.2: the parser has put scheme and host into lower case and left out a usual port.
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    format!("{verb}&{}&{}", encoded(base.as_str()), encoded(&pairs.join("&")))
}

/// §3.6: everything but letters, digits and `-._~`, in upper-case hex.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn oa2_rfc_5849_3_4_1_the_base_string() {
        let own = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            // The body of the RFC's request.
            ("c2", ""),
            ("a3", "2 q"),
        ];
        assert_eq!(
            base_string(
                "POST",
                &url("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
                &own
            ),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26\
             c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26\
             oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn oa2_rfc_5849_1_2_signatures() {
        let consumer = "kd94hf93k423kf44";
        let token = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "hh5s93j4hdidpola"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "walatlh"),
            ("oauth_verifier", "hfdp7dh39dks9884"),
        ];
        let address = url("https://photos.example.net/token");
        let signature = of(
            Signature::HmacSha1,
            "POST",
            &address,
            &token,
            (consumer, "hdhd0244k9j7ao03"),
        );
        assert_eq!(encoded(&signature), "gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D");
        let photo = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ];
        let address = url("http://photos.example.net/photos?file=vacation.jpg&size=original");
        let signature = of(
            Signature::HmacSha1,
            "GET",
            &address,
            &photo,
            (consumer, "pfkkdhi9sl3r4s00"),
        );
        assert_eq!(encoded(&signature), "MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D");
    }

    #[test]
    fn oa2_rfc_5849_2_1_and_3_4_4_plaintext_is_both_secrets() {
        let any = url("https://a.example/");
        let of = |secrets| of(Signature::Plaintext, "POST", &any, &[], secrets);
        assert_eq!(of(("ja893SD9", "")).as_str(), "ja893SD9&");
        assert_eq!(of(("a&b", "c d")).as_str(), "a%26b&c%20d");
    }
}
