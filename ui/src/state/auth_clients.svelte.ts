/** AuthClients visible in the current environment: our registrations with providers. */

import { call } from "../host";
import type { AuthClient } from "../host/bindings/AuthClient";
import type { AuthClientCreate } from "../host/bindings/AuthClientCreate";
import type { AuthClientUpdate } from "../host/bindings/AuthClientUpdate";
import type { Discovered } from "../host/bindings/Discovered";
import type { ValueFile } from "../host/desktop";
import { Collection } from "./collection.svelte";

export class AuthClients extends Collection<AuthClient> {
  protected read(environment: string): Promise<AuthClient[]> {
    return call("auth_client_list", { environment });
  }

  byKey(key: string | null): AuthClient | undefined {
    return this.rows.find((client) => client.key === key);
  }

  /** `file`: where its client secret or private key was read from, in place of one that was typed. */
  async create(client: Omit<AuthClientCreate, "environment">, file: ValueFile | null = null): Promise<AuthClient> {
    const request = { ...client, environment: this.environment };
    const made = file === null ? await call("auth_client_create", request) : await call("auth_client_create_from_file", { file: file.id, request });
    this.rows = [made, ...this.rows.filter((row) => row.id !== made.id)];
    return made;
  }

  /** Client id and addresses are refused while a Connection uses it (EL11). */
  async update(change: AuthClientUpdate): Promise<AuthClient> {
    const changed = await call("auth_client_update", change);
    this.rows = this.rows.map((row) => (row.id === changed.id ? changed : row));
    return changed;
  }

  /** Refused while a Connection uses it (EL11). */
  async remove(id: string): Promise<void> {
    await call("auth_client_delete", { auth_client: id });
    this.rows = this.rows.filter((client) => client.id !== id);
  }

  /** Asks an issuer for its endpoints; nothing is stored. */
  discover(issuer: string): Promise<Discovered> {
    return call("auth_client_discover", { issuer });
  }
}

export const authClients = new AuthClients();
