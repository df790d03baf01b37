/** Words of several vaults: switching, making, renaming, deleting. */

import type { VaultNameFault } from "../state/vaults.svelte";

const FAULTS: Record<VaultNameFault, () => string> = {
  empty: () => "",
  form: () => "Letters, digits, _ and -, beginning with a letter or _.",
  taken: () => "There is a vault of this name.",
};

export const m = {
  heading: () => "Vaults",
  switch: () => "Switch vault",
  other: () => "Other vaults",
  create: () => "New vault",
  create_text: () => "A vault of its own, with its own keys. Nothing in it can be seen from another vault.",
  create_do: () => "Continue",
  name: () => "Name",
  name_hint: () => "The name is not secret: it is the name of a folder.",
  faults: FAULTS,
  rename: () => "Rename vault",
  rename_title: (name: string) => `Rename the vault ${name}`,
  rename_text: () => "Commands that name it with --vault need the new name. Its content and keys stay as they are.",
  rename_do: () => "Rename",
  renaming: () => "Renaming",
  renamed: (name: string) => `This vault is now called ${name}.`,
  remove: () => "Delete vault",
  remove_title: (name: string) => `Delete the vault ${name}`,
  remove_text: () =>
    "Everything in it, its daily copies and its keys in the keychain are deleted for good. Backups that you put elsewhere stay, and open with the recovery key.",
  remove_field: (name: string) => `Type ${name} to go on`,
  remove_do: () => "Delete vault",
  removing: () => "Deleting",
  keys_left: (why: string) => `The vault is deleted. Its keychain entries are still there and open nothing: ${why}`,
  failed: () => "The vaults could not be read",
  cancel: () => "Cancel",
  back_to: (name: string) => `Open ${name} instead`,
};
