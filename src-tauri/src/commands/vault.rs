//! The vault as a whole, and first run.

use keyward_api::wire::{
    Done, KeychainProbe, KeychainProbeRequest, Plaintext, RecoveryOffer, Status, VaultCreate, VaultLock,
    VaultStatusRequest, VaultUnlock,
};
use keyward_engine::passphrase;
use serde::{Deserialize, Serialize};
use tauri::State;

use super::{Answer, Nothing, aside, perform};
use crate::{desk::Desk, words};

/// Asks what a passphrase is worth.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassphraseJudge {
    passphrase: Plaintext,
}

/// What it is worth, in words.
#[derive(Debug, Serialize)]
pub struct Judgement {
    verdict: &'static str,
    sentence: &'static str,
}

/// Five words.
#[derive(Debug, Serialize)]
pub struct Suggestion {
    words: Plaintext,
}

#[tauri::command]
pub async fn vault_status(desk: State<'_, Desk>, request: VaultStatusRequest) -> Answer<Status> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn keychain_probe(desk: State<'_, Desk>, request: KeychainProbeRequest) -> Answer<KeychainProbe> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn vault_create(desk: State<'_, Desk>, request: VaultCreate) -> Answer<RecoveryOffer> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn vault_unlock(desk: State<'_, Desk>, request: VaultUnlock) -> Answer<Status> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn vault_lock(desk: State<'_, Desk>, request: VaultLock) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn passphrase_suggest(desk: State<'_, Desk>, request: Nothing) -> Answer<Suggestion> {
    let Nothing {} = request;
    aside(&desk, |_| {
        words::suggest().map(|words| Suggestion {
            words: Plaintext(words),
        })
    })
    .await
}

#[tauri::command]
pub async fn passphrase_judge(desk: State<'_, Desk>, request: PassphraseJudge) -> Answer<Judgement> {
    aside(&desk, move |_| {
        let (verdict, sentence) = words::told(passphrase::judge(&request.passphrase.0));
        Ok(Judgement { verdict, sentence })
    })
    .await
}
