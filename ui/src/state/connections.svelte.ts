/** Connections of the current environment: metadata, refresh, and the two ways to end one. */

import { SvelteSet } from "svelte/reactivity";
import { call } from "../host";
import type { Connection } from "../host/bindings/Connection";
import type { Disconnected } from "../host/bindings/Disconnected";
import { Collection } from "./collection.svelte";
import type { ReferenceFormat } from "./references";

export class Connections extends Collection<Connection> {
  /** How References are written; the last choice stays for the next Connection. */
  referenceFormat = $state<ReferenceFormat>("reference");
  /** Ids that are being refreshed from this window. */
  readonly refreshing = new SvelteSet<string>();

  protected read(environment: string): Promise<Connection[]> {
    return call("connection_list", { environment, state: null });
  }

  find(id: string): Connection | undefined {
    return this.rows.find((connection) => connection.id === id);
  }

  /** Asks the provider for fresh tokens now; callers in other processes share the one refresh. */
  async refresh(id: string): Promise<void> {
    if (this.refreshing.has(id)) return;
    this.refreshing.add(id);
    try {
      this.put(await call("connection_refresh", { environment: this.environment, connection: id }));
    } finally {
      this.refreshing.delete(id);
    }
  }

  /** Drops the tokens, revoking them where the provider has an endpoint; keeps the definition. */
  async disconnect(id: string): Promise<Disconnected> {
    const done = await call("connection_disconnect", { environment: this.environment, connection: id });
    await this.reload();
    return done;
  }

  /** Deletes for good, revoking as `disconnect` does. */
  async remove(id: string): Promise<Disconnected | null> {
    const done = await call("connection_delete", { environment: this.environment, connections: [id] });
    this.rows = this.rows.filter((connection) => connection.id !== id);
    return done[0] ?? null;
  }

  async copyReference(key: string, format: ReferenceFormat): Promise<void> {
    await call("reference_copy", { environment: this.environment, key, format });
  }

  /** Takes in what a command answered. */
  put(connection: Connection): void {
    if (connection.environment !== this.environment) return;
    const others = this.rows.filter((row) => row.id !== connection.id);
    this.rows = [...others, connection].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

export const connections = new Connections();
