/** Secrets of the current environment. Values pass through two methods and stay in none. */

import { call } from "../host";
import type { AuditEvent } from "../host/bindings/AuditEvent";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { Revealed } from "../host/bindings/Revealed";
import type { Secret } from "../host/bindings/Secret";
import type { SecretCreate } from "../host/bindings/SecretCreate";
import type { SecretUpdate } from "../host/bindings/SecretUpdate";
import type { Version } from "../host/bindings/Version";
import type { ValueFile } from "../host/desktop";
import { again } from "./again.svelte";
import { Collection } from "./collection.svelte";
import type { ReferenceFormat } from "./references";

/** What changes; what is not named stays. */
export type Change = Partial<Omit<SecretUpdate, "environment" | "secret">>;

const UNCHANGED = { name: null, description: null, tags: null, masked: null };

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

  /** As `create`, with the value of a file that was chosen. */
  async createFromFile(file: ValueFile, secret: Omit<SecretCreate, "environment" | "value">): Promise<Secret> {
    const request = { ...secret, environment: this.environment, value: "" };
    return this.#put(await call("secret_create_from_file", { file: file.id, request }));
  }

  async update(id: string, change: Change): Promise<Secret> {
    return this.#put(await call("secret_update", { ...UNCHANGED, ...change, environment: this.environment, secret: id }));
  }

  async setValue(id: string, value: Plaintext, note: string | null): Promise<Secret> {
    const request = { environment: this.environment, secret: id, value, note };
    return this.#put(await call("secret_set_value", request));
  }

  /** As `setValue`, with the value of a file that was chosen. */
  async setValueFromFile(id: string, file: ValueFile, note: string | null): Promise<Secret> {
    const request = { environment: this.environment, secret: id, value: "", note };
    return this.#put(await call("secret_set_value_from_file", { file: file.id, request }));
  }

  /** Whether a typed value is the one that is stored; compared in the vault. */
  async isCurrent(id: string, value: Plaintext): Promise<boolean> {
    return (await call("secret_is_current", { environment: this.environment, secret: id, value })).same;
  }

  /** A second Secret under another key. */
  async duplicate(id: string, key: string): Promise<Secret> {
    return this.#put(await call("secret_duplicate", { environment: this.environment, secret: id, key }));
  }

  /** Moves or copies to another environment: all of them or none. */
  async transfer(ids: string[], to: string, how: "move" | "copy"): Promise<Secret[]> {
    const done = await call("secret_move", { environment: this.environment, secrets: ids, to, copy: how === "copy" });
    if (how === "move") this.rows = this.rows.filter((secret) => !ids.includes(secret.id));
    return done;
  }

  /** Copies the Secret of a key to another environment. */
  async copyTo(key: string, to: string): Promise<void> {
    await call("secret_move", { environment: this.environment, secrets: [key], to, copy: true });
  }

  /** What was done with a key, newest first. */
  events(key: string): Promise<AuditEvent[]> {
    return call("item_events", { environment: this.environment, key });
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
  reveal(id: string, version: number | null = null): Promise<Revealed | null> {
    const environment = this.environment;
    return again.through("reveal", (passphrase) => call("secret_reveal", { environment, secret: id, ...numbered(version), ...passphrase }));
  }

  /** Copies in Rust; answers how many seconds the clipboard keeps it. */
  async copy(id: string, version: number | null = null): Promise<number> {
    return (await call("secret_copy", { environment: this.environment, secret: id, ...numbered(version) })).seconds;
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

/** An older version, where one is meant. */
function numbered(version: number | null): { version?: number } {
  return version === null ? {} : { version };
}

export const secrets = new Secrets();
