/** Connections of the current environment: metadata, refresh, entered values, and the two ways to end one. */

import { SvelteSet } from "svelte/reactivity";
import { call } from "../host";
import type { Connection } from "../host/bindings/Connection";
import type { ConnectionCreate } from "../host/bindings/ConnectionCreate";
import type { ConnectionUpdate } from "../host/bindings/ConnectionUpdate";
import type { Diagnosis } from "../host/bindings/Diagnosis";
import type { Disconnected } from "../host/bindings/Disconnected";
import type { RefreshAttempt } from "../host/bindings/RefreshAttempt";
import type { Revealed } from "../host/bindings/Revealed";
import type { TokenFacts } from "../host/bindings/TokenFacts";
import type { Version } from "../host/bindings/Version";
import { again } from "./again.svelte";
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

  /** Reports its access token as refused: a new one is asked for, unless it is only seconds old. Answers whether it is new. */
  async invalidate(id: string): Promise<boolean> {
    if (this.refreshing.has(id)) return false;
    this.refreshing.add(id);
    try {
      const before = this.find(id)?.obtained_at;
      const now = await call("connection_invalidate", { environment: this.environment, connection: id, access_token: null });
      this.put(now);
      return now.obtained_at !== before;
    } finally {
      this.refreshing.delete(id);
    }
  }

  /** The newest refreshes and tries, newest first. */
  refreshes(id: string): Promise<RefreshAttempt[]> {
    return call("connection_refreshes", { environment: this.environment, connection: id });
  }

  /** What is known of its tokens beside its state; no token is in it. */
  facts(id: string): Promise<TokenFacts> {
    return call("connection_facts", { environment: this.environment, connection: id });
  }

  /** Stores a credential whose values were entered. */
  async create(connection: Omit<ConnectionCreate, "environment">): Promise<Connection> {
    const made = await call("connection_create", { ...connection, environment: this.environment });
    this.put(made);
    return made;
  }

  /** Changes what is known about it, or its values, which connects it again. */
  async update(id: string, change: Omit<ConnectionUpdate, "environment" | "connection">): Promise<Connection> {
    const changed = await call("connection_update", { ...change, environment: this.environment, connection: id });
    this.put(changed);
    return changed;
  }

  history(id: string): Promise<Version[]> {
    return call("connection_history", { environment: this.environment, connection: id });
  }

  /** Stores old values as a new version. */
  async restoreVersion(id: string, version: number): Promise<Connection> {
    const restored = await call("connection_restore", { environment: this.environment, connection: id, version });
    this.put(restored);
    return restored;
  }

  /** One value, for the one component that asked; nothing here keeps it. Null when the passphrase was asked for and not given. */
  reveal(id: string, field: string): Promise<Revealed | null> {
    const request = { environment: this.environment, connection: id, field };
    return again.through("reveal", (passphrase) => call("connection_reveal", { ...request, ...passphrase }));
  }

  /** Copies in Rust; answers how many seconds the clipboard keeps it. */
  async copy(id: string, field: string): Promise<number> {
    return (await call("connection_copy", { environment: this.environment, connection: id, field })).seconds;
  }

  /** Why it is as it is; asks nobody outside. */
  why(id: string): Promise<Diagnosis> {
    return call("connection_why", { environment: this.environment, connection: id });
  }

  /** Drops the tokens, revoking them where the provider has an endpoint, or destroys the values; keeps the definition. */
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

  /** Deletes several for good, as `remove` does one. */
  async removeAll(ids: readonly string[]): Promise<void> {
    await call("connection_delete", { environment: this.environment, connections: [...ids] });
    this.rows = this.rows.filter((connection) => !ids.includes(connection.id));
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
