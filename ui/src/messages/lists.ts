/** Words of the item lists: order, filters, and what is done to several items at once. */

import type { Usage } from "../host/bindings/Usage";
import type { Status } from "../state/filters";
import type { Item, Sort } from "../state/items";
import { ago, month, period } from "./time";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const SORTS: Record<Sort, string> = { used: "Last used", name: "Name", changed: "Changed", rotated: "Rotated" };
const DONE: Record<Sort, string> = { used: "Used", name: "", changed: "Changed", rotated: "Rotated" };
const KINDS: Record<Item["kind"], [one: string, many: string]> = { secret: ["secret", "secrets"], credential: ["custom credential", "custom credentials"], connection: ["connection", "connections"] };
const STATUSES: Record<Status, string> = { favourite: "Favourites", expiring: "Expiring", overdue: "Overdue", reconnect: "Needs you" };

/** A program of the log, as people know it. */
const who = (program: string) => (program === "window" ? "you, in this window" : program);

export const m = {
  favourites: () => "Favourites",
  tagged: (tag: string) => `Tagged ${tag}`,
  sort: (sort: Sort) => SORTS[sort],
  head: (sort: Sort, at: string | null, now: number) => {
    if (at === null) return "Not used within a year";
    const part = period(at, now);
    return part === "today" ? `${DONE[sort]} today` : part === "week" ? "Earlier this week" : month(at);
  },

  // filters
  filters: () => "Filters",
  filter_kind: () => "Kind",
  filter_application: () => "App",
  filter_tag: () => "Tag",
  filter_status: () => "Status",
  filter_any: () => "Any",
  filter_remove: (name: string, value: string) => `Remove the filter ${name}: ${value}`,
  kind: (kind: Item["kind"]) => {
    const [one] = KINDS[kind];
    return one.charAt(0).toUpperCase() + one.slice(1);
  },
  status: (status: Status) => STATUSES[status],
  nothing_fits: () => "Nothing fits these filters",
  filters_clear: () => "Clear filters",
  none_tagged: (tag: string) => `Nothing is tagged ${tag} here`,
  none_favourite: () => "No favourites yet",
  none_favourite_text: () => "Press Ctrl D on an item to keep it at hand here.",

  row_expired: () => "expired",
  row_overdue: () => "overdue",

  // several at once
  select: () => "Select several",
  select_all: (n: number) => `Select all ${n}`,
  selected: (n: number) => `${n} selected`,
  selected_items: (n: number) => `${count(n, "item", "items")} selected`,
  select_end: () => "Clear the selection",
  selected_none: () => "Nothing selected yet",
  selected_how: () => "Click rows, or move with the arrow keys and press Space. Shift extends, Ctrl A takes all.",
  kinds_in: (kinds: Partial<Record<Item["kind"], number>>, environment: string) => {
    const parts = (Object.keys(KINDS) as Item["kind"][]).flatMap((kind) => (kinds[kind] ? [count(kinds[kind], ...KINDS[kind])] : []));
    return `${parts.join(" and ")}, in ${environment}`;
  },
  tag: () => "Add tags",
  move: () => "Move to environment",
  delete: () => "Delete",
  only_secrets: () => "Only secrets can do this",

  // delete
  delete_title: (n: number, environment: string) => `Delete ${count(n, "item", "items")} from ${environment}?`,
  delete_to_trash: () => "They go to the trash for 30 days. Programs that read them fail from now on.",
  delete_for_good: () => "Connections do not go to the trash: their tokens are revoked, and they are gone for good. Programs that use them fail from now on.",
  delete_mixed: () =>
    "They go to the trash for 30 days, all but the connections: their tokens are revoked, and they are gone for good. Programs that read any of them fail from now on.",
  delete_list: () => "What is deleted, and who used it in the last 30 days",
  delete_unknown: () => "The activity log could not be read, so nobody knows whether these are in use.",
  delete_in_use: (n: number) => `${n} of these ${n === 1 ? "is" : "are"} in use.`,
  delete_type: () => "Type",
  delete_type_then: () => "to confirm.",
  delete_word: (n: number) => `delete ${n}`,
  delete_field: (word: string) => `Type ${word} to confirm`,
  delete_unused: (n: number) => `Delete only the ${n} not in use`,
  delete_do: (n: number) => `Delete ${count(n, "item", "items")}`,
  delete_busy: () => "Deleting",
  deleted: (n: number) => `${count(n, "item", "items")} deleted`,
  undo: () => "Undo",
  restored: (n: number) => `${count(n, "item", "items")} back`,
  cancel: () => "Cancel",
  used: (usage: Usage, now: number) => {
    const [latest, ...others] = usage.programs;
    const by = latest ? ` by ${who(latest.program)}${others.length > 0 ? ` and ${count(others.length, "other", "others")}` : ""}` : "";
    const when = ago(usage.last_read_at, now);
    return usage.reads === 1 ? `read once, ${when},${by}`.replace(/,$/, "") : `read ${usage.reads} times, last ${when},${by}`.replace(/,$/, "");
  },
  unused: (last: string | null, now: number) =>
    last === null ? "not read within a year" : `not read for ${count(Math.floor((now - Date.parse(last)) / 86_400_000), "day", "days")}`,

  // tags
  tags_title: (n: number) => `Add tags to ${count(n, "secret", "secrets")}`,
  tags_text: () => "The tags they have stay.",
  tags_do: () => "Add tags",
  tags_busy: () => "Adding",
  tags_done: (n: number) => `Tags added to ${count(n, "secret", "secrets")}`,
  tags_missing: () => "Enter a tag",
};
