/** Words of what opens the vault: the keychain, the passphrase, the recovery key, and a new key for all of it. */

import type { RekeyStage } from "../host/bindings/RekeyStage";

const STAGES: Record<RekeyStage, string> = {
  waiting: "Wait for refreshes under way",
  checking: "Check that every item opens",
  sealing: "Lock every item with the new key",
  chaining: "Seal the activity log anew",
  verifying: "Check that every item opens with the new key",
  storing: "Store the new key",
};

export const m = {
  title: () => "Vault key",
  cancel: () => "Cancel",
  close: () => "Close",
  continue: () => "Continue",
  checking: () => "Checking",
  current: () => "Current passphrase",
  current_show: () => "Show the current passphrase",
  current_hide: () => "Hide the current passphrase",
  again: () => "Passphrase",
  caps: () => "Caps Lock is on",

  keychain_holds: (name: string) => `${name} holds the vault key`,
  keychain_not: () => "Only the passphrase opens this vault",
  keychain_not_text: () => "While it is unlocked, programs that run as you can ask Keyward for its values.",
  working: () => "Working",
  failing: () => "Not working",
  test: () => "Test",
  testing: () => "Testing",

  passphrase: () => "Passphrase",
  passphrase_none: () => "None. With one, settings can ask for it before a value is shown.",
  passphrase_alone: () => "Opens the vault.",
  passphrase_device: (name: string) => `Opens the vault together with a secret in ${name === "" ? "this computer’s keychain" : name}.`,
  change: () => "Change",
  add: () => "Add",

  recovery: () => "Recovery key",
  recovery_has: () => "Opens the vault when nothing else does. Making a new one ends the old one.",
  recovery_none: () => "There is none: without its keychain or passphrase this vault is lost.",
  replace: () => "Replace",
  make: () => "Make one",

  hardening: (mib: number, passes: number, lanes: number) =>
    `Argon2id, ${mib} MiB, ${passes} passes, ${lanes === 1 ? "1 lane" : `${lanes} lanes`}.`,

  rekey: () => "Replace the vault key",
  rekey_text: () => "Locks every item with a new key, and gives you a new recovery key.",
  rekey_act: () => "Replace key",

  change_title: () => "Change the passphrase",
  add_title: () => "Add a passphrase",
  change_text: () => "The one before opens nothing any more. Items stay as they are.",
  add_text: () => "The keychain goes on opening the vault. The passphrase opens it too, and is asked for where the settings say so.",
  new_passphrase: () => "New passphrase",
  device: () => "Also need this computer",
  device_hint: () => "A secret in this computer’s keychain is mixed in. Elsewhere, only the recovery key opens the vault.",
  change_busy: () => "Changing",
  changed: () => "Passphrase changed",
  added: () => "Passphrase added",

  renew_title: () => "Replace the recovery key",
  renew_make_title: () => "Make a recovery key",
  renew_text: () => "Making a new recovery key needs the passphrase.",
  renew_lead: () => "The one before ends when you typed two groups of this one.",
  renewed: () => "Recovery key replaced",

  rekey_title: () => "Replace the vault key",
  rekey_lead: () =>
    "Every item is locked with a new key. Reading goes on; saving and refreshes wait. If the power goes, nothing has changed.",
  depth: () => "How much is made anew",
  shallow: () => "Key",
  shallow_text: () => "The key of the vault and of every item’s lock. Quick, whatever the size of the values.",
  deep: () => "Key and content",
  deep_text: () => "Every value is encrypted again too. Choose this when somebody may have seen the keys of this vault.",
  rekey_recovery_lead: () => "The new vault key comes with a new recovery key. The one before opens only copies of the file from before.",
  running_title: () => "Replacing the vault key",
  running_text: () => "Every item is being locked with a new key. You can keep reading. Programs still get their values.",
  progress: () => "Replacing the vault key",
  count: (done: number, total: number) => `${done} of ${total} items`,
  rows: (done: number, total: number) => `${done} of ${total} entries`,
  left: (seconds: number) => (seconds < 60 ? `About ${Math.max(1, seconds)} s left` : `About ${Math.round(seconds / 60)} min left`),
  power: () => "If the power goes, nothing has changed.",
  stop: () => "Stop and go back",
  stopping: () => "Stopping",
  background: () => "Run in background",
  background_line: (done: number, total: number) => `Replacing the vault key, ${done} of ${total}`,
  done_title: () => "The vault has a new key",
  done_text: () => "Everything opens with it. Copies of the file from before open with the old keys only.",
  stopped_title: () => "Stopped",
  stopped_text: () => "The vault is as it was, and so is its recovery key. The one just shown opens nothing.",
  failed_title: () => "The vault key was not replaced",
  failed_text: () => "The vault is as it was, and so is its recovery key.",
  stage: (stage: RekeyStage) => STAGES[stage],
  stages: () => "Stages",
};
