/** Credentials under the application they are for (AM5). Pure: which groups, in which order, and what a folded one says. */

import type { Application } from "../host/bindings/Application";
import type { AuthType } from "../host/bindings/AuthType";
import type { Connection } from "../host/bindings/Connection";
import { matcher } from "./search";
import { attention, standing } from "./standing";

export interface Group {
  /** Key of the application; empty for credentials that are for none. */
  key: string;
  name: string;
  credentials: readonly Connection[];
  default: Connection | null;
  /** How many of them need a person. */
  needs: number;
}

export type Part = "all" | "needs" | "off";

const names = new Intl.Collator("en", { sensitivity: "base" });

/** Groups by name, those without an application last; in each the default first, then by name. */
export function groups(
  applications: readonly Application[],
  connections: readonly Connection[],
  query: string,
  part: Part,
  now: number,
): Group[] {
  const matches = matcher(query);
  const named = new Map(applications.map((application) => [application.key, application.name]));
  const found = new Map<string, Connection[]>();
  for (const connection of connections) {
    const key = connection.application ?? "";
    const fields = [connection.name, connection.key, connection.account, connection.url, key, named.get(key) ?? null];
    if (!isIn(part, connection, now) || !matches(fields)) continue;
    found.set(key, [...(found.get(key) ?? []), connection]);
  }
  return [...found]
    .map(([key, credentials]) => group(key, named.get(key) ?? key, credentials, now))
    .sort((a, b) => (a.key === "" ? 1 : b.key === "" ? -1 : names.compare(a.name, b.name)));
}

function isIn(part: Part, connection: Connection, now: number): boolean {
  return part === "all" || attention(standing(connection, now)) === part;
}

function group(key: string, name: string, credentials: Connection[], now: number): Group {
  credentials.sort((a, b) => Number(b.default) - Number(a.default) || names.compare(a.name, b.name));
  return {
    key,
    name,
    credentials,
    default: credentials.find((credential) => credential.default) ?? null,
    needs: credentials.filter((credential) => attention(standing(credential, now)) === "needs").length,
  };
}

/** The auth types of a group and how many of each, in the order they come. */
export function types(credentials: readonly Connection[]): { type: AuthType; count: number }[] {
  const counts = new Map<AuthType, number>();
  for (const { auth_type } of credentials) counts.set(auth_type, (counts.get(auth_type) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count }));
}

/** The key of an application that is named in free text: `GitHub Enterprise` gives `github-enterprise`; empty when there is none. */
export function proposeApplication(name: string): string {
  const ascii = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return ascii
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}
