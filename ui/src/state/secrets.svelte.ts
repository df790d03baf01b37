/** Secrets of the current environment. Values pass through two methods and stay in none. */

import { call } from "../host";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { Revealed } from "../host/bindings/Revealed";
import type { Secret } from "../host/bindings/Secret";
import type { SecretCreate } from "../host/bindings/SecretCreate";
import type { SecretUpdate } from "../host/bindings/SecretUpdate";
import type { Version } from "../host/bindings/Version";
import { again } from "./again.svelte";
import { Collection } from "./collection.svelte";
import type { ReferenceFormat } from "./references";

export class Secrets extends Collection<Secret> {
  /** How References are written; the last choice stays for the next item. */
  referenceFormat = $state<ReferenceFormat>("reference");

  protected read(environment: string): Promise<Secret[]> {
    return call("secret_list", { environment, search: null, tag: null });
  }

  find(id: string): Secret | undefined {
    return this.rows.find((secret) => secret.id === id);
  }

  async create(secret: Omit<SecretCreate, "environment">): Promise<Secret> {
    return this.#put(await call("secret_create", { ...secret, environment: this.environment }));
  }

  async update(id: string, change: Omit<SecretUpdate, "environment" | "secret">): Promise<Secret> {
    return this.#put(await call("secret_update", { ...change, environment: this.environment, secret: id }));
  }

  async setValue(id: string, value: Plaintext, note: string | null): Promise<Secret> {
    const request = { environment: this.environment, secret: id, value, note };
    return this.#put(await call("secret_set_value", request));
  }

  /** Moves to the trash. */
  async remove(ids: string[]): Promise<Secret[]> {
    const gone = await call("secret_delete", { environment: this.environment, secrets: ids });
    this.rows = this.rows.filter((secret) => !gone.some((row) => row.id === secret.id));
    return gone;
  }

  /** Takes out of the trash; `environment` is where it was, which may not be the one shown now. */
  async restore(secret: Secret): Promise<void> {
    const back = await call("secret_restore", { environment: secret.environment, secret: secret.id, version: null });
    if (secret.environment === this.environment) this.#put(back);
  }

  /** Stores an old value as a new version. */
  async restoreVersion(id: string, version: number): Promise<Secret> {
    return this.#put(await call("secret_restore", { environment: this.environment, secret: id, version }));
  }

  history(id: string): Promise<Version[]> {
    return call("secret_history", { environment: this.environment, secret: id });
  }

  /** The value, for the one component that asked; nothing here keeps it. Null when the passphrase was asked for and not given. */
  reveal(id: string): Promise<Revealed | null> {
    const environment = this.environment;
    return again.through("reveal", (passphrase) => call("secret_reveal", { environment, secret: id, ...passphrase }));
  }

  /** Copies in Rust; answers how many seconds the clipboard keeps it. */
  async copy(id: string): Promise<number> {
    return (await call("secret_copy", { environment: this.environment, secret: id })).seconds;
  }

  async copyReference(key: string, format: ReferenceFormat): Promise<void> {
    await call("reference_copy", { environment: this.environment, key, format });
  }

  #put(secret: Secret): Secret {
    if (secret.environment !== this.environment) return secret;
    const others = this.rows.filter((row) => row.id !== secret.id);
    this.rows = [...others, secret].sort((a, b) => (a.key < b.key ? -1 : 1));
    return secret;
  }
}

export const secrets = new Secrets();
