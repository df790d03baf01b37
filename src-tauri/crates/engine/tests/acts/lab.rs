//! The laboratory as a provider of an Engine in a test: clients are registered on both sides, and a person agrees.

use std::sync::Arc;

use keyward_engine::{Engine, auth_clients, connect};
use keyward_lab::{Client, Endpoint};
use keyward_model::{auth_client::Visibility, connection::Connection};

use crate::support::{ENV, World, begin, ended, owner, wish};

pub struct Lab {
    pub server: keyward_lab::Lab,
}

impl Lab {
    /// By a clock that nobody sets.
    pub fn new(world: &World) -> Self {
        let clock = Arc::clone(&world.clock);
        Self::at(Arc::new(move || clock.truth()))
    }

    pub fn at(now: keyward_lab::server::Now) -> Self {
        Self {
            server: keyward_lab::Lab::start(now).unwrap(),
        }
    }

    /// The AuthClient `key`, whose client id is the key.
    pub fn register(&self, engine: &Engine, key: &str, client: Client) {
        let [auth_uri, token_uri, revocation_uri] = [Endpoint::Authorize, Endpoint::Token, Endpoint::Revoke]
            .map(|endpoint| self.server.uri(endpoint));
        self.server.register(key, client);
        let new = auth_clients::New {
            key,
            name: None,
            application: None,
            visibility: Visibility::Environment,
            registration: auth_clients::NewRegistration::Oauth2(auth_clients::NewOauth2 {
                auth_uri: Some(&auth_uri),
                token_uri: Some(&token_uri),
                revocation_uri: Some(&revocation_uri),
                client_id: key,
                ..auth_clients::NewOauth2::default()
            }),
        };
        auth_clients::create(engine, &owner(), ENV, &new).unwrap();
    }

    /// A Connection through that AuthClient, or the same one again.
    pub fn connect(&self, engine: &Arc<Engine>, client: &str, key: &str) -> Connection {
        let consent = begin(
            engine,
            &connect::Wish {
                auth_client: Some(client),
                ..wish(key)
            },
        );
        let address = self.server.agree(consent.link()).expect("a link of this server");
        connect::paste(engine, consent.id, &address).unwrap();
        let progress = ended(&consent);
        assert!(progress.error.is_none(), "{:?}", progress.error);
        progress.result.unwrap().connection
    }
}
