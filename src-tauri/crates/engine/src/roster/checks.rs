//! The checks of a roster: each field by itself, then the line as a whole.

use keyward_model::{
    auth_client::{ClientAuthentication, Grant, Signature, Visibility},
    provider::Protocol,
};
use keyward_oauth::authorize;

use super::{
    Complaint, Engine, Environment, Handle, LOGIN_HINT, Line, LineKind, Planned, Prepared, Result, Row,
    There, Through, auth_clients, consent_queue, faults::Faults, items,
};
use crate::{
    Kind, applications,
    auth_clients::{New, NewOauth1, NewOauth2, NewRegistration},
    providers,
};

/// Most distinct issuers that one file may have asked: a file of somebody else must not make this machine knock at
/// two thousand doors.
const MOST_ISSUERS: usize = 50;

const VISIBILITIES: [(Visibility, &str); 3] = [
    (Visibility::Environment, "environment"),
    (Visibility::Vault, "vault"),
    (Visibility::Machine, "machine"),
];

/// The versions of OAuth: nothing else is consented to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    One,
}

const VERSIONS: [(Version, &str); 2] = [(Version::Two, "oauth2"), (Version::One, "oauth1")];

/// What a registration of the other version has no use for.
const OF_TWO: [&str; 12] = [
    "issuer",
    "revocation_uri",
    "refresh_token_uri",
    "device_uri",
    "scopes",
    "grant",
    "client_auth",
    "token_params",
    "refresh_params",
    "resources",
    "refresh_window",
    "token_expires_in",
];
const OF_ONE: [&str; 2] = ["request_token_uri", "signature_method"];

/// What was found so far.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) rows: Vec<Row>,
    pub(super) complaints: Vec<Complaint>,
    /// AuthClients to make.
    pub(super) clients: Vec<Prepared>,
    /// Connections to make.
    pub(super) connections: Vec<Planned>,
    /// Keys of the AuthClients of this file that have a fault: nobody is told twice.
    faulty: Vec<String>,
    issuers: Vec<String>,
}

/// Which version a line speaks of, and a fault for each field that only the other has.
fn version(engine: &Engine, faults: &mut Faults<'_>) -> Version {
    let line = faults.line;
    let of_entry = line
        .text("provider")
        .and_then(|provider| providers::find(engine, provider).ok())
        .map(|provider| match provider.protocol {
            Protocol::Oauth2 => Version::Two,
            Protocol::Oauth1 { .. } => Version::One,
        });
    let version = faults
        .word("type", &VERSIONS)
        .or(of_entry)
        .unwrap_or(Version::Two);
    let (foreign, word) = match version {
        Version::Two => (&OF_ONE[..], "oauth2"),
        Version::One => (&OF_TWO[..], "oauth1"),
    };
    for field in foreign.iter().filter(|field| !line.values(field).is_empty()) {
        faults.add(field, format!("an auth client of type {word} has none"), "");
    }
    version
}

impl Checked {
    fn is_twice(&self, kind: LineKind, key: &Handle) -> bool {
        let mut same = self.rows.iter().filter(|row| row.kind == kind);
        same.any(|row| row.key.as_str().eq_ignore_ascii_case(key.as_str()))
    }

    fn complain(&mut self, faults: Faults<'_>) {
        let room = keyward_foreign::roster::COMPLAINTS.saturating_sub(self.complaints.len());
        self.complaints.extend(faults.found.into_iter().take(room));
    }

    /// Checks a line that makes an AuthClient.
    ///
    /// # Errors
    /// When locked or damaged.
    pub(super) fn auth_client(&mut self, engine: &Engine, line: &Line) -> Result<()> {
        let mut faults = Faults {
            line,
            found: Vec::new(),
        };
        let key = faults.key();
        if let Some(key) = &key
            && self.is_twice(LineKind::AuthClient, key)
        {
            faults.add(
                "name",
                "another auth client of this file has it",
                "Keys that differ only in case count as the same.",
            );
        }
        let prepared = self.prepared(engine, &mut faults);
        let (Some(key), Some(prepared), true) = (key, prepared, faults.found.is_empty()) else {
            self.faulty.extend(line.text("name").map(str::to_owned));
            self.complain(faults);
            return Ok(());
        };
        let is_taken = is_client(engine, &key)?;
        let wants_client_secret = !is_taken && consent_queue::wants_secret(&prepared.registration);
        if !is_taken {
            self.clients.push(prepared);
        }
        self.rows.push(Row {
            place: line.place.clone(),
            kind: LineKind::AuthClient,
            key,
            is_taken,
            wants_client_secret,
        });
        Ok(())
    }

    /// Every field, then all of them together.
    fn prepared(&mut self, engine: &Engine, faults: &mut Faults<'_>) -> Option<Prepared> {
        let line = faults.line;
        if let Some(application) = line.text("app") {
            faults.take("app", applications::parse(application));
        }
        for field in [
            "issuer",
            "auth_uri",
            "token_uri",
            "request_token_uri",
            "revocation_uri",
            "refresh_token_uri",
            "device_uri",
        ] {
            if let Some(address) = line.text(field) {
                faults.take(
                    field,
                    auth_clients::endpoint_of(&field.replace('_', " "), address),
                );
            }
        }
        for resource in line.values("resources") {
            faults.take("resources", auth_clients::check_resource(resource));
        }
        let visibility = faults.word("visibility", &VISIBILITIES);
        let version = version(engine, faults);
        let signature = faults.word("signature_method", Signature::WORDS);
        let grant = faults.word("grant", Grant::WORDS);
        let mut client_authentication = faults.word("client_auth", ClientAuthentication::WORDS);
        let redirect = line.text("redirect").and_then(|text| {
            let parsed = auth_clients::parse_redirect(text);
            faults.take("redirect", parsed)
        });
        let refresh_window = faults.number("refresh_window");
        faults.take("refresh_window", auth_clients::check_window(refresh_window));
        let token_expires_in = faults.number("token_expires_in");
        let variables = faults.pairs("vars");
        let (authorize_params, token_params, refresh_params) = (
            faults.pairs("authorize_params"),
            faults.pairs("token_params"),
            faults.pairs("refresh_params"),
        );
        let scopes = faults.scopes();
        if line.text("client_id").is_none() {
            // An issuer that makes a client for whoever asks makes it for a person, not for a file.
            faults.add(
                "client_id",
                "it is missing",
                "Whoever registered the app at the provider knows it; it is no secret.",
            );
        }
        if let (Some(provider), Version::Two) = (line.text("provider"), version) {
            let usual = auth_clients::usual_authentication(engine, provider, &variables);
            let usual = faults.take("provider", usual);
            // Its client secret comes later: until then the client is no public one.
            if client_authentication.is_none() && grant != Some(Grant::JwtBearer) {
                client_authentication = usual;
            }
        }
        if let Some(issuer) = line.text("issuer")
            && !self.issuers.iter().any(|known| known == issuer)
        {
            self.issuers.push(issuer.to_owned());
        }
        if self.issuers.len() > MOST_ISSUERS {
            faults.add(
                "issuer",
                format!("the file has more than {MOST_ISSUERS} issuers"),
                "Import it in parts, or name the addresses instead.",
            );
        }
        let name = line.text("name")?;
        if !faults.found.is_empty() {
            return None;
        }
        let (redirect, path) = redirect.unzip();
        let path = path.flatten();
        let registration = match version {
            Version::One => NewRegistration::Oauth1(NewOauth1 {
                provider: line.text("provider"),
                variables,
                request_uri: line.text("request_token_uri"),
                authorize_uri: line.text("auth_uri"),
                access_uri: line.text("token_uri"),
                consumer_key: line.text("client_id").unwrap_or_default(),
                consumer_secret: None,
                signature,
                redirect,
                redirect_path: path.as_deref(),
                authorize_params,
            }),
            Version::Two => NewRegistration::Oauth2(NewOauth2 {
                issuer: line.text("issuer"),
                auth_uri: line.text("auth_uri"),
                token_uri: line.text("token_uri"),
                revocation_uri: line.text("revocation_uri"),
                device_uri: line.text("device_uri"),
                provider: line.text("provider"),
                variables,
                refresh_token_uri: line.text("refresh_token_uri"),
                client_id: line.text("client_id").unwrap_or_default(),
                token_expires_in,
                grant,
                client_authentication,
                redirect,
                redirect_path: path.as_deref(),
                authorize_params,
                token_params,
                refresh_params,
                resources: line.values("resources").to_vec(),
                refresh_window,
                scopes,
                ..NewOauth2::default()
            }),
        };
        let new = New {
            key: name,
            name: line.text("title"),
            application: line.text("app"),
            visibility: visibility.unwrap_or(Visibility::Environment),
            registration,
        };
        match auth_clients::prepare(engine, &new) {
            Ok(prepared) => Some(prepared),
            Err(error) => {
                // “auth uri: it is missing.” names its field.
                let (field, reason) = match error.message.split_once(": ") {
                    Some((field, reason)) if field.len() < 24 => (field.replace(' ', "_"), reason),
                    _ if line.text("issuer").is_some() => ("issuer".to_owned(), error.message.as_str()),
                    _ => (String::new(), error.message.as_str()),
                };
                faults.add(&field, reason.trim_end_matches('.'), error.hint);
                None
            }
        }
    }

    /// Checks a line that plans a Connection.
    ///
    /// # Errors
    /// When locked or damaged.
    pub(super) fn connection(
        &mut self,
        engine: &Engine,
        environment: &Environment,
        line: &Line,
    ) -> Result<()> {
        let mut faults = Faults {
            line,
            found: Vec::new(),
        };
        let key = faults.key();
        if let Some(key) = &key
            && self.is_twice(LineKind::Connection, key)
        {
            faults.add(
                "name",
                "another connection of this file has it",
                "Keys that differ only in case count as the same.",
            );
        }
        let scopes = faults.scopes();
        let mut params = faults.pairs("params");
        if let Some(hint) = line.text("login_hint") {
            params.retain(|(name, _)| name != LOGIN_HINT);
            params.push((LOGIN_HINT.to_owned(), hint.to_owned()));
            if let Err(error) = authorize::check_params(&params) {
                faults.add("login_hint", error.to_string(), "");
            }
        }
        let through = self.through(engine, environment, &mut faults)?;
        let (Some(key), true) = (key, faults.found.is_empty()) else {
            self.complain(faults);
            return Ok(());
        };
        // Secrets, credentials and connections share their keys.
        let is_taken = engine
            .unlocked()?
            .read(|tx| items::in_any_case(tx, environment.id, &key))?
            .is_some();
        match through {
            Some(through) if !is_taken => self.connections.push(Planned {
                name: line.text("title").unwrap_or(key.as_str()).to_owned(),
                key: key.clone(),
                through,
                scopes: (!scopes.is_empty()).then_some(scopes),
                params,
            }),
            _ => {}
        }
        self.rows.push(Row {
            place: line.place.clone(),
            kind: LineKind::Connection,
            key,
            is_taken,
            wants_client_secret: false,
        });
        Ok(())
    }

    /// The AuthClient that a Connection names: of the same file, else one that is there.
    fn through(
        &self,
        engine: &Engine,
        environment: &Environment,
        faults: &mut Faults<'_>,
    ) -> Result<Option<Through>> {
        let Some(named) = faults.line.text("auth_client") else {
            faults.add(
                "auth_client",
                "it is missing",
                "Name one of this file, or one that is there.",
            );
            return Ok(None);
        };
        if let Some(at) = self
            .clients
            .iter()
            .position(|client| client.key.as_str() == named)
        {
            return Ok(Some(Through::Made(at)));
        }
        // Its own fault is told at its own line.
        if self.faulty.iter().any(|key| key == named) {
            return Ok(None);
        }
        match auth_clients::choose_for_consent(engine, environment, Some(named)) {
            Ok(found) => {
                let there = There::of(found.address, &found.auth_client, found.kept_in.is_some());
                Ok(Some(Through::There(Box::new(there))))
            }
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Invalid) => {
                faults.add("auth_client", error.message.trim_end_matches('.'), error.hint);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether this vault has an AuthClient of this key, in whatever case.
fn is_client(engine: &Engine, key: &Handle) -> Result<bool> {
    let clients = engine
        .unlocked()?
        .read(keyward_vault::table::auth_clients::list)?;
    Ok(clients
        .iter()
        .any(|client| client.key.as_str().eq_ignore_ascii_case(key.as_str())))
}
