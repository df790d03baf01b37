/** The import of auth clients and planned Connections that somebody prepared (OA13). Rust has the file; here is what it makes. */

import { call } from "../host";
import type { AuthClientImported } from "../host/bindings/AuthClientImported";
import type { RosterKind } from "../host/bindings/RosterKind";
import { authClients } from "./auth_clients.svelte";
import { connections } from "./connections.svelte";
import { Working } from "./working.svelte";

export type RosterStep = "file" | "review" | "done";

export class Roster extends Working {
  step = $state<RosterStep>("file");
  /** Last part of the file's path. */
  name = $state("");
  environment = $state("");
  /** What the last check, or the import, answered. */
  outcome = $state.raw<AuthClientImported | null>(null);
  /** What is there stays where a key is taken; else nothing is imported. */
  keeps = $state(false);

  readonly rows = $derived(this.outcome?.rows ?? []);
  readonly complaints = $derived(this.outcome?.complaints ?? []);
  readonly taken = $derived(this.rows.filter((row) => row.taken).length);
  /** Made, and still without the client secret they are registered with. */
  readonly wanting = $derived(this.rows.filter((row) => row.wants_client_secret && !row.taken));
  readonly ready = $derived(
    this.step === "review" && this.outcome !== null && this.complaints.length === 0 && (this.taken === 0 || this.keeps) && this.made("auth_client") + this.made("connection") > 0,
  );

  /** How many of a kind are made. */
  made(kind: RosterKind): number {
    return this.rows.filter((row) => row.kind === kind && !row.taken).length;
  }

  /** Asks for a file and checks it, if one was chosen. */
  async choose(environment: string): Promise<void> {
    await this.while(async () => {
      const { name } = await call("auth_client_choose_file", {});
      if (name === null) return;
      this.clear();
      this.busy = true;
      this.name = name;
      this.environment = environment;
      await this.#check();
    });
  }

  /** Reads the file again: somebody corrected it. */
  async check(): Promise<void> {
    await this.while(() => this.#check());
  }

  /** Imports what was checked. What became wrong since is told, and nothing is written. */
  async apply(): Promise<void> {
    if (!this.ready) return;
    await this.while(async () => {
      this.outcome = await call("auth_client_import", this.#request(false));
      if (!this.outcome.written) return;
      this.step = "done";
      await Promise.all([authClients.reload(), connections.reload()]);
    });
  }

  clear(): void {
    this.step = "file";
    this.name = "";
    this.outcome = null;
    this.keeps = false;
    this.busy = false;
    this.error = null;
  }

  async #check(): Promise<void> {
    this.step = "review";
    this.outcome = null;
    this.outcome = await call("auth_client_import", this.#request(true));
  }

  #request(dry: boolean) {
    return { environment: this.environment, skip_existing: this.keeps, dry_run: dry };
  }
}

export const roster = new Roster();
