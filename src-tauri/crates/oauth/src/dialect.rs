//! Requests to a provider as it wants them: the one place where the forms of the protocol are written anew (OA4, EL9,
//! O-15).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::Oauth2,
    dialect::{Behaviour, TokenBody},
};
use reqwest::{
    Method, Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{authorize::check_params, behaviour, error::Error, http::wiped_body, token::secret_text};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Tokens for a code.
    Exchange,
    /// Tokens for a refresh token.
    Refresh,
    /// Tokens by another grant, whose form holds the registration's own parameters already.
    Grant,
    /// Anything else of the provider: a device code, a pushed request, a token to forget or to ask about.
    Beside,
}

impl Kind {
    /// The kind of request in the catalogue's names of parameters; what is no token request knows the names that are
    /// the same everywhere.
    fn word(self) -> &'static str {
        match self {
            Self::Exchange | Self::Refresh | Self::Grant => "token",
            Self::Beside => "",
        }
    }
}

/// Parameters of a request, in order; values wipe themselves.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), Zeroizing::new(value.to_owned())));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own != name);
    }

    fn extend(&mut self, pairs: &[(String, String)]) {
        for (name, value) in pairs {
            self.push(name, value);
        }
    }

    fn form(&self) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.0.iter().map(|(name, value)| (name, value.as_str())));
        Zeroizing::new(form.finish())
    }

    /// A JSON object of texts; a parameter that is there more than once is a list.
    fn json(&self) -> Zeroizing<String> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut json = Zeroizing::new(String::from("{"));
        for (index, (name, _)) in self.0.iter().enumerate() {
            if self.0[..index].iter().any(|(other, _)| other == name) {
                continue;
            }
            let same = self.0.iter().filter(|(other, _)| other == name);
            let values: Vec<String> = same.map(|(_, value)| quoted(value)).collect();
            let comma = if json.len() > 1 { "," } else { "" };
            let value = match values.as_slice() {
                [one] => one.clone(),
                many => format!("[{}]", many.join(",")),
            };
            json.push_str(&format!("{comma}{}:{value}", quoted(name)));
        }
        json.push('}');
        json
    }
}

/// Writes a form as the provider wants it.
pub(crate) fn written(
    client: &Oauth2,
    kind: Kind,
    secret: Option<&SecretValue>,
    now: Timestamp,
    address: Url,
    headers: HeaderMap,
    form: &[u8],
) -> Result<Request, Error> {
    let dialect = &client.dialect;
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(form) {
        fields.push(&name, &value);
    }
    let params = match kind {
        Kind::Exchange => Some(&client.token_params),
        Kind::Refresh => Some(&client.refresh_params),
        Kind::Grant | Kind::Beside => None,
    };
    if let Some(params) = params {
        // O-11: none of them stands in for one of the protocol's own; asked at every use, as endpoints are.
        check_params(params)?;
        fields.extend(params);
        for resource in &client.resources {
            fields.push("resource", resource);
        }
    }
    behaviour::adjust(client, kind, secret, &mut fields, now)?;
    for (name, _) in &mut fields.0 {
        *name = dialect.name_of(kind.word(), name).to_owned();
    }
    fields.remove("");
    let mut headers = headers;
    if dialect.behaviour == Some(Behaviour::SecretAsUser)
        && let Some(secret) = secret_text(secret)?
    {
        let pair = behaviour::secret_as_user(secret);
        let value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))
            .map_err(|_| Error::BadParameter("the client secret cannot be sent".to_owned()))?;
        headers.insert(AUTHORIZATION, value);
    }
    // Keeps credentials out of debug output and of HTTP/2 header tables.
    if let Some(value) = headers.get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }
    let body = match kind {
        Kind::Exchange | Kind::Refresh | Kind::Grant => dialect.token_body,
        Kind::Beside => TokenBody::Form,
    };
    let mut request = match body {
        TokenBody::Form => with_body(address, &fields.form()),
        TokenBody::Json => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            with_body(address, &fields.json())
        }
        TokenBody::Query => {
            headers.remove(CONTENT_TYPE);
            Request::new(Method::GET, in_query(address, &fields))
        }
    };
    *request.headers_mut() = headers;
    set_own_headers(client, &mut request)?;
    Ok(request)
}

/// A GET with its parameters in the query.
pub(crate) fn query_request(client: &Oauth2, address: Url, fields: &Fields) -> Result<Request, Error> {
    let mut request = Request::new(Method::GET, in_query(address, fields));
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    set_own_headers(client, &mut request)?;
    Ok(request)
}

fn with_body(address: Url, body: &str) -> Request {
    let mut request = Request::new(Method::POST, address);
    *request.body_mut() = Some(wiped_body(body.as_bytes().to_vec()));
    request
}

/// EL13: what the address has in its query already stays.
fn in_query(mut address: Url, fields: &Fields) -> Url {
    let form = fields.form();
    let query = match address.query().filter(|query| !query.is_empty()) {
        Some(own) => Zeroizing::new(format!("{own}&{}", form.as_str())),
        None => form,
    };
    address.set_query(Some(&query));
    address
}

fn set_own_headers(client: &Oauth2, request: &mut Request) -> Result<(), Error> {
    for (name, value) in &client.dialect.headers {
        let unfit = |_| Error::BadParameter(format!("the header {name} cannot be set"));
        let header = HeaderName::try_from(name).map_err(|_| unfit(()))?;
        let value = HeaderValue::try_from(value).map_err(|_| unfit(()))?;
        request.headers_mut().insert(header, value);
    }
    Ok(())
}
