//! One Tauri command per act (ARCHITECTURE rule 6): each is one line that names its request and its reply.

pub mod applications;
pub mod auth_clients;
pub mod backup;
pub mod connections;
pub mod credentials;
pub mod entered;
pub mod environments;
pub mod exchange;
pub mod health;
pub mod keys;
pub mod providers;
pub mod secrets;
pub mod settings;
pub mod usage;
pub mod value_files;
pub mod vault;
pub mod vaults;
pub mod window;

use keyward_api::{
    verbs::Verb,
    wire::{Code, Error},
};
use serde::Deserialize;
use tauri::ipc::Invoke;

use crate::desk::{Desk, caller};

/// What a command answers.
pub type Answer<T> = Result<T, Error>;

/// The request of a command without arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Every command of `names.rs`.
pub fn handler() -> impl Fn(Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        vault::vault_status,
        vault::keychain_probe,
        vault::vault_create,
        keys::recovery_begin,
        keys::vault_confirm_recovery,
        keys::vault_ways,
        keys::passphrase_change,
        keys::passphrase_measure,
        keys::passphrase_strengthen,
        keys::recovery_use,
        keys::recovery_decline,
        keys::rekey_begin,
        keys::rekey_status,
        keys::rekey_stop,
        vault::vault_unlock,
        vault::vault_lock,
        vaults::vault_list,
        vaults::vault_select,
        vaults::vault_rename,
        vaults::vault_delete,
        backup::backup_list,
        backup::backup_make,
        backup::backup_choose,
        backup::backup_compare,
        backup::backup_restore,
        vault::passphrase_suggest,
        vault::passphrase_judge,
        keys::recovery_copy,
        keys::recovery_save,
        environments::environment_list,
        environments::environment_create,
        environments::environment_update,
        environments::environment_delete,
        environments::environment_compare,
        secrets::secret_list,
        secrets::secret_create,
        secrets::secret_show,
        secrets::secret_update,
        secrets::secret_set_value,
        secrets::secret_delete,
        secrets::secret_trash,
        secrets::secret_empty_trash,
        secrets::secret_duplicate,
        secrets::secret_move,
        secrets::secret_is_current,
        secrets::secret_restore,
        secrets::secret_history,
        secrets::secret_reveal,
        secrets::secret_copy,
        value_files::value_choose_file,
        value_files::secret_create_from_file,
        value_files::secret_set_value_from_file,
        secrets::item_events,
        secrets::clipboard_clear,
        secrets::reference_copy,
        credentials::credential_list,
        credentials::credential_create,
        credentials::credential_show,
        credentials::credential_update,
        credentials::credential_delete,
        credentials::credential_trash,
        credentials::credential_empty_trash,
        credentials::credential_restore,
        credentials::credential_restore_version,
        credentials::credential_history,
        credentials::credential_reveal,
        credentials::credential_copy,
        settings::settings_show,
        settings::settings_update,
        applications::application_list,
        applications::application_default,
        applications::application_update,
        usage::usage_list,
        health::work_status,
        health::health_list,
        health::health_check,
        auth_clients::auth_client_list,
        auth_clients::auth_client_create,
        value_files::auth_client_create_from_file,
        auth_clients::auth_client_show,
        auth_clients::auth_client_update,
        auth_clients::auth_client_delete,
        auth_clients::auth_client_discover,
        auth_clients::auth_client_choose_file,
        auth_clients::auth_client_import,
        providers::provider_list,
        connections::connection_list,
        entered::connection_create,
        entered::connection_update,
        entered::connection_history,
        entered::connection_restore,
        entered::connection_reveal,
        entered::connection_copy,
        connections::consent_list,
        connections::connection_connect,
        connections::consent_status,
        connections::connection_cancel,
        connections::connection_paste,
        connections::connection_open_again,
        connections::connection_copy_link,
        connections::connection_why,
        connections::connection_refresh,
        connections::connection_refreshes,
        connections::connection_facts,
        connections::connection_alarms,
        connections::connection_invalidate,
        connections::connection_disconnect,
        connections::connection_delete,
        exchange::import_choose,
        exchange::import_read,
        exchange::import_plan,
        exchange::import_apply,
        exchange::import_undo,
        exchange::import_discard,
        exchange::export_save,
        window::appearance_get,
        window::appearance_set,
        window::window_minimize,
        window::window_toggle_maximize,
        window::window_close,
    ]
}

/// Does an act of the owner's door, off the main thread: it may wait for a disk, a keychain or a provider.
pub async fn perform<V>(desk: &Desk, request: V) -> Answer<V::Reply>
where
    V: Verb + Send + 'static,
    V::Reply: Send + 'static,
{
    aside(desk, move |desk| request.perform(&desk.engine()?, &caller())).await
}

/// Runs `act` off the main thread.
pub async fn aside<T: Send + 'static>(
    desk: &Desk,
    act: impl FnOnce(&Desk) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let desk = desk.clone();
    let done = tauri::async_runtime::spawn_blocking(move || act(&desk)).await;
    done.unwrap_or_else(|_| {
        Err(Error::new(
            Code::Internal,
            "This act broke off.",
            "This is a fault in Keyward.",
        ))
    })
}

#[cfg(test)]
mod tests;
