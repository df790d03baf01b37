/** Custom credentials of the current environment. Values pass through three methods and stay in none. */

import { call } from "../host";
import type { Credential } from "../host/bindings/Credential";
import type { CredentialCreate } from "../host/bindings/CredentialCreate";
import type { CredentialUpdate } from "../host/bindings/CredentialUpdate";
import type { Revealed } from "../host/bindings/Revealed";
import type { Version } from "../host/bindings/Version";
import { again } from "./again.svelte";
import { Collection } from "./collection.svelte";

export class Credentials extends Collection<Credential> {
  protected read(environment: string): Promise<Credential[]> {
    return call("credential_list", { environment, search: null });
  }

  find(id: string): Credential | undefined {
    return this.rows.find((credential) => credential.id === id);
  }

  async create(credential: Omit<CredentialCreate, "environment">): Promise<Credential> {
    return this.#put(await call("credential_create", { ...credential, environment: this.environment }));
  }

  /** Everything that changed, in one act. */
  async update(id: string, change: Omit<CredentialUpdate, "environment" | "credential">): Promise<Credential> {
    return this.#put(await call("credential_update", { ...change, environment: this.environment, credential: id }));
  }

  /** Moves to the trash: all of them, or none. */
  async remove(ids: readonly string[]): Promise<Credential[]> {
    const gone = await call("credential_delete", { environment: this.environment, credentials: [...ids] });
    this.rows = this.rows.filter((row) => !gone.some((one) => one.id === row.id));
    return gone;
  }

  /** Takes out of the trash; `environment` is where it was, which may not be the one shown now. */
  async restore(credential: Credential): Promise<void> {
    const { environment, id } = credential;
    const back = await call("credential_restore", { environment, credential: id });
    if (environment === this.environment) this.#put(back);
  }

  history(id: string, variable: string): Promise<Version[]> {
    return call("credential_history", { environment: this.environment, credential: id, variable });
  }

  /** Stores an old value of a variable as a new version. */
  async restoreVersion(id: string, variable: string, version: number): Promise<Credential> {
    const request = { environment: this.environment, credential: id, variable, version };
    return this.#put(await call("credential_restore_version", request));
  }

  /** The value of one variable, for the one component that asked; nothing here keeps it. Null when the passphrase was asked for and not given. */
  reveal(id: string, variable: string): Promise<Revealed | null> {
    const request = { environment: this.environment, credential: id, variable };
    return again.through("reveal", (passphrase) => call("credential_reveal", { ...request, ...passphrase }));
  }

  /** Copies in Rust; answers how many seconds the clipboard keeps it. */
  async copy(id: string, variable: string): Promise<number> {
    return (await call("credential_copy", { environment: this.environment, credential: id, variable })).seconds;
  }

  async copyReference(key: string, variable: string | null): Promise<void> {
    await call("reference_copy", { environment: this.environment, key, field: variable, format: "reference" });
  }

  #put(credential: Credential): Credential {
    if (credential.environment !== this.environment) return credential;
    const others = this.rows.filter((row) => row.id !== credential.id);
    this.rows = [...others, credential].sort((a, b) => (a.key < b.key ? -1 : 1));
    return credential;
  }
}

export const credentials = new Credentials();
