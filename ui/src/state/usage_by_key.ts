/** What was read lately, by the key of the item. */

import type { Usage } from "../host/bindings/Usage";

export type UsageByKey = ReadonlyMap<string, Usage>;

export const NOTHING_USED: UsageByKey = new Map();

export function byKey(rows: readonly Usage[]): UsageByKey {
  return new Map(rows.map((row) => [row.key, row]));
}
