/** Which items a list shows besides what was searched for. Pure. */

import type { Item } from "./items";
import { attention, standing } from "./standing";

export type Status = "favourite" | "expiring" | "overdue" | "reconnect";
export interface Filter {
  kind: Item["kind"] | null;
  application: string | null;
  tag: string | null;
  status: Status | null;
}

export const EVERYTHING: Filter = { kind: null, application: null, tag: null, status: null };

/** An end within so many milliseconds, 30 days, is announced (model/health.rs). */
export const ANNOUNCED = 30 * 24 * 60 * 60 * 1000;

export function filtered(items: readonly Item[], filter: Filter, now: number): readonly Item[] {
  const { kind, application, tag, status } = filter;
  if (kind === null && application === null && tag === null && status === null) return items;
  return items.filter(
    (item) =>
      (kind === null || item.kind === kind) &&
      (application === null || item.application === application) &&
      (tag === null || item.tags.includes(tag)) &&
      (status === null || statuses(item, now).includes(status)),
  );
}

/** What there is to choose from: a filter that could only show all or nothing is not offered. */
export interface Choices {
  kinds: Item["kind"][];
  applications: string[];
  tags: string[];
  statuses: Status[];
}

export function choices(items: readonly Item[], now: number): Choices {
  const kinds = new Set<Item["kind"]>();
  const applications = new Set<string>();
  const tags = new Set<string>();
  const found = new Set<Status>();
  for (const item of items) {
    kinds.add(item.kind);
    if (item.application !== null) applications.add(item.application);
    item.tags.forEach((tag) => tags.add(tag));
    statuses(item, now).forEach((status) => found.add(status));
  }
  return {
    kinds: kinds.size > 1 ? [...kinds] : [],
    applications: [...applications].sort(),
    tags: [...tags].sort(),
    statuses: (["favourite", "expiring", "overdue", "reconnect"] as const).filter((status) => found.has(status)),
  };
}

/** How often each tag occurs, the most used first. */
export function tagCounts(items: readonly { tags: readonly string[] }[]): [tag: string, count: number][] {
  const counts = new Map<string, number>();
  for (const item of items) for (const tag of item.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, k]) => k - n || (a < b ? -1 : 1));
}

function statuses(item: Item, now: number): Status[] {
  const found: Status[] = [];
  if (item.favourite) found.push("favourite");
  if (item.kind === "secret") {
    const { expires_at, rotation_due_at } = item.secret;
    if (expires_at !== null && Date.parse(expires_at) - now <= ANNOUNCED) found.push("expiring");
    if (rotation_due_at !== null && Date.parse(rotation_due_at) <= now) found.push("overdue");
  } else if (item.kind === "connection" && attention(standing(item.connection, now)) === "needs") found.push("reconnect");
  return found;
}
