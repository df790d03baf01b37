/** The item lists: which rows, in which order, under which heads. Pure, so that 5 000 rows are a matter of one test. */

import type { Connection } from "../host/bindings/Connection";
import type { Credential } from "../host/bindings/Credential";
import type { Secret } from "../host/bindings/Secret";
import { attention, standing, urgency, type Attention } from "./standing";

/** What the lists know of every item, whatever its kind. `title` is what a person reads first. */
interface Common {
  id: string;
  key: string;
  title: string;
  application: string | null;
  tags: readonly string[];
  favourite: boolean;
  /** RFC 3339: metadata or value. */
  changed: string;
  /** RFC 3339: the value. */
  rotated: string;
  /** RFC 3339; `null` when nobody read it within a year. */
  used: string | null;
  /** What search looks at, made when it is first searched or prepared. */
  folded?: string;
}

/** One item of the list. */
export type Item =
  | (Common & { kind: "secret"; secret: Secret })
  | (Common & { kind: "credential"; credential: Credential })
  | (Common & { kind: "connection"; connection: Connection });

/** A line of the list: a group head or an item. */
export type Line = { kind: "head"; id: string; text: string } | Item;

export type Sort = "used" | "name" | "changed" | "rotated";

export function secretItem(secret: Secret, used: string | null = null): Item {
  const { id, key, tags, favourite } = secret;
  return {
    kind: "secret", id, key, title: key, application: null, tags, favourite, used, secret,
    changed: secret.updated_at, rotated: secret.value_changed_at,
  };
}

export function credentialItem(credential: Credential, used: string | null = null): Item {
  const { id, key, name, changed_at } = credential;
  return {
    kind: "credential", id, key, title: name, application: null, tags: [], favourite: false, used, credential,
    changed: changed_at, rotated: changed_at,
  };
}

export function connectionItem(connection: Connection, used: string | null = null): Item {
  const { id, key, application } = connection;
  const obtained = connection.obtained_at ?? connection.created_at;
  return {
    kind: "connection", id, key, title: connection.name, application, tags: [], favourite: false, used, connection,
    changed: obtained, rotated: obtained,
  };
}

/** The time an item stands at in a list sorted so; `null` when it has none. */
export function moment(item: Item, sort: Sort): string | null {
  if (sort === "used") return item.used;
  return sort === "rotated" ? item.rotated : item.changed;
}

/** The first items, `most` at most, whose metadata has every word of the query, in the order they came. */
export function search(items: readonly Item[], query: string, most = Infinity): readonly Item[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  const found: Item[] = [];
  for (const item of items) {
    const text = folded(item);
    let fits = true;
    for (const word of words) fits &&= text.includes(word);
    if (fits && found.push(item) >= most) break;
  }
  return found;
}

/** Rows outlive the items made of them. */
const texts = new WeakMap<object, string>();

/** All fields of an item as one text. No word spans two lines. */
export function folded(item: Item): string {
  if (item.folded !== undefined) return item.folded;
  const row = rowOf(item);
  let text = texts.get(row);
  if (text === undefined) {
    text = fields(item).join("\n").toLowerCase();
    texts.set(row, text);
  }
  return (item.folded = text);
}

function rowOf(item: Item): object {
  switch (item.kind) {
    case "secret":
      return item.secret;
    case "credential":
      return item.credential;
    case "connection":
      return item.connection;
  }
}

/** Everything that search looks at: key, name, description, tags, notes, environment and variables; of a Connection also whose and where. */
function fields(item: Item): (string | null)[] {
  if (item.kind === "secret") {
    const { key, name, description, tags, notes, environment } = item.secret;
    return [key, name, description, ...tags, notes, environment];
  }
  if (item.kind === "credential") {
    const { key, name, description, environment, variables } = item.credential;
    return [key, name, description, environment, ...variables.map((variable) => variable.name)];
  }
  const { key, name, application, account, auth_client, scope } = item.connection;
  return [key, name, application, account, auth_client, scope];
}

/** Newest first, or by name. Sorting is apart from searching: a keystroke does not sort. */
export function sorted(items: readonly Item[], sort: Sort): readonly Item[] {
  if (sort === "name") return [...items].sort((a, b) => names.compare(a.title, b.title));
  return [...items].sort((a, b) => newest(moment(a, sort), moment(b, sort)) || newest(a.changed, b.changed) || (a.key < b.key ? -1 : 1));
}

/** What has no time comes last. */
function newest(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? 1 : -1;
}

const names = new Intl.Collator("en", { sensitivity: "base" });

/** Sorted items under heads of time; without heads when they are sorted by name. Items under one head stand together. */
export function grouped(items: readonly Item[], sort: Sort, head: (at: string | null) => string): readonly Line[] {
  if (sort === "name") return items;
  const lines: Line[] = [];
  for (let from = 0, to = 0; from < items.length; from = to) {
    const text = head(moment(items[from]!, sort));
    to = endOfRun(items, from, (item) => head(moment(item, sort)) === text);
    lines.push({ kind: "head", id: `head:${text}`, text });
    for (let at = from; at < to; at += 1) lines.push(items[at]!);
  }
  return lines;
}

/** Where those that fit, and stand together from `from` on, end: by halving, as asking every one of them takes too long. */
function endOfRun(items: readonly Item[], from: number, fits: (item: Item) => boolean): number {
  let [low, high] = [from + 1, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Connections: those that need a person first. */
export function byAttention(items: readonly Item[], now: number, head: (of: Attention) => string): Line[] {
  const lines: Line[] = [];
  const ranked = items.flatMap((item) => (item.kind === "connection" ? [{ item, standing: standing(item.connection, now) }] : []));
  for (const part of ["needs", "fresh", "off"] as const) {
    const of = ranked.filter((one) => attention(one.standing) === part);
    if (of.length === 0) continue;
    of.sort((a, b) => urgency(a.standing) - urgency(b.standing) || names.compare(a.item.title, b.item.title));
    lines.push({ kind: "head", id: `head:${part}`, text: head(part) }, ...of.map((one) => one.item));
  }
  return lines;
}

/** The next item in a direction, past heads; stays at the ends. `from` may be nothing or a vanished row. */
export function step(lines: readonly Line[], from: string | null, by: number): string | null {
  const items = lines.filter((line) => line.kind !== "head");
  if (items.length === 0) return null;
  const at = items.findIndex((line) => line.id === from);
  if (at < 0) return (by < 0 ? items.at(-1) : items[0])?.id ?? null;
  return items[Math.min(items.length - 1, Math.max(0, at + by))]?.id ?? null;
}

/** What to show after an item is gone: the one below it, else the one above. */
export function neighbour(lines: readonly Line[], of: string): string | null {
  const items = lines.filter((line) => line.kind !== "head");
  const at = items.findIndex((line) => line.id === of);
  return (items[at + 1] ?? items[at - 1])?.id ?? null;
}

/** Type-ahead: the next item, from the one after `from` round, whose title or key begins with the text. */
export function startingWith(lines: readonly Line[], from: string | null, text: string): string | null {
  const items = lines.filter((line) => line.kind !== "head");
  const start = items.findIndex((line) => line.id === from);
  const wanted = text.toLowerCase();
  // A single letter moves on; a longer text may keep the row it already fits.
  const skip = wanted.length === 1 ? 1 : 0;
  for (let i = skip; i < items.length + skip; i += 1) {
    const item = items[(Math.max(0, start) + i) % items.length];
    if (item && (item.title.toLowerCase().startsWith(wanted) || item.key.toLowerCase().startsWith(wanted))) return item.id;
  }
  return null;
}
