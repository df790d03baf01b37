//! A registration and a consent for unit tests.

use keyward_model::auth_client::{ClientAuthentication, Oauth2};

use crate::authorize::{Pending, Request, begin};

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:50123/callback";

pub(crate) fn client() -> Oauth2 {
    Oauth2 {
        issuer: Some("https://as.example".to_owned()),
        issuer_in_callback: false,
        auth_uri: "https://as.example/authorize".to_owned(),
        token_uri: "https://as.example/token".to_owned(),
        revocation_uri: None,
        token_expires_in: 3600,
        client_id: "client-1".to_owned(),
        client_secret: None,
        client_authentication: ClientAuthentication::None,
        redirect_path: "/callback".to_owned(),
        authorize_params: Vec::new(),
        scopes: Vec::new(),
    }
}

pub(crate) fn pending(client: &Oauth2) -> Pending {
    begin(&Request {
        client,
        redirect_uri: REDIRECT_URI,
        scopes: &[],
        params: &[],
    })
    .expect("a consent")
}

pub(crate) fn parameter(pending: &Pending, name: &str) -> Option<String> {
    let url = url::Url::parse(pending.url()).expect("a URL");
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
