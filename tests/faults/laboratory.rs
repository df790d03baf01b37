//! The laboratory as the provider of a home: registered on both sides, and a person who agrees.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_lab::{Client, Endpoint, Lab, history::What};
use keyward_tests::place;

use crate::ground::Keychained;

/// A server that lives with the test.
pub struct Provider {
    pub lab: Lab,
}

impl Provider {
    /// With the client `APP`, by the clock of this machine.
    pub fn new() -> Self {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            i64::try_from(since.as_secs()).unwrap()
        };
        let lab = Lab::start(Arc::new(now)).unwrap();
        lab.register("APP", Client::default());
        Self { lab }
    }

    /// A home whose browser agrees at once.
    pub fn home() -> Keychained {
        let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
        Keychained::new().var("BROWSER", browser.to_string_lossy())
    }

    /// The AuthClient `PROVIDER` and the Connection `MAIL`.
    pub fn connect(&self, home: &Keychained) {
        self.connect_with(home, &[]);
    }

    /// The same, with more for the AuthClient.
    pub fn connect_with(&self, home: &Keychained, more: &[&str]) {
        let [auth, token, revoke] =
            [Endpoint::Authorize, Endpoint::Token, Endpoint::Revoke].map(|endpoint| self.lab.uri(endpoint));
        let add = [
            "auth-client",
            "add",
            "PROVIDER",
            "--type",
            "oauth2",
            "--client-id",
            "APP",
            "--auth-uri",
            &auth,
            "--token-uri",
            &token,
            "--revocation-uri",
            &revoke,
        ];
        home.ends(&[&add[..], more].concat(), 0);
        home.ends(&["connect", "MAIL", "--timeout", "60s"], 0);
    }

    /// The token that is stored lives for a second: it is due the moment it is there. The next one lives for an hour,
    /// and each request takes so long.
    pub fn make_due(&self, home: &Keychained, latency: Duration) {
        self.lab.adjust("APP", |client| {
            client.lifetime = 1;
            client.latency = Duration::ZERO;
        });
        home.ends(&["connection", "refresh", "MAIL"], 0);
        self.lab.adjust("APP", |client| {
            client.lifetime = 3_600;
            client.latency = latency;
        });
    }

    /// Refresh requests so far.
    pub fn arrived(&self) -> usize {
        self.lab.history().refreshes()
    }

    /// Old refresh tokens that came back after they were replaced.
    pub fn reuses(&self) -> usize {
        let events = self.lab.history().events();
        events
            .iter()
            .filter(|event| matches!(event.what, What::Reused { .. }))
            .count()
    }
}
