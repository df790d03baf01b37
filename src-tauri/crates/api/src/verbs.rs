//! The one table of acts: its name on the wire, its request, its reply and the function that does it.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, lifecycle, vaults::Vaults};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    frame::{Frame, Reply, Request, VERSION},
    owner::{
        Result, applications, audit, auth_clients, backup, connections, consents, credentials, diagnosis,
        doctor, entered, environments, health, keys, providers, references, secrets, settings, usage, vault,
        vaults, work,
    },
    owner::{exports, imports, rosters},
    wire,
};

/// A request that names its verb and its reply.
pub trait Verb: Serialize + DeserializeOwned {
    /// Name on the wire.
    const NAME: &'static str;
    /// What comes back.
    type Reply: Serialize + DeserializeOwned;

    /// Does it in this process.
    ///
    /// # Errors
    /// As the act says.
    fn perform(self, engine: &Arc<Engine>, caller: &Caller) -> Result<Self::Reply>;
}

/// A request that concerns the vaults of a home together, and no one's content.
pub trait HomeVerb: Serialize + DeserializeOwned {
    /// Name on the wire.
    const NAME: &'static str;
    /// What comes back.
    type Reply: Serialize + DeserializeOwned;

    /// Does it in this process.
    ///
    /// # Errors
    /// As the act says.
    fn perform(self, vaults: &Vaults, caller: &Caller) -> Result<Self::Reply>;
}

/// Watching is no act: an open window reads its lists again after every background refresh, and must not keep a vault
/// from locking itself (T-20).
const WATCHING: &[&str] = &[
    "vault_status",
    "vault_ways",
    "consent_status",
    "consent_list",
    "rekey_status",
    "settings_show",
    "environment_list",
    "secret_list",
    "secret_lines",
    "credential_list",
    "secret_trash",
    "item_events",
    "application_list",
    "auth_client_list",
    "provider_list",
    "connection_list",
    "connection_refreshes",
    "connection_facts",
    "connection_alarms",
    "usage_list",
    "health_list",
    "backup_list",
    "work_status",
];

/// What has an answer before there is a vault.
pub(crate) const WITHOUT_VAULT: [&str; 11] = [
    "vault_status",
    "keychain_probe",
    "vault_create",
    "vault_lock",
    "vault_restore",
    "vault_salvage",
    "doctor",
    "doctor_fix",
    "provider_list",
    "provider_show",
    "provider_check",
];

macro_rules! verbs {
    ($($name:literal $request:ident -> $reply:ty = $act:path;)*) => {
        $(impl Verb for wire::$request {
            const NAME: &'static str = $name;
            type Reply = $reply;

            fn perform(self, engine: &Arc<Engine>, caller: &Caller) -> Result<Self::Reply> {
                if !WATCHING.contains(&$name) {
                    lifecycle::touch(engine);
                }
                $act(engine, caller, self)
            }
        })*

        /// Every verb, in the order of the table.
        pub const NAMES: &[&str] = &[$($name),*];

        /// Does what a request asks for and encodes the reply, once.
        ///
        /// # Errors
        /// `usage` for an unknown verb or a malformed body; else as the act says.
        pub(crate) fn dispatch(engine: &Arc<Engine>, caller: &Caller, request: &Request<'_, &RawValue>) -> Result<Frame> {
            match request.verb {
                $($name => reply(request.id, parse::<wire::$request>(request.body)?.perform(engine, caller)?),)*
                _ => Err(unknown()),
            }
        }

        /// Reads what a frame asks for, as [`dispatch`] does, and does nothing.
        ///
        /// # Errors
        /// `usage` for an unknown verb or a malformed body.
        pub fn check(verb: &str, body: &RawValue) -> Result<()> {
            match verb {
                $($name => parse::<wire::$request>(body).map(drop),)*
                _ => check_home(verb, body),
            }
        }
    };
}

macro_rules! home_verbs {
    ($($name:literal $request:ident -> $reply:ty = $act:path;)*) => {
        $(impl HomeVerb for wire::$request {
            const NAME: &'static str = $name;
            type Reply = $reply;

            fn perform(self, vaults: &Vaults, caller: &Caller) -> Result<Self::Reply> {
                $act(vaults, caller, self)
            }
        })*

        /// Every verb that concerns the vaults of a home together.
        pub const HOME_NAMES: &[&str] = &[$($name),*];

        /// As [`dispatch`], for [`HOME_NAMES`].
        ///
        /// # Errors
        /// `usage` for an unknown verb or a malformed body; else as the act says.
        pub(crate) fn dispatch_home(vaults: &Vaults, caller: &Caller, request: &Request<'_, &RawValue>) -> Result<Frame> {
            match request.verb {
                $($name => reply(request.id, parse::<wire::$request>(request.body)?.perform(vaults, caller)?),)*
                _ => Err(unknown()),
            }
        }

        fn check_home(verb: &str, body: &RawValue) -> Result<()> {
            match verb {
                $($name => parse::<wire::$request>(body).map(drop),)*
                _ => Err(unknown()),
            }
        }
    };
}

home_verbs! {
    "vault_list" VaultList -> Vec<wire::Vault> = vaults::list;
    "vault_rename" VaultRename -> wire::Done = vaults::rename;
    "vault_delete" VaultDelete -> wire::VaultDeleted = vaults::delete;
}

verbs! {
    "vault_status" VaultStatusRequest -> wire::Status = vault::status;
    "keychain_probe" KeychainProbeRequest -> wire::KeychainProbe = vault::probe_keychain;
    "vault_create" VaultCreate -> wire::RecoveryOffer = vault::create;
    "vault_ways" WaysRequest -> wire::Ways = keys::ways;
    "passphrase_change" PassphraseChange -> wire::Done = keys::change_passphrase;
    "passphrase_measure" PassphraseMeasure -> wire::Hardening = keys::measure_passphrase;
    "passphrase_strengthen" PassphraseStrengthen -> wire::Done = keys::strengthen_passphrase;
    "recovery_begin" RecoveryBegin -> wire::RecoveryOffer = keys::recovery_begin;
    "recovery_use" RecoveryUse -> wire::RecoveryOffer = keys::recovery_use;
    "recovery_decline" RecoveryDecline -> wire::Done = keys::recovery_decline;
    "vault_confirm_recovery" RecoveryConfirm -> wire::Done = keys::recovery_confirm;
    "rekey_begin" RekeyBegin -> wire::RecoveryOffer = keys::rekey_begin;
    "rekey_status" RekeyStatus -> wire::RekeyProgress = keys::rekey_status;
    "rekey_stop" RekeyStop -> wire::Done = keys::rekey_stop;
    "vault_unlock" VaultUnlock -> wire::Status = vault::unlock;
    "vault_lock" VaultLock -> wire::Done = vault::lock;
    "environment_list" EnvironmentList -> Vec<wire::Environment> = environments::list;
    "environment_create" EnvironmentCreate -> wire::Environment = environments::create;
    "environment_update" EnvironmentUpdate -> wire::Environment = environments::update;
    "environment_delete" EnvironmentDelete -> wire::Done = environments::delete;
    "environment_compare" EnvironmentCompare -> Vec<wire::Compared> = environments::compare;
    "secret_list" SecretList -> Vec<wire::Secret> = secrets::list;
    "secret_lines" SecretLines -> wire::SecretPage = secrets::lines;
    "secret_check_key" SecretCheckKey -> wire::Done = secrets::check_key;
    "secret_create" SecretCreate -> wire::Secret = secrets::create;
    "secret_show" SecretShow -> wire::Secret = secrets::show;
    "secret_update" SecretUpdate -> wire::Secret = secrets::update;
    "secret_set_value" SecretSetValue -> wire::Secret = secrets::set_value;
    "secret_delete" SecretDelete -> Vec<wire::Secret> = secrets::delete;
    "secret_trash" SecretTrash -> Vec<wire::Secret> = secrets::trash;
    "secret_empty_trash" SecretEmptyTrash -> wire::Purged = secrets::empty_trash;
    "secret_duplicate" SecretDuplicate -> wire::Secret = secrets::duplicate;
    "secret_move" SecretMove -> Vec<wire::Secret> = secrets::transfer;
    "secret_is_current" SecretIsCurrent -> wire::Sameness = secrets::is_current;
    "secret_restore" SecretRestore -> wire::Secret = secrets::restore;
    "secret_history" SecretHistory -> Vec<wire::Version> = secrets::history;
    "secret_reveal" SecretReveal -> wire::Revealed = secrets::reveal;
    "credential_list" CredentialList -> Vec<wire::Credential> = credentials::list;
    "credential_create" CredentialCreate -> wire::Credential = credentials::create;
    "credential_show" CredentialShow -> wire::Credential = credentials::show;
    "credential_update" CredentialUpdate -> wire::Credential = credentials::update;
    "credential_delete" CredentialDelete -> Vec<wire::Credential> = credentials::delete;
    "credential_trash" CredentialTrash -> Vec<wire::Credential> = credentials::trash;
    "credential_empty_trash" CredentialEmptyTrash -> wire::Purged = credentials::empty_trash;
    "credential_restore" CredentialRestore -> wire::Credential = credentials::restore;
    "credential_restore_version" CredentialRestoreVersion -> wire::Credential = credentials::restore_version;
    "credential_history" CredentialHistory -> Vec<wire::Version> = credentials::history;
    "credential_reveal" CredentialReveal -> wire::Revealed = credentials::reveal;
    "settings_show" SettingsShow -> wire::Settings = settings::show;
    "settings_update" SettingsUpdate -> wire::Settings = settings::update;
    "resolve" Resolve -> wire::Resolved = references::resolve;
    "application_list" ApplicationList -> Vec<wire::Application> = applications::list;
    "application_show" ApplicationShow -> wire::Application = applications::show;
    "application_update" ApplicationUpdate -> wire::Application = applications::update;
    "application_default" ApplicationDefault -> wire::Application = applications::set_default;
    "auth_client_list" AuthClientList -> Vec<wire::AuthClient> = auth_clients::list;
    "auth_client_show" AuthClientShow -> wire::AuthClient = auth_clients::show;
    "auth_client_create" AuthClientCreate -> wire::AuthClient = auth_clients::create;
    "auth_client_update" AuthClientUpdate -> wire::AuthClient = auth_clients::update;
    "auth_client_delete" AuthClientDelete -> wire::Done = auth_clients::delete;
    "provider_list" ProviderList -> wire::Catalogue = providers::list;
    "provider_show" ProviderShow -> wire::Provider = providers::show;
    "provider_check" ProviderCheck -> Vec<wire::Check> = providers::check;
    "auth_client_discover" AuthClientDiscover -> wire::Discovered = auth_clients::discover;
    "connection_list" ConnectionList -> Vec<wire::Connection> = connections::list;
    "connection_show" ConnectionShow -> wire::Connection = connections::show;
    "connection_create" ConnectionCreate -> wire::Connection = entered::create;
    "connection_update" ConnectionUpdate -> wire::Connection = entered::update;
    "connection_history" ConnectionHistory -> Vec<wire::Version> = entered::history;
    "connection_restore" ConnectionRestore -> wire::Connection = entered::restore;
    "connection_reveal" ConnectionReveal -> wire::Revealed = entered::reveal;
    "connection_connect" ConnectionConnect -> wire::Consent = consents::connect;
    "consent_status" ConsentStatus -> wire::Consent = consents::status;
    "consent_list" ConsentList -> Vec<wire::ConsentDue> = consents::list;
    "connection_cancel" ConnectionCancel -> wire::Consent = consents::cancel;
    "connection_paste" ConnectionPaste -> wire::Consent = consents::paste;
    "connection_open_again" ConnectionOpenAgain -> wire::Done = consents::open_again;
    "connection_why" ConnectionWhy -> wire::Diagnosis = diagnosis::why;
    "connection_refresh" ConnectionRefresh -> wire::Connection = connections::refresh;
    "connection_refreshes" ConnectionRefreshes -> Vec<wire::RefreshAttempt> = connections::refreshes;
    "connection_facts" ConnectionFacts -> wire::TokenFacts = connections::facts;
    "connection_alarms" ConnectionAlarms -> Vec<wire::Alarm> = connections::alarms;
    "connection_invalidate" ConnectionInvalidate -> wire::Connection = connections::invalidate;
    "connection_disconnect" ConnectionDisconnect -> wire::Disconnected = connections::disconnect;
    "connection_delete" ConnectionDelete -> Vec<wire::Disconnected> = connections::delete;
    "token" TokenRequest -> wire::Token = connections::token;
    "auth_client_import" AuthClientImport -> wire::AuthClientImported = rosters::import;
    "import_stage" ImportStage -> wire::ImportStaged = imports::stage;
    "import_plan" ImportPlanRequest -> wire::ImportPlan = imports::plan;
    "import_apply" ImportApply -> wire::ImportSummary = imports::apply;
    "import_undo" ImportUndo -> wire::ImportUndone = imports::undo;
    "import_discard" ImportDiscard -> wire::Done = imports::discard;
    "export_write" ExportWrite -> wire::Exported = exports::write;
    "work_status" WorkStatus -> wire::WorkProgress = work::status;
    "health_list" HealthList -> Vec<wire::Finding> = health::list;
    "health_check" HealthCheck -> wire::HealthReport = health::check;
    "usage_list" UsageList -> Vec<wire::Usage> = usage::list;
    "audit_list" AuditList -> Vec<wire::AuditEvent> = audit::list;
    "item_events" ItemEvents -> Vec<wire::AuditEvent> = audit::about;
    "audit_verify" AuditVerify -> wire::AuditVerified = audit::verify;
    "backup_list" BackupList -> Vec<wire::BackupCopy> = backup::list;
    "backup_make" BackupMake -> wire::BackupMade = backup::make;
    "vault_restore" VaultRestore -> wire::VaultRestored = backup::restore;
    "vault_salvage" VaultSalvage -> wire::Salvaged = backup::salvage;
    "doctor" Doctor -> Vec<wire::Check> = doctor::run;
    "doctor_fix" DoctorFix -> Vec<wire::Check> = doctor::fix;
}

/// The frame that answers request `id`.
pub(crate) fn reply(id: u64, ok: impl Serialize) -> Result<Frame> {
    Frame::encode(&Reply {
        v: VERSION,
        id,
        ok: Some(ok),
        error: None,
    })
}

fn unknown() -> wire::Error {
    wire::Error::new(
        wire::Code::Usage,
        "The host does not know this verb.",
        "The program and the host have different versions; restart the host.",
    )
}

fn parse<T: DeserializeOwned>(body: &RawValue) -> Result<T> {
    // serde's own message may quote the input, which may hold a value.
    serde_json::from_str(body.get()).map_err(|error| {
        wire::Error::usage(format!("The request is malformed at column {}.", error.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-20: what an open window reads again by itself holds off no auto-lock, and every name here is a verb.
    #[test]
    fn t20_watching_is_no_act() {
        assert!(WATCHING.iter().all(|name| NAMES.contains(name)));
        for name in NAMES
            .iter()
            .filter(|name| name.ends_with("_list") && **name != "audit_list")
        {
            assert!(WATCHING.contains(name), "{name}");
        }
    }
}
