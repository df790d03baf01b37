/**
 * The only door to Rust. One command per act; requests and replies are the types of `bindings/`, which ts-rs writes
 * from the Rust structs. What stands behind the door is set once at start: Tauri in the app (`tauri.ts`).
 */

import type { Alarm } from "./bindings/Alarm";
import type { Application } from "./bindings/Application";
import type { ApplicationDefault } from "./bindings/ApplicationDefault";
import type { WorkProgress } from "./bindings/WorkProgress";
import type { WorkStatus } from "./bindings/WorkStatus";
import type { ApplicationUpdate } from "./bindings/ApplicationUpdate";
import type { ApplicationList } from "./bindings/ApplicationList";
import type { AuditEvent } from "./bindings/AuditEvent";
import type { AuthClient } from "./bindings/AuthClient";
import type { AuthClientCreate } from "./bindings/AuthClientCreate";
import type { AuthClientDelete } from "./bindings/AuthClientDelete";
import type { AuthClientDiscover } from "./bindings/AuthClientDiscover";
import type { AuthClientImported } from "./bindings/AuthClientImported";
import type { AuthClientList } from "./bindings/AuthClientList";
import type { AuthClientShow } from "./bindings/AuthClientShow";
import type { AuthClientUpdate } from "./bindings/AuthClientUpdate";
import type { BackupCopy } from "./bindings/BackupCopy";
import type { BackupMade } from "./bindings/BackupMade";
import type { Catalogue } from "./bindings/Catalogue";
import type { Change } from "./bindings/Change";
import type { Compared } from "./bindings/Compared";
import type { Connection } from "./bindings/Connection";
import type { ConnectionAlarms } from "./bindings/ConnectionAlarms";
import type { ConnectionCancel } from "./bindings/ConnectionCancel";
import type { ConnectionConnect } from "./bindings/ConnectionConnect";
import type { ConnectionCreate } from "./bindings/ConnectionCreate";
import type { ConnectionDelete } from "./bindings/ConnectionDelete";
import type { ConnectionDisconnect } from "./bindings/ConnectionDisconnect";
import type { ConnectionFacts } from "./bindings/ConnectionFacts";
import type { ConnectionHistory } from "./bindings/ConnectionHistory";
import type { ConnectionInvalidate } from "./bindings/ConnectionInvalidate";
import type { ConnectionList } from "./bindings/ConnectionList";
import type { ConnectionOpenAgain } from "./bindings/ConnectionOpenAgain";
import type { ConnectionPaste } from "./bindings/ConnectionPaste";
import type { ConnectionRefresh } from "./bindings/ConnectionRefresh";
import type { ConnectionRefreshes } from "./bindings/ConnectionRefreshes";
import type { ConnectionWhy } from "./bindings/ConnectionWhy";
import type { ConnectionRestore } from "./bindings/ConnectionRestore";
import type { ConnectionReveal } from "./bindings/ConnectionReveal";
import type { ConnectionUpdate } from "./bindings/ConnectionUpdate";
import type { Consent } from "./bindings/Consent";
import type { ConsentDue } from "./bindings/ConsentDue";
import type { ConsentList } from "./bindings/ConsentList";
import type { ConsentStatus } from "./bindings/ConsentStatus";
import type { Credential } from "./bindings/Credential";
import type { CredentialCreate } from "./bindings/CredentialCreate";
import type { CredentialDelete } from "./bindings/CredentialDelete";
import type { CredentialEmptyTrash } from "./bindings/CredentialEmptyTrash";
import type { CredentialHistory } from "./bindings/CredentialHistory";
import type { CredentialList } from "./bindings/CredentialList";
import type { CredentialRestore } from "./bindings/CredentialRestore";
import type { CredentialRestoreVersion } from "./bindings/CredentialRestoreVersion";
import type { CredentialReveal } from "./bindings/CredentialReveal";
import type { CredentialShow } from "./bindings/CredentialShow";
import type { CredentialTrash } from "./bindings/CredentialTrash";
import type { CredentialUpdate } from "./bindings/CredentialUpdate";
import type { Diagnosis } from "./bindings/Diagnosis";
import type { Disconnected } from "./bindings/Disconnected";
import type { Discovered } from "./bindings/Discovered";
import type { Done } from "./bindings/Done";
import type { Environment } from "./bindings/Environment";
import type { EnvironmentCompare } from "./bindings/EnvironmentCompare";
import type { EnvironmentCreate } from "./bindings/EnvironmentCreate";
import type { EnvironmentDelete } from "./bindings/EnvironmentDelete";
import type { EnvironmentUpdate } from "./bindings/EnvironmentUpdate";
import type { ItemEvents } from "./bindings/ItemEvents";
import type { ImportApply } from "./bindings/ImportApply";
import type { ImportDiscard } from "./bindings/ImportDiscard";
import type { ImportPlan } from "./bindings/ImportPlan";
import type { ImportPlanRequest } from "./bindings/ImportPlanRequest";
import type { ImportSummary } from "./bindings/ImportSummary";
import type { ImportUndo } from "./bindings/ImportUndo";
import type { ImportUndone } from "./bindings/ImportUndone";
import type { Finding } from "./bindings/Finding";
import type { Hardening } from "./bindings/Hardening";
import type { HealthReport } from "./bindings/HealthReport";
import type { KeychainProbe } from "./bindings/KeychainProbe";
import type { PassphraseChange } from "./bindings/PassphraseChange";
import type { PassphraseStrengthen } from "./bindings/PassphraseStrengthen";
import type { ProviderList } from "./bindings/ProviderList";
import type { Purged } from "./bindings/Purged";
import type { RecoveryBegin } from "./bindings/RecoveryBegin";
import type { RecoveryConfirm } from "./bindings/RecoveryConfirm";
import type { RecoveryOffer } from "./bindings/RecoveryOffer";
import type { RecoveryUse } from "./bindings/RecoveryUse";
import type { RekeyBegin } from "./bindings/RekeyBegin";
import type { RekeyProgress } from "./bindings/RekeyProgress";
import type { RefreshAttempt } from "./bindings/RefreshAttempt";
import type { Revealed } from "./bindings/Revealed";
import type { Sameness } from "./bindings/Sameness";
import type { Secret } from "./bindings/Secret";
import type { SecretCreate } from "./bindings/SecretCreate";
import type { SecretDelete } from "./bindings/SecretDelete";
import type { SecretDuplicate } from "./bindings/SecretDuplicate";
import type { SecretEmptyTrash } from "./bindings/SecretEmptyTrash";
import type { SecretHistory } from "./bindings/SecretHistory";
import type { SecretIsCurrent } from "./bindings/SecretIsCurrent";
import type { SecretList } from "./bindings/SecretList";
import type { SecretMove } from "./bindings/SecretMove";
import type { SecretRestore } from "./bindings/SecretRestore";
import type { SecretReveal } from "./bindings/SecretReveal";
import type { SecretSetValue } from "./bindings/SecretSetValue";
import type { SecretShow } from "./bindings/SecretShow";
import type { SecretTrash } from "./bindings/SecretTrash";
import type { SecretUpdate } from "./bindings/SecretUpdate";
import type { Settings } from "./bindings/Settings";
import type { SettingsUpdate } from "./bindings/SettingsUpdate";
import type { TokenFacts } from "./bindings/TokenFacts";
import type { Usage } from "./bindings/Usage";
import type { UsageList } from "./bindings/UsageList";
import type { Vault } from "./bindings/Vault";
import type { VaultCreate } from "./bindings/VaultCreate";
import type { VaultDelete } from "./bindings/VaultDelete";
import type { VaultDeleted } from "./bindings/VaultDeleted";
import type { VaultRename } from "./bindings/VaultRename";
import type { VaultRestored } from "./bindings/VaultRestored";
import type { VaultStatus } from "./bindings/VaultStatus";
import type { VaultUnlock } from "./bindings/VaultUnlock";
import type { Version } from "./bindings/Version";
import type { Ways } from "./bindings/Ways";
import type { Appearance, BackupChosen, BackupRestore, BackupView, ClipboardTick, ConnectionCopy, Copied, CredentialCopy, FromFile, Nothing, PassphraseJudge, RecoverySaved, ReferenceCopy, SecretCopy, Suggestion, Theme, ValueChosen, Verdict } from "./desktop";
import type { ExportSave, ExportSaved, ImportChosen, ImportFormat, ImportRead, ImportReadDone, RosterImport } from "./desktop";

/** What each command takes and gives. */
export interface Commands {
  vault_status: [Nothing, VaultStatus];
  keychain_probe: [Nothing, KeychainProbe];
  vault_create: [VaultCreate, RecoveryOffer];
  recovery_begin: [RecoveryBegin, RecoveryOffer];
  vault_confirm_recovery: [RecoveryConfirm, Done];
  vault_ways: [Nothing, Ways];
  passphrase_change: [PassphraseChange, Done];
  passphrase_measure: [Nothing, Hardening];
  passphrase_strengthen: [PassphraseStrengthen, Done];
  recovery_use: [RecoveryUse, RecoveryOffer];
  recovery_decline: [Nothing, Done];
  rekey_begin: [RekeyBegin, RecoveryOffer];
  rekey_status: [Nothing, RekeyProgress];
  rekey_stop: [Nothing, Done];
  vault_unlock: [VaultUnlock, VaultStatus];
  vault_lock: [Nothing, Done];
  vault_list: [Nothing, Vault[]];
  vault_select: [{ name: string }, VaultStatus];
  vault_rename: [VaultRename, Done];
  vault_delete: [VaultDelete, VaultDeleted];
  backup_list: [Nothing, BackupCopy[]];
  backup_make: [Nothing, BackupMade | null];
  backup_choose: [Nothing, BackupChosen | null];
  backup_compare: [{ copy: string | null }, BackupView];
  backup_restore: [BackupRestore, VaultRestored];
  passphrase_suggest: [Nothing, Suggestion];
  passphrase_judge: [PassphraseJudge, Verdict];
  recovery_copy: [Nothing, Copied];
  recovery_save: [Nothing, RecoverySaved];
  environment_list: [Nothing, Environment[]];
  environment_create: [EnvironmentCreate, Environment];
  environment_update: [EnvironmentUpdate, Environment];
  environment_delete: [EnvironmentDelete, Done];
  environment_compare: [EnvironmentCompare, Compared[]];
  secret_list: [SecretList, Secret[]];
  secret_create: [SecretCreate, Secret];
  secret_show: [SecretShow, Secret];
  secret_update: [SecretUpdate, Secret];
  secret_set_value: [SecretSetValue, Secret];
  secret_delete: [SecretDelete, Secret[]];
  secret_trash: [SecretTrash, Secret[]];
  secret_empty_trash: [SecretEmptyTrash, Purged];
  secret_duplicate: [SecretDuplicate, Secret];
  secret_move: [SecretMove, Secret[]];
  secret_is_current: [SecretIsCurrent, Sameness];
  secret_restore: [SecretRestore, Secret];
  secret_history: [SecretHistory, Version[]];
  secret_reveal: [SecretReveal, Revealed];
  secret_copy: [SecretCopy, Copied];
  value_choose_file: [Nothing, ValueChosen];
  secret_create_from_file: [FromFile<SecretCreate>, Secret];
  secret_set_value_from_file: [FromFile<SecretSetValue>, Secret];
  item_events: [ItemEvents, AuditEvent[]];
  clipboard_clear: [Nothing, Done];
  reference_copy: [ReferenceCopy, Done];
  credential_list: [CredentialList, Credential[]];
  credential_create: [CredentialCreate, Credential];
  credential_show: [CredentialShow, Credential];
  credential_update: [CredentialUpdate, Credential];
  credential_delete: [CredentialDelete, Credential[]];
  credential_trash: [CredentialTrash, Credential[]];
  credential_empty_trash: [CredentialEmptyTrash, Purged];
  credential_restore: [CredentialRestore, Credential];
  credential_restore_version: [CredentialRestoreVersion, Credential];
  credential_history: [CredentialHistory, Version[]];
  credential_reveal: [CredentialReveal, Revealed];
  credential_copy: [CredentialCopy, Copied];
  settings_show: [Nothing, Settings];
  settings_update: [SettingsUpdate, Settings];
  application_list: [ApplicationList, Application[]];
  application_default: [ApplicationDefault, Application];
  application_update: [ApplicationUpdate, Application];
  usage_list: [UsageList, Usage[]];
  work_status: [WorkStatus, WorkProgress];
  health_list: [Nothing, Finding[]];
  health_check: [Nothing, HealthReport];
  auth_client_list: [AuthClientList, AuthClient[]];
  auth_client_create: [AuthClientCreate, AuthClient];
  auth_client_create_from_file: [FromFile<AuthClientCreate>, AuthClient];
  auth_client_show: [AuthClientShow, AuthClient];
  auth_client_update: [AuthClientUpdate, AuthClient];
  auth_client_delete: [AuthClientDelete, Done];
  auth_client_discover: [AuthClientDiscover, Discovered];
  auth_client_choose_file: [Nothing, ImportChosen];
  auth_client_import: [RosterImport, AuthClientImported];
  provider_list: [ProviderList, Catalogue];
  connection_list: [ConnectionList, Connection[]];
  connection_create: [ConnectionCreate, Connection];
  connection_update: [ConnectionUpdate, Connection];
  connection_history: [ConnectionHistory, Version[]];
  connection_restore: [ConnectionRestore, Connection];
  connection_reveal: [ConnectionReveal, Revealed];
  connection_copy: [ConnectionCopy, Copied];
  consent_list: [ConsentList, ConsentDue[]];
  connection_connect: [ConnectionConnect, Consent];
  consent_status: [ConsentStatus, Consent];
  connection_cancel: [ConnectionCancel, Consent];
  connection_paste: [ConnectionPaste, Consent];
  connection_open_again: [ConnectionOpenAgain, Done];
  connection_copy_link: [{ consent: string }, Done];
  connection_why: [ConnectionWhy, Diagnosis];
  connection_refresh: [ConnectionRefresh, Connection];
  connection_refreshes: [ConnectionRefreshes, RefreshAttempt[]];
  connection_facts: [ConnectionFacts, TokenFacts];
  connection_alarms: [ConnectionAlarms, Alarm[]];
  connection_invalidate: [ConnectionInvalidate, Connection];
  connection_disconnect: [ConnectionDisconnect, Disconnected];
  connection_delete: [ConnectionDelete, Disconnected[]];
  import_choose: [{ format: ImportFormat }, ImportChosen];
  import_read: [ImportRead, ImportReadDone];
  import_plan: [ImportPlanRequest, ImportPlan];
  import_apply: [ImportApply, ImportSummary];
  import_undo: [ImportUndo, ImportUndone];
  import_discard: [ImportDiscard, Done];
  export_save: [ExportSave, ExportSaved];
  appearance_get: [Nothing, Appearance];
  appearance_set: [{ theme: Theme }, Done];
  window_minimize: [Nothing, Done];
  window_toggle_maximize: [Nothing, Done];
  window_close: [Nothing, Done];
}

/** What Rust tells without being asked. */
export interface Events {
  change: Change;
  clipboard: ClipboardTick;
  /** The desktop asks the window to close, and closing ends the app: the person is asked first. */
  closing: null;
}

/** What stands behind the door. */
export interface Door {
  call<K extends keyof Commands>(name: K, request: Commands[K][0]): Promise<Commands[K][1]>;
  listen<E extends keyof Events>(name: E, heard: (payload: Events[E]) => void): Promise<() => void>;
}

let door: Door | null = null;

/** Sets the door; called once, before anything is mounted. */
export function install(opened: Door): void {
  door = opened;
}

/** Runs a command. Rejects with a WireError. */
export function call<K extends keyof Commands>(name: K, request: Commands[K][0]): Promise<Commands[K][1]> {
  if (!door) return Promise.reject(new Error("no host is installed"));
  return door.call(name, request);
}

/** Hears an event until the answer is called. */
export function listen<E extends keyof Events>(name: E, heard: (payload: Events[E]) => void): () => void {
  if (!door) throw new Error("no host is installed");
  const stop = door.listen(name, heard);
  return () => void stop.then((end) => end());
}
