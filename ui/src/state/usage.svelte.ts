/** When the items of the current environment were last read: what the audit log tells, without opening a value. */

import { call } from "../host";
import { byKey, NOTHING_USED, type UsageByKey } from "./usage_by_key";

/** How far back the lists know a last use. */
const YEAR = 365;
/** How far back counts as "in use" when something is to be deleted (AM12). */
export const LATELY = 30;

export class UsageLog {
  /** By key; what was not read within a year is absent. */
  rows = $state.raw<UsageByKey>(NOTHING_USED);
  #environment = "";
  #turn = 0;

  /** Follows another environment; what was known of the one before is gone at once. */
  async open(environment: string): Promise<void> {
    if (environment === this.#environment) return;
    this.#environment = environment;
    this.rows = NOTHING_USED;
    await this.reload();
  }

  /** Reads again. A log that cannot be read leaves the lists in another order; the vault says elsewhere what is wrong. */
  async reload(): Promise<void> {
    if (this.#environment === "") return;
    const turn = ++this.#turn;
    const rows = await this.#read(YEAR).catch(() => null);
    if (turn === this.#turn && rows !== null) this.rows = rows;
  }

  /** What was read within 30 days, now. Rejects when the log cannot be read. */
  lately(): Promise<UsageByKey> {
    return this.#read(LATELY);
  }

  lastRead(key: string): string | null {
    return this.rows.get(key)?.last_read_at ?? null;
  }

  clear(): void {
    this.#turn += 1;
    this.#environment = "";
    this.rows = NOTHING_USED;
  }

  async #read(days: number): Promise<UsageByKey> {
    return byKey(await call("usage_list", { environment: this.#environment, days }));
  }
}

export const usage = new UsageLog();
