//! A registration and a consent for unit tests.

use keyward_model::auth_client::Oauth2;

use crate::authorize::{Pending, Request, begin};

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:50123/callback";

pub(crate) fn client() -> Oauth2 {
    Oauth2 {
        issuer: Some("https://as.example".to_owned()),
        ..Oauth2::new(
            "https://as.example/authorize".to_owned(),
            "https://as.example/token".to_owned(),
            "client-1".to_owned(),
        )
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
