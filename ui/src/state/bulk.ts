/** What can be done to several items at once; `null` where it cannot be done to these. */

import { connections } from "./connections.svelte";
import { credentials } from "./credentials.svelte";
import type { Item } from "./items";
import { secrets } from "./secrets.svelte";

export interface BulkActs {
  tag: (() => void) | null;
  move: (() => void) | null;
  remove: (() => void) | null;
}

/** How many of each kind. */
export function kindsOf(items: readonly Item[]): Partial<Record<Item["kind"], number>> {
  const counts: Partial<Record<Item["kind"], number>> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Secrets and credentials go to the trash, Connections are revoked and gone for good. Answers what can come back. */
export async function remove(items: readonly Item[]): Promise<Item[]> {
  const of = (kind: Item["kind"]) => items.filter((item) => item.kind === kind).map((item) => item.id);
  const [values, sets, ended] = [of("secret"), of("credential"), of("connection")];
  if (values.length > 0) await secrets.remove(values);
  if (sets.length > 0) await credentials.remove(sets);
  if (ended.length > 0) await connections.removeAll(ended);
  return items.filter((item) => item.kind !== "connection");
}

/** Undo: takes out of the trash. */
export async function restore(items: readonly Item[]): Promise<void> {
  for (const item of items) {
    if (item.kind === "secret") await secrets.restore(item.secret);
    else if (item.kind === "credential") await credentials.restore(item.credential);
  }
}

/** Adds tags to each of the Secrets; those they have stay. */
export async function addTags(items: readonly Item[], tags: readonly string[]): Promise<void> {
  for (const item of items) {
    const missing = tags.filter((tag) => !item.tags.includes(tag));
    if (item.kind !== "secret" || missing.length === 0) continue;
    await secrets.update(item.id, { tags: [...item.tags, ...missing] });
  }
}
