/** Words of the import of auth clients and planned connections. */

import type { RosterKind } from "../host/bindings/RosterKind";
import type { RosterRow } from "../host/bindings/RosterRow";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const clients = (n: number) => count(n, "auth client", "auth clients");
const planned = (n: number) => count(n, "planned connection", "planned connections");

function both(nClients: number, nConnections: number): string {
  return [nClients > 0 ? clients(nClients) : "", nConnections > 0 ? planned(nConnections) : ""].filter(Boolean).join(" and ");
}

const KIND: Record<RosterKind, string> = { auth_client: "Auth client", connection: "Connection" };

export const m = {
  open: () => "Import file",
  title: () => "Import auth clients",
  title_review: (file: string) => `Import ${file}`,
  what: () => "From a CSV or JSON file that somebody prepared, without a secret in it.",
  into: (environment: string) => `Into the environment ${environment}`,
  makes_clients: () => "Auth clients",
  makes_clients_text: () => "A provider or an issuer, a client ID, scopes. You enter client secrets here afterwards.",
  makes_connections: () => "Planned connections",
  makes_connections_text: () => "A name, its auth client, whose account signs in. They wait in the queue until a person consents.",
  whole: () => "Everything is checked first. Either all of it is imported, or nothing.",
  example: () => "A small file",
  choose: () => "Choose file",
  reading: () => "Checking",
  another: () => "Another file",
  check_again: () => "Check again",
  cancel: () => "Cancel",
  failed: () => "The file was not imported",
  unreadable: () => "The file can’t be checked",

  faults: (n: number) => `${count(n, "error", "errors")}. Nothing is imported until ${n === 1 ? "it is" : "they are"} corrected.`,
  faults_list: () => "What is wrong",
  fields: () => "Field",
  taken: (n: number) => count(n, "key is taken already", "keys are taken already"),
  taken_text: () => "Keep what is there and import the rest, or change the keys in the file and check it again.",
  keep: () => "Keep what is there",
  nothing: () => "The file names nothing.",
  nothing_new: () => "Everything in this file is there already.",
  table: () => "What the file makes",
  col_place: () => "Place",
  col_kind: () => "Kind",
  col_key: () => "Key",
  col_becomes: () => "Becomes",
  kind: (of: RosterKind) => KIND[of],
  becomes: (row: RosterRow, keeps: boolean) => {
    if (row.taken) return keeps ? "kept as it is" : "key is taken";
    return row.wants_client_secret ? "new, wants its client secret" : "new";
  },
  import_do: (nClients: number, nConnections: number) => (nClients + nConnections === 0 ? "Import" : `Import ${both(nClients, nConnections)}`),
  importing: () => "Importing",

  done_title: (nClients: number, nConnections: number) => `Imported ${both(nClients, nConnections)}`,
  done_kept: (n: number) => (n === 1 ? "1 key was taken and stays as it is." : `${n} keys were taken and stay as they are.`),
  done_connections: () => "The connections stand in the queue of those that need a person.",
  done_secrets: (n: number) => count(n, "auth client still wants its client secret", "auth clients still want their client secret"),
  done_secrets_text: () => "No consent succeeds before it is there.",
  enter_secret: () => "Enter client secret",
  enter_secret_of: (key: string) => `Enter client secret of ${key}`,
  to_queue: () => "Go through the consents",
  close: () => "Done",
};
