/** Words of import and export. */

import type { ImportAction } from "../host/bindings/ImportAction";
import type { ImportRow } from "../host/bindings/ImportRow";
import type { ImportStanding } from "../host/bindings/ImportStanding";
import type { ImportSummary } from "../host/bindings/ImportSummary";
import type { ImportFormat } from "../host/desktop";
import type { ImportFilter } from "../state/imports.svelte";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const FORMATS: Record<ImportFormat, [string, string]> = {
  env: [".env file", "NAME=value lines of a project"],
  json: ["JSON", "An object of names and values"],
  csv: ["CSV", "A table whose first line names the columns"],
  age: ["Keyward export", "An age file that Keyward wrote"],
  kdbx: ["KeePassXC", "A KDBX 4 database"],
  bitwarden: ["Bitwarden", "Its unencrypted JSON export"],
  "1pux": ["1Password", "Its 1PUX export"],
  "1password-csv": ["1Password, CSV", "Its CSV export"],
  pass: ["pass, gopass", "A folder of .gpg files, opened by your own gpg"],
  postman: ["Postman", "An exported environment"],
  insomnia: ["Insomnia", "An export of version 4 (JSON)"],
};

const STANDINGS: Record<ImportStanding, string> = {
  new: "New",
  same: "Same",
  changed: "Changed",
  taken: "Key taken",
  unusable: "Can’t be stored",
};

const FILTERS: Record<ImportFilter, string> = { all: "All", new: "New", changed: "Changed", same: "Same", choice: "Needs a choice" };

export const m = {
  title: () => "Import",
  title_both: () => "Import and export",
  what: () => "Bring in what other programs hold, or take everything out. Files are read on this computer only.",
  back: () => "Back to the choice of a file",
  steps: () => "Steps of an import",
  step: (step: "source" | "review" | "done") => ({ source: "Source", review: "Review", done: "Done" })[step],

  from: () => "Bring in from",
  format: (format: ImportFormat) => FORMATS[format][0],
  format_what: (format: ImportFormat) => FORMATS[format][1],
  reading: (name: string) => `Reading ${name}`,
  passphrase_title: (name: string) => `${name} has a passphrase`,
  passphrase_text: () => "It opens the file once. Keyward does not keep it.",
  passphrase_of_key: () => "Your gpg key is locked. Its passphrase opens the entries once; Keyward does not keep it.",
  passphrase: () => "Passphrase of the file",
  open_file: () => "Open file",
  failed: () => "The file could not be read",
  try_again: () => "Choose another file",

  file_entries: (n: number) => count(n, "entry", "entries"),
  another: () => "Choose another file",
  remarks: () => "Left out when the file was read",
  filter: () => "Which rows are shown",
  filter_label: (filter: ImportFilter, n: number) => `${FILTERS[filter]} ${n}`,
  none_shown: () => "No row is of this kind.",
  table: () => "What becomes of each entry",
  col_take: () => "Import",
  col_found: () => "Found",
  col_becomes: () => "Will become",
  col_key: () => "Key",
  col_vault: () => "Compared with vault",
  col_do: () => "Do this",
  take_all: () => "Import all rows",
  take: (found: string) => `Import ${found}`,
  becomes: (row: ImportRow) => (row.kind === "credential" ? `Custom, ${count(row.variables.length, "variable", "variables")}` : row.kind === "connection" ? "App credential" : "Secret"),
  standing: (standing: ImportStanding) => STANDINGS[standing],
  action: (action: ImportAction, row: ImportRow) =>
    ({
      add: "Add",
      skip: "Skip",
      version: row.next_version === null ? "Store as new versions" : `Store as version ${row.next_version}`,
      rename: "Add under another key",
      ask: "Choose",
    })[action],
  action_of: (found: string) => `What to do with ${found}`,
  key_of: (found: string) => `Key for ${found}`,
  proposed: () => "Proposed, because the name is no key or is used twice",
  for_taken: () => "For all taken keys",
  new_environments: (names: string[]) => `New environments: ${names.join(", ")}`,
  go_into: (taken: number, all: number) => `${taken} of ${all} go into`,
  own_environments: () => "their own environments",
  import_do: (n: number) => `Import ${count(n, "item", "items")}`,
  far: (done: number, total: number) => `${done} of ${total} entries`,
  importing: () => "Importing",
  plan_failed: () => "The plan could not be made",

  done_title: (summary: ImportSummary) => `${count(summary.added + summary.renamed, "item", "items")} added`,
  done_text: (summary: ImportSummary) =>
    [
      summary.versions > 0 ? `${count(summary.versions, "new version", "new versions")} of what was there.` : "",
      summary.renamed > 0 ? `${summary.renamed} under another key.` : "",
      summary.skipped > 0 ? `${summary.skipped} left out.` : "",
      summary.environments.length > 0 ? `New environments: ${summary.environments.join(", ")}.` : "",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
  done_file: (name: string) => `${name} still holds every value in the clear. Delete it when you need it no more.`,
  undo: () => "Undo import",
  undoing: () => "Undoing",
  undone: (n: number) => `${count(n, "item", "items")} moved to the trash`,
  show_items: () => "Show items",
  more: () => "Import another file",

  export_title: () => "Take everything out",
  export_encrypted: () => "Encrypted file",
  export_encrypted_text: () => "To move to another computer, or keep apart from Keyward. Any age program opens it.",
  export_encrypted_do: () => "Export encrypted",
  export_structure: () => "Structure alone",
  export_structure_text: () => "Names, descriptions and variables, and no value. To hand on what a project needs.",
  export_structure_do: () => "Export structure",
  export_plain: () => "Plain text",
  export_plain_text: () => "Anyone who opens the file can read every value. It is written to the log.",
  export_plain_do: () => "Export in plain text",
  export_for: () => "Who can open it",
  export_for_passphrase: () => "Whoever has a passphrase",
  export_for_recipients: () => "Recipients",
  export_passphrase: () => "Passphrase of the file",
  export_again: () => "The same again",
  export_differs: () => "The two differ",
  export_recipients: () => "age recipients",
  export_recipients_hint: () => "One age1… a line. age-keygen prints it.",
  export_vault_passphrase: () => "Passphrase of this vault",
  export_word: () => "export in plain text",
  export_type: (word: string) => `Type “${word}” to confirm`,
  export_plain_warning: () => "Every secret and every variable, readable by whoever gets the file: backups, sync folders, other programs of yours.",
  export_save: () => "Choose place and save",
  exporting: () => "Saving",
  exported: (n: number, name: string) => `${count(n, "item", "items")} saved in ${name}`,
  export_failed: () => "The export was not written",
  cancel: () => "Cancel",
  required: () => "Fill this in",
};
