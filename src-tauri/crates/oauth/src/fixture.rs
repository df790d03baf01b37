//! A registration and a consent for unit tests.

use keyward_model::{
    Id, Timestamp,
    auth_client::{AuthClient, AuthClientType, ClientAuthentication, Visibility},
    name::Handle,
};

use crate::authorize::{Pending, Request, begin};

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:50123/callback";

pub(crate) fn client() -> AuthClient {
    AuthClient {
        id: Id::from_random([1; 16]),
        key: Handle::parse("TEST_CLIENT").expect("a handle"),
        name: "Test".to_owned(),
        kind: AuthClientType::Oauth2,
        application: None,
        visibility: Visibility::Environment,
        environment: Id::from_random([2; 16]),
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
        created_at: Timestamp(0),
    }
}

pub(crate) fn pending(client: &AuthClient) -> Pending {
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
