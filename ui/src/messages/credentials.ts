/** Words of custom credentials: the page, the grid of variables, pasting, deleting. */

import type { AccessType } from "../host/bindings/AccessType";
import type { RequestStatus } from "../host/bindings/RequestStatus";
import type { RowFault } from "../state/credential_draft.svelte";

const count = (n: number, one: string, many: string) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const m = {
  title: () => "Custom credentials",
  what: () => "Several named values that belong together, such as host, user and password of a database.",
  add: () => "New custom credential",
  kind: (variables: number) => `Custom · ${count(variables, "variable", "variables")}`,
  variables_of: (n: number) => count(n, "variable", "variables"),
  empty_title: () => "No custom credentials here",
  empty_text: () => "Keep values that belong together under one name, and refer to each as {vault.NAME.VARIABLE}.",
  empty_command: (environment: string) => `keyward credential add NAME --from .env${environment === "default" ? "" : ` --env ${environment}`}`,
  failed_title: () => "The credentials could not be read",
  retry: () => "Try again",
  no_match_title: (query: string) => `No credential matches “${query}”`,
  no_match_text: () => "Key, name, description and the names of variables are searched, values never.",
  no_match_clear: () => "Clear the search",

  // the table
  col_name: () => "Name",
  col_request: () => "Request status",
  col_access: () => "Access type",
  col_owner: () => "Owner",
  col_actions: () => "Actions",
  request_status: (status: RequestStatus) => ({ none: "No requests" })[status],
  access_type: (access: AccessType) => ({ owner: "Only you" })[access],
  owner: () => "You",
  edit_of: (name: string) => `Edit ${name}`,
  delete_of: (name: string) => `Delete ${name}`,
  select_all: () => "Select all credentials",
  select_of: (name: string) => `Select ${name}`,
  selected: (n: number) => `${n} selected`,
  selection_clear: () => "Clear the selection",

  // the editor
  new_title: () => "New custom credential",
  edit_title: () => "Edit custom credential",
  back: () => "Back to the list",
  more: (key: string) => (key === "" ? "More actions" : `More actions for ${key}`),
  paste: () => "Paste .env lines",
  name: () => "Name",
  key: () => "Key",
  key_fixed_why: () => "Tools refer to this key, so it never changes. Add another credential to use another key.",
  description: () => "Description",
  optional: () => "optional",
  variables: () => "Variables",
  var_name: () => "Name",
  var_description: () => "Description",
  var_value: () => "Value",
  var_masked: () => "Masked",
  var_remove: () => "Remove",
  add_variable: () => "Add a variable",
  order: () => "Order",
  move_of: (name: string) => `Drag to move ${name}, or press Alt with ↑ or ↓`,
  moved: (name: string, place: number, of: number) => `${name}, ${place} of ${of}`,
  placeholder_name: () => "new_variable",
  placeholder_description: () => "Add a description",
  placeholder_value: () => "Value",
  masked_of: (name: string) => (name === "" ? "Masked" : `${name} is masked`),
  remove_of: (name: string) => (name === "" ? "Remove this variable" : `Remove ${name}`),
  removed: (name: string) => `${name} is taken out when you save`,
  row_fault: (fault: RowFault) =>
    ({
      empty: "Enter a name",
      start: "Start with a letter or an underscore",
      letters: "Use letters, digits, underscores and hyphens",
      long: "Use at most 128 characters",
      twice: "Another variable has this name, perhaps in other spelling of capitals",
      value: "Enter a value",
    })[fault],
  grid_hint: () => "New variables are masked unless you turn it off. Every value is encrypted, masked or not.",
  hidden: () => "Hidden value",
  typed: (lines: number) => (lines === 1 ? "New value" : `New value, ${count(lines, "line", "lines")}`),
  file: (name: string, bytes: number) => `${name}, ${size(bytes)}`,
  choose_file: (name: string) => (name === "" ? "Read the value from a file" : `Read the value of ${name} from a file`),
  file_too_long: () => "A value has at most 1 MiB. Nothing was read.",
  file_unreadable: () => "The file could not be read.",
  reveal_of: (name: string) => `Show value of ${name}`,
  hide_of: (name: string) => `Hide value of ${name}`,
  copy_of: (name: string) => `Copy value of ${name}`,
  copied: () => "Copied",
  said_shown: (seconds: number) => `Value shown for ${seconds} seconds`,
  said_hidden: () => "Hidden",
  said_copied: (seconds: number) => `Copied. Clipboard clears in ${seconds} seconds`,
  visible_for: (seconds: number) => `Visible for ${seconds} s`,
  binary: (bytes: number) => `${size(bytes)} that are no text. Copy them, or use keyward get.`,
  value_empty: () => "The value is empty.",
  versions_of: (name: string, version: number) => `Versions of ${name}, now ${version}`,
  version_tag: (version: number) => `v${version}`,

  // access and references
  access: () => "Access",
  request_label: () => "Request status",
  access_label: () => "Access type",
  references: () => "References",
  as_json: (variables: number) => `all ${variables}, as JSON`,
  copy_reference: (reference: string) => `Copy ${reference}`,
  reference_copied: () => "Reference copied",

  // saving
  unsaved: (n: number, what: string) => `${count(n, "change", "changes")} not saved: ${what}`,
  change_name: () => "name",
  change_description: () => "description",
  change_order: () => "order",
  unnamed: () => "a new variable",
  discard: () => "Discard",
  save: () => "Save",
  saving: () => "Saving",
  create: () => "Add credential",
  created: (key: string) => `${key} added`,
  saved: (key: string) => `${key} saved`,
  incomplete: () => "Some variables are not complete yet",
  changed_elsewhere: () => "Somebody changed this credential meanwhile. Your changes are still here; discard them to see it as it is now.",
  leave_title: () => "Save your changes?",
  leave_text: (what: string) => `Not saved yet: ${what}.`,
  stay: () => "Stay",

  // pasting
  paste_title: (n: number) => `Fill ${count(n, "variable", "variables")} from what you pasted?`,
  paste_new: () => "new",
  paste_replaces: () => "new value",
  paste_keeps_masking: () => "Variables that are there already keep their masking.",
  paste_masked: () => "Mask them",
  paste_masked_text: () => "Hidden until you show one",
  paste_plain: () => "Leave them readable",
  paste_plain_text: () => "For values that are no secret, such as a host or a port",
  paste_do: (n: number) => `Fill ${count(n, "row", "rows")}`,
  paste_nothing: () => "There are no NAME=value lines on the clipboard.",
  paste_area: () => "NAME=value lines",
  paste_ask_title: () => "Paste NAME=value lines",
  cancel: () => "Cancel",

  // versions of a variable
  versions_title: (name: string) => `Versions of ${name}`,
  close: () => "Close",

  // delete
  delete: () => "Delete",
  delete_several: (n: number) => `Delete ${count(n, "credential", "credentials")}`,
  deleted: (n: number, first: string) => (n === 1 ? `${first} deleted` : `${n} credentials deleted`),
  undo: () => "Undo",
  restored: (n: number, first: string) => (n === 1 ? `${first} is back` : `${n} credentials are back`),
  gone_title: () => "This credential is not here",
  gone_text: () => "It may be in the trash or in another environment.",
};

function size(bytes: number): string {
  return bytes < 10_000 ? count(bytes, "byte", "bytes") : `${Math.round(bytes / 1024).toLocaleString("en")} KiB`;
}
