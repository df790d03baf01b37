//! From the engine's nouns to wire shapes, each conversion once; long, since they are many and each is short.

use keyward_engine::{
    self as engine, Kind,
    applications::Shown as ShownApplication,
    auth_clients::{self, Counted as CountedClient},
    changes::{Change, ChangeKind},
    connections::{RenewedBy, Revocation, Shown},
    doctor,
    environments::{Compared, Counted as CountedEnvironment, ItemKind, Values},
    health::{Finding, Holder, Place},
    home::Mode,
    settings::Shown as ShownSettings,
    vaults::Listed,
};
use keyward_model::{
    Timestamp,
    auth_client::{Oauth2, Registration, Visibility},
    connection::{AuthType, ConnectionState},
    credential::{Credential, Variable},
    environment::Environment,
    name::Handle,
    secret::{Secret, Version},
    usage::{ProgramUsage, Usage},
};

use crate::wire;

impl From<engine::Error> for wire::Error {
    fn from(error: engine::Error) -> Self {
        let code = match error.kind {
            Kind::Internal => wire::Code::Internal,
            Kind::Invalid => wire::Code::Usage,
            Kind::NotFound => wire::Code::NotFound,
            Kind::Locked => wire::Code::Locked,
            Kind::Denied => wire::Code::Denied,
            Kind::Conflict => wire::Code::Conflict,
            Kind::NeedsConsent => wire::Code::NeedsConsent,
            Kind::Provider => wire::Code::Provider,
            Kind::Corrupt => wire::Code::Corrupt,
            Kind::Keychain => wire::Code::Keychain,
        };
        Self::new(code, error.message, error.hint)
    }
}

impl From<Mode> for wire::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Keychain => Self::Keychain,
            Mode::Passphrase => Self::Passphrase,
        }
    }
}

impl From<Listed> for wire::Vault {
    fn from(listed: Listed) -> Self {
        Self {
            name: listed.name.to_string(),
            mode: listed.mode.map(Into::into),
            locked: listed.locked,
        }
    }
}

impl From<Change> for wire::Change {
    fn from(change: Change) -> Self {
        let kind = match change.kind {
            ChangeKind::Vault => wire::ChangeKind::Vault,
            ChangeKind::Environment => wire::ChangeKind::Environment,
            ChangeKind::Secret => wire::ChangeKind::Secret,
            ChangeKind::Credential => wire::ChangeKind::Credential,
            ChangeKind::Application => wire::ChangeKind::Application,
            ChangeKind::AuthClient => wire::ChangeKind::AuthClient,
            ChangeKind::Connection => wire::ChangeKind::Connection,
            ChangeKind::Consent => wire::ChangeKind::Consent,
            ChangeKind::Rekey => wire::ChangeKind::Rekey,
            ChangeKind::Work => wire::ChangeKind::Work,
            ChangeKind::Settings => wire::ChangeKind::Settings,
        };
        Self {
            kind,
            id: change.id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

impl From<CountedEnvironment> for wire::Environment {
    fn from(counted: CountedEnvironment) -> Self {
        Self {
            name: counted.environment.name.to_string(),
            production: counted.environment.production,
            items: counted.items,
            created_at: counted.environment.created_at.to_rfc3339(),
            colour: counted
                .environment
                .colour
                .map(|colour| colour.as_str().to_owned()),
        }
    }
}

pub(super) fn compared(compared: Compared) -> wire::Compared {
    let kind = |kind| match kind {
        ItemKind::Secret => wire::ItemKind::Secret,
        ItemKind::Credential => wire::ItemKind::Credential,
        ItemKind::Connection => wire::ItemKind::Connection,
    };
    wire::Compared {
        key: compared.key.to_string(),
        first: compared.first.map(kind),
        second: compared.second.map(kind),
        same: compared.values.map(|values| values == Values::Same),
    }
}

pub(super) fn secret(secret: &Secret, environment: &Environment) -> wire::Secret {
    wire::Secret {
        expires_at: secret.expires_at.map(Timestamp::to_rfc3339),
        rotate_every: secret
            .rotate_every
            .map(|every| u32::try_from(every.as_secs()).unwrap_or(u32::MAX)),
        rotation_due_at: secret.rotation_due_at().map(Timestamp::to_rfc3339),
        favourite: secret.favourite,
        value_changed_at: secret.value_changed_at.to_rfc3339(),
        deleted_at: secret.deleted_at.map(Timestamp::to_rfc3339),
        notes: secret.notes.clone(),
        id: secret.id.to_string(),
        key: secret.key.to_string(),
        name: secret.name.clone(),
        description: secret.description.clone(),
        tags: secret.tags.clone(),
        masked: secret.masked,
        environment: environment.name.to_string(),
        version: secret.version,
        created_at: secret.created_at.to_rfc3339(),
        updated_at: secret.updated_at.to_rfc3339(),
    }
}

pub(super) fn secret_line(secret: &Secret) -> wire::SecretLine<'_> {
    let at = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339).unwrap_or_default().into();
    wire::SecretLine {
        key: secret.key.as_str().into(),
        name: match secret.name == secret.key.as_str() {
            true => "".into(),
            false => secret.name.as_str().into(),
        },
        tags: secret.tags.join(",").into(),
        version: secret.version,
        updated_at: secret.updated_at.to_rfc3339().into(),
        expires_at: at(secret.expires_at),
        rotation_due_at: at(secret.rotation_due_at()),
        favourite: secret.favourite,
    }
}

pub(super) fn credential(credential: Credential, environment: &Environment) -> wire::Credential {
    wire::Credential {
        id: credential.id.to_string(),
        key: credential.key.to_string(),
        name: credential.name,
        description: credential.description,
        environment: environment.name.to_string(),
        owner: "owner".to_owned(),
        variables: credential.variables.into_iter().map(variable).collect(),
        // True as long as nobody but the Owner can ask (T-07).
        request_status: wire::RequestStatus::None,
        access_type: wire::AccessType::Owner,
        created_at: credential.created_at.to_rfc3339(),
        changed_at: credential.updated_at.to_rfc3339(),
        deleted_at: credential.deleted_at.map(Timestamp::to_rfc3339),
    }
}

fn variable(variable: Variable) -> wire::Variable {
    wire::Variable {
        id: variable.id.to_string(),
        name: variable.name.to_string(),
        description: variable.description,
        masked: variable.masked,
        version: variable.version,
        bytes: variable.bytes,
        file: variable.file,
    }
}

pub(super) fn version(version: Version, current: u32) -> wire::Version {
    wire::Version {
        current: version.number == current,
        number: version.number,
        note: version.note,
        revoked: version.revoked,
        created_at: version.created_at.to_rfc3339(),
    }
}

impl From<Usage> for wire::Usage {
    fn from(usage: Usage) -> Self {
        Self {
            environment: usage.environment,
            key: usage.key,
            reads: usage.reads,
            last_read_at: usage.last_read_at.to_rfc3339(),
            programs: usage.programs.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ProgramUsage> for wire::ProgramUsage {
    fn from(usage: ProgramUsage) -> Self {
        Self {
            program: usage.program,
            reads: usage.reads,
            last_read_at: usage.last_read_at.to_rfc3339(),
        }
    }
}

/// Parameters as a person writes them.
fn written(pairs: &[(String, String)]) -> Vec<String> {
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

impl From<CountedClient> for wire::AuthClient {
    fn from(counted: CountedClient) -> Self {
        let client = counted.auth_client;
        let (oauth2, oauth1) = (client.oauth2(), client.oauth1());
        let of = |member: fn(&Oauth2) -> Option<String>| oauth2.and_then(member);
        Self {
            id: client.id.to_string(),
            key: client.key.to_string(),
            name: client.name.clone(),
            kind: match &client.registration {
                Registration::Oauth2(_) => wire::AuthClientType::Oauth2,
                Registration::Oauth1(_) => wire::AuthClientType::Oauth1,
                Registration::NoAuth { .. } => wire::AuthClientType::Noauth,
                Registration::Basic { .. } => wire::AuthClientType::Basic,
                Registration::ApiKey { .. } => wire::AuthClientType::ApiKey,
            },
            application: client
                .application
                .as_ref()
                .map(|application| application.to_string()),
            visibility: match client.visibility {
                Visibility::Environment => wire::Visibility::Environment,
                Visibility::Vault => wire::Visibility::Vault,
                Visibility::Machine => wire::Visibility::Machine,
            },
            kept_in: counted.kept_in.map(|vault| vault.to_string()),
            issuer: of(|oauth2| oauth2.issuer.clone()),
            auth_uri: of(|oauth2| (!oauth2.auth_uri.is_empty()).then(|| oauth2.auth_uri.clone()))
                .or_else(|| oauth1.map(|oauth1| oauth1.authorize_uri.clone())),
            token_uri: of(|oauth2| Some(oauth2.token_uri.clone()))
                .or_else(|| oauth1.map(|oauth1| oauth1.access_uri.clone())),
            refresh_token_uri: of(|oauth2| oauth2.refresh_token_uri.clone()),
            revocation_uri: of(|oauth2| oauth2.revocation_uri.clone()),
            token_expires_in: oauth2.map(|oauth2| oauth2.token_expires_in),
            client_id: of(|oauth2| Some(oauth2.client_id.clone()))
                .or_else(|| oauth1.map(|oauth1| oauth1.consumer_key.clone())),
            has_client_secret: client.client_secret().is_some(),
            grant: of(|oauth2| Some(oauth2.grant.word().to_owned())),
            client_authentication: of(|oauth2| Some(oauth2.client_authentication.word().to_owned())),
            request_token_uri: oauth1.map(|oauth1| oauth1.request_uri.clone()),
            signature_method: oauth1.map(|oauth1| oauth1.signature.word().to_owned()),
            redirect: auth_clients::redirect_address(&client),
            url: client.registration.url().map(str::to_owned),
            apply: client.registration.apply().map(ToString::to_string),
            scopes: oauth2.map_or_else(Vec::new, |oauth2| oauth2.scopes.clone()),
            authorize_params: oauth2
                .map(|oauth2| &oauth2.authorize_params)
                .or(oauth1.map(|oauth1| &oauth1.authorize_params))
                .map_or_else(Vec::new, |params| written(params)),
            token_params: oauth2.map_or_else(Vec::new, |oauth2| written(&oauth2.token_params)),
            refresh_params: oauth2.map_or_else(Vec::new, |oauth2| written(&oauth2.refresh_params)),
            resources: oauth2.map_or_else(Vec::new, |oauth2| oauth2.resources.clone()),
            refresh_window: oauth2.and_then(|oauth2| oauth2.refresh_window),
            provider: of(|oauth2| oauth2.provider.as_ref().map(|origin| origin.id.clone())),
            provider_variables: oauth2
                .and_then(|oauth2| oauth2.provider.as_ref())
                .map_or_else(Vec::new, |origin| written(&origin.variables)),
            connections: counted.connections,
            created_at: client.created_at.to_rfc3339(),
        }
    }
}

impl From<ShownApplication> for wire::Application {
    fn from(shown: ShownApplication) -> Self {
        let keys = |handles: Vec<Handle>| handles.iter().map(Handle::to_string).collect();
        Self {
            key: shown.key.to_string(),
            name: shown.name,
            url: shown.url,
            auth_clients: keys(shown.auth_clients),
            connections: keys(shown.connections),
            default: shown.default.map(|key| key.to_string()),
            created_at: shown.created_at.to_rfc3339(),
        }
    }
}

impl From<Shown> for wire::Connection {
    fn from(shown: Shown) -> Self {
        let connection = shown.connection;
        let at = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
        Self {
            refresh_token_expires_at: at(connection.refresh_token_expires_at()),
            expires_at: at(connection.lifetime.map(|lifetime| lifetime.expires_at)),
            obtained_at: at(connection.lifetime.map(|lifetime| lifetime.obtained_at)),
            next_refresh_at: at(connection.next_refresh_at()),
            kept: connection.kept.into_iter().map(|(name, _)| name).collect(),
            id: connection.id.to_string(),
            key: connection.key.to_string(),
            name: connection.name,
            environment: shown.environment.name.to_string(),
            application: connection.application.map(|application| application.to_string()),
            auth_client: shown.auth_client.map(|key| key.to_string()),
            auth_type: match connection.auth_type {
                AuthType::Oauth2 => wire::AuthType::Oauth2,
                AuthType::Oauth1 => wire::AuthType::Oauth1,
                AuthType::Basic => wire::AuthType::Basic,
                AuthType::ApiKey => wire::AuthType::ApiKey,
                AuthType::AccessToken => wire::AuthType::AccessToken,
                AuthType::None => wire::AuthType::None,
            },
            owner: "owner".to_owned(),
            account: connection.account,
            state: match connection.state {
                ConnectionState::AwaitingConsent => wire::ConnectionState::AwaitingConsent,
                ConnectionState::Ready => wire::ConnectionState::Ready,
                ConnectionState::NeedsConsent => wire::ConnectionState::NeedsConsent,
                ConnectionState::Error => wire::ConnectionState::Error,
                ConnectionState::Disconnected => wire::ConnectionState::Disconnected,
            },
            error: connection.error.map(|error| wire::ConnectionError {
                code: error.code,
                message: error.message,
                hint: error.hint,
            }),
            scope: connection.granted_scope,
            refresh_token: shown.renewed_by == Some(RenewedBy::RefreshToken),
            renewed_by: shown.renewed_by.map(|by| match by {
                RenewedBy::RefreshToken => wire::RenewedBy::RefreshToken,
                RenewedBy::AuthClient => wire::RenewedBy::AuthClient,
            }),
            url: connection.url,
            apply: connection.apply.map(|apply| apply.to_string()),
            value_version: connection.value.map(|(number, _)| number),
            default: connection.default,
            created_at: connection.created_at.to_rfc3339(),
        }
    }
}

impl From<ShownSettings> for wire::Settings {
    fn from(shown: ShownSettings) -> Self {
        let ShownSettings {
            settings,
            has_passphrase,
            hearing,
        } = shown;
        Self {
            auto_lock_minutes: settings.auto_lock_minutes,
            lock_on_suspend: settings.lock_on_suspend,
            lock_on_screen_lock: settings.lock_on_screen_lock,
            clipboard_seconds: settings.clipboard_seconds,
            reveal_seconds: settings.reveal_seconds,
            passphrase_to_reveal: settings.passphrase_to_reveal,
            passphrase_to_export: settings.passphrase_to_export,
            refresh_while_locked: settings.refresh_while_locked,
            has_passphrase,
            sleep_is_heard: hearing.sleep,
            screen_lock_is_heard: hearing.screen_lock,
        }
    }
}

pub(super) fn disconnected(shown: &Shown, revocation: Revocation) -> wire::Disconnected {
    let (revocation, error) = match revocation {
        Revocation::Revoked => (wire::Revocation::Revoked, None),
        Revocation::NoEndpoint => (wire::Revocation::NoEndpoint, None),
        Revocation::Queued(error) => (wire::Revocation::Queued, Some(error.into())),
        Revocation::Failed(error) => (wire::Revocation::Failed, Some(error.into())),
        Revocation::NoTokens => (wire::Revocation::NoTokens, None),
    };
    wire::Disconnected {
        connection: shown.connection.key.to_string(),
        revocation,
        error,
    }
}

impl From<Finding> for wire::Finding {
    fn from(finding: Finding) -> Self {
        Self {
            id: finding.rule.code().to_owned(),
            outcome: if finding.urgent {
                wire::Outcome::Fail
            } else {
                wire::Outcome::Warn
            },
            message: finding.message(),
            hint: finding.hint(),
            place: finding.place.into(),
            at: finding.at.map(Timestamp::to_rfc3339),
            others: finding.others.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Place> for wire::ValuePlace {
    fn from(place: Place) -> Self {
        Self {
            kind: match place.holder {
                Holder::Secret => "secret",
                Holder::Credential => "credential",
                Holder::Connection => "connection",
                Holder::AuthClient => "auth_client",
            }
            .to_owned(),
            item: place.id.to_string(),
            environment: place.environment,
            key: place.key,
            field: place.field,
        }
    }
}

impl From<doctor::Check> for wire::Check {
    fn from(check: doctor::Check) -> Self {
        let outcome = match check.outcome {
            doctor::Outcome::Ok => wire::Outcome::Ok,
            doctor::Outcome::Warn => wire::Outcome::Warn,
            doctor::Outcome::Fail => wire::Outcome::Fail,
        };
        Self {
            id: check.id.to_owned(),
            outcome,
            message: check.message,
            hint: check.hint,
        }
    }
}
