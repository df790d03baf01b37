/** What was deleted from the current environment within 30 days. */

import { call } from "../host";
import type { Credential } from "../host/bindings/Credential";
import type { Secret } from "../host/bindings/Secret";
import { Collection } from "./collection.svelte";
import { credentials } from "./credentials.svelte";
import { secrets } from "./secrets.svelte";

/** How long the trash keeps what is in it, in days (model/secret.rs). */
export const KEPT_DAYS = 30;

export type Trashed = { kind: "secret"; row: Secret } | { kind: "credential"; row: Credential };

export class Trash extends Collection<Trashed> {
  protected async read(environment: string): Promise<Trashed[]> {
    const [values, sets] = await Promise.all([call("secret_trash", { environment }), call("credential_trash", { environment })]);
    const all: Trashed[] = [...values.map((row) => ({ kind: "secret" as const, row })), ...sets.map((row) => ({ kind: "credential" as const, row }))];
    return all.sort((a, b) => ((a.row.deleted_at ?? "") < (b.row.deleted_at ?? "") ? 1 : -1));
  }

  /** Back under the key it had; fails when something else has that key now. */
  async restore(trashed: Trashed): Promise<void> {
    if (trashed.kind === "secret") await secrets.restore(trashed.row);
    else await credentials.restore(trashed.row);
    this.#drop([trashed.row.id]);
  }

  /** For good, with all its versions. */
  async purge({ kind, row }: Trashed): Promise<void> {
    const { environment, id } = row;
    if (kind === "secret") await call("secret_delete", { environment, secrets: [id] });
    else await call("credential_delete", { environment, credentials: [id] });
    this.#drop([id]);
  }

  /** Everything in it, for good; answers how many that were. */
  async empty(): Promise<number> {
    const environment = this.environment;
    const values = await call("secret_empty_trash", { environment });
    const sets = await call("credential_empty_trash", { environment });
    this.rows = [];
    return values.purged + sets.purged;
  }

  #drop(ids: readonly string[]): void {
    this.rows = this.rows.filter((one) => !ids.includes(one.row.id));
  }
}

export const trash = new Trash();

/** Whole days until it is gone for good, from 0. */
export function daysLeft({ deleted_at }: { deleted_at: string | null }, now: number): number {
  const deleted = Date.parse(deleted_at ?? "");
  return Number.isNaN(deleted) ? KEPT_DAYS : Math.max(0, Math.ceil(KEPT_DAYS - (now - deleted) / 86_400_000));
}
