//! OAuth 1.0a (RFC 5849): a request token, a person's consent, an access token without an end.

mod signature;

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{Oauth1, Signature},
    connection::{Lifetime, TokenSet},
};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{
    authorize::{Pending, check_params, random_text},
    callback::Code,
    endpoint,
    error::Error,
    http::{Extent, Http, Reply},
    redirect, refusal, text,
    token::{Answer, secret_text, text as text_of},
};

/// Longest token or secret that is believed, in bytes (O-73).
const LONGEST_TOKEN: usize = 4096;

/// Members of an answer that say whose the token is, as providers call them.
const ACCOUNT_NAMES: [&str; 4] = ["screen_name", "username", "user_name", "fullname"];

/// A consent under way: what its answer is held against, and the request token that it will exchange.
pub struct Begun {
    /// The person's part.
    pub pending: Pending,
    /// The request token, for the exchange.
    pub token: RequestToken,
}

/// A request token with its secret: good for one exchange.
pub struct RequestToken {
    token: Zeroizing<String>,
    secret: Zeroizing<String>,
    /// The registration it was got with: it is exchanged there and nowhere else (O-42).
    access_uri: String,
    consumer_key: String,
}

/// Gets a request token (RFC 5849 §2.1); `redirect_uri` as for [`crate::authorize::begin`].
///
/// # Errors
/// [`Error::BadParameter`], [`Error::BadEndpoint`]; [`Error::BadResponse`] for a server of OAuth 1.0 without the a,
/// whose consents could be taken over; else what the answer means.
pub async fn begin(
    http: &Http,
    client: &Oauth1,
    secret: Option<&SecretValue>,
    redirect_uri: &str,
    params: &[(String, String)],
    now: Timestamp,
) -> Result<Begun, Error> {
    let parts = redirect::parts(&client.redirect, redirect_uri)?;
    let mut address = endpoint::parse(&client.authorize_uri)?;
    for list in [&client.authorize_params[..], params] {
        check_params(list)?;
    }
    let secret = secret_text(secret)?.unwrap_or_default();
    let signed = Signed {
        client,
        secret,
        token: None,
        more: ("oauth_callback", redirect_uri),
    };
    let members = signed.ask(http, &client.request_uri, now).await?;
    // §2.1: without it the server is of the version before, whose consents a second person could finish.
    if members.text("oauth_callback_confirmed") != Some("true") {
        return Err(bad_response(
            "it does not confirm the callback (OAuth 1.0 without the a)",
        ));
    }
    let (token, token_secret) = members.pair()?;
    {
        let mut query = address.query_pairs_mut();
        query.append_pair("oauth_token", &token);
        let kept = client
            .authorize_params
            .iter()
            .filter(|(name, _)| !params.iter().any(|(other, _)| other == name));
        for (name, value) in kept.chain(params) {
            query.append_pair(name, value);
        }
    }
    Ok(Begun {
        pending: Pending::of_request_token(address.into(), redirect_uri, parts, &token),
        token: RequestToken {
            token,
            secret: token_secret,
            access_uri: client.access_uri.clone(),
            consumer_key: client.consumer_key.clone(),
        },
    })
}

/// Exchanges the request token that a person agreed to (RFC 5849 §2.3). The raw answer is kept as a JSON object of
/// its members, the token's secret among them: whoever signs requests needs it.
///
/// # Errors
/// [`Error::BadParameter`] when `client` is not the registration it was begun with; else what the answer means.
pub async fn exchange(
    http: &Http,
    client: &Oauth1,
    secret: Option<&SecretValue>,
    token: RequestToken,
    verifier: Code,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    if (&token.access_uri, &token.consumer_key) != (&client.access_uri, &client.consumer_key) {
        return Err(Error::BadParameter(
            "the registration changed while the consent was under way".to_owned(),
        ));
    }
    let secret = secret_text(secret)?.unwrap_or_default();
    let asked_at = now();
    let signed = Signed {
        client,
        secret,
        token: Some((&token.token, &token.secret)),
        more: ("oauth_verifier", text_of(&verifier.value)?),
    };
    answered(&signed.ask(http, &client.access_uri, asked_at).await?, asked_at)
}

/// Reads a whole answer with an access token that came with `status`, as [`exchange`] does: bytes in, verdict out.
///
/// # Errors
/// What the answer means; none of its bytes.
pub fn read(status: u16, body: &[u8], asked_at: Timestamp) -> Result<Answer, Error> {
    answered(&Members::of(&Reply::whole(status, body), "", asked_at)?, asked_at)
}

fn answered(members: &Members, asked_at: Timestamp) -> Result<Answer, Error> {
    let (access_token, _) = members.pair()?;
    Ok(Answer {
        tokens: TokenSet {
            access_token: SecretValue::new(access_token.as_bytes().to_vec()),
            refresh_token: None,
            token_type: "OAuth".to_owned(),
            scope: None,
            // RFC 5849 knows no end; the record has room for one, and nobody asks it of this type.
            lifetime: Lifetime::new(asked_at, std::time::Duration::MAX),
            raw: members.json(),
        },
        account: ACCOUNT_NAMES
            .into_iter()
            .find_map(|name| members.text(name).and_then(text::plain)),
        refresh_token_expires_in: None,
        server_date: members.date,
        kept: Vec::new(),
    })
}

/// One signed request.
struct Signed<'a> {
    client: &'a Oauth1,
    secret: &'a str,
    token: Option<(&'a str, &'a str)>,
    more: (&'a str, &'a str),
}

impl Signed<'_> {
    async fn ask(&self, http: &Http, address: &str, now: Timestamp) -> Result<Members, Error> {
        let url = endpoint::parse(address)?;
        // §3.4.4: the secrets themselves travel.
        if self.client.signature == Signature::Plaintext
            && url.scheme() != "https"
            && !endpoint::is_loopback(&url)
        {
            return Err(Error::BadEndpoint("PLAINTEXT needs https".to_owned()));
        }
        let mut request = reqwest::Request::new(Method::POST, url.clone());
        let header = self.header(&url, now, &random_text());
        let mut value = HeaderValue::try_from(header.as_str())
            .map_err(|_| Error::BadParameter("the consumer key or secret cannot be sent".to_owned()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        request.headers_mut().insert(
            ACCEPT,
            HeaderValue::from_static("application/x-www-form-urlencoded, */*"),
        );
        *request.body_mut() = Some("".into());
        Members::of(&http.send(request).await?, self.secret, now)
    }

    /// §3.5.1.
    fn header(&self, url: &Url, now: Timestamp, nonce: &str) -> Zeroizing<String> {
        let (token, token_secret) = self.token.unwrap_or_default();
        let timestamp = now.seconds().to_string();
        let mut own = vec![
            ("oauth_consumer_key", self.client.consumer_key.as_str()),
            ("oauth_signature_method", self.client.signature.word()),
            ("oauth_timestamp", timestamp.as_str()),
            ("oauth_nonce", nonce),
            ("oauth_version", "1.0"),
            self.more,
        ];
        if !token.is_empty() {
            own.push(("oauth_token", token));
        }
        let signature = signature::of(
            self.client.signature,
            "POST",
            url,
            &own,
            (self.secret, token_secret),
        );
        own.push(("oauth_signature", &signature));
        let parts: Vec<String> = own
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", signature::encoded(value)))
            .collect();
        Zeroizing::new(format!("OAuth {}", parts.join(", ")))
    }
}

/// RFC 5849 §3.2: 400 and 401 are about the registration, the clock or the token.
fn refused(reply: &Reply, secret: &str, now: Timestamp) -> Error {
    if !matches!(reply.status, 400 | 401 | 403) {
        return refusal::of(reply, &[secret], now);
    }
    // What many send (OAuth Problem Reporting): `oauth_problem=token_rejected`.
    let problem = form_urlencoded::parse(&reply.body)
        .find(|(name, _)| name == "oauth_problem")
        .map(|(_, value)| text::code(&value));
    Error::Config {
        oauth_error: problem.unwrap_or_else(|| format!("http_{}", reply.status)),
        description: None,
    }
}

/// The members of a form-encoded answer.
struct Members {
    pairs: Vec<(String, Zeroizing<String>)>,
    date: Option<Timestamp>,
}

impl Members {
    /// Of an answer, success or not; `secret` is what no description may echo.
    fn of(reply: &Reply, secret: &str, now: Timestamp) -> Result<Self, Error> {
        if !(200..300).contains(&reply.status) {
            return Err(refused(reply, secret, now));
        }
        Self::read(reply).ok_or_else(|| bad_response("it holds no token"))
    }

    fn read(reply: &Reply) -> Option<Self> {
        if reply.extent != Extent::Whole || std::str::from_utf8(&reply.body).is_err() {
            return None;
        }
        let mut pairs: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(reply.body.trim_ascii()) {
            // Two readers of a repeated member may take different ones: nobody takes any.
            if pairs.iter().any(|(own, _)| *own == name) {
                return None;
            }
            pairs.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        Some(Self {
            pairs,
            date: refusal::date(&reply.headers),
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Token and secret.
    fn pair(&self) -> Result<(Zeroizing<String>, Zeroizing<String>), Error> {
        let member = |name| {
            self.text(name)
                .filter(|text| text.len() <= LONGEST_TOKEN && !text.chars().any(char::is_control))
                .map(|text| Zeroizing::new(text.to_owned()))
        };
        match (member("oauth_token"), member("oauth_token_secret")) {
            (Some(token), Some(secret)) if !token.is_empty() => Ok((token, secret)),
            _ => Err(bad_response("it holds no token")),
        }
    }

    fn json(&self) -> SecretValue {
        let members: serde_json::Map<String, serde_json::Value> = self
            .pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        SecretValue::new(serde_json::Value::Object(members).to_string().into_bytes())
    }
}

fn bad_response(what: &str) -> Error {
    Error::BadResponse {
        what: what.to_owned(),
        raw: SecretValue::new(Vec::new()),
    }
}
