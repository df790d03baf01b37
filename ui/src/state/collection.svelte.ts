/** What every list of metadata of one environment has: its rows, how loading went, and reading again on a Change. */

import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

export type Phase = "idle" | "loading" | "ready" | "failed";

export abstract class Collection<Row> {
  /** The rows, in the order the vault gave them. Metadata only: no row type has a value in it. */
  rows = $state.raw<readonly Row[]>([]);
  phase = $state<Phase>("idle");
  error = $state.raw<WireError | null>(null);
  /** Name of the environment the rows belong to. */
  environment = $state("");
  #turn = 0;
  #reading: Promise<void> | null = null;
  #again = false;

  protected abstract read(environment: string): Promise<Row[]>;

  /** Shows the rows of an environment; those of another one vanish at once. */
  async open(environment: string): Promise<void> {
    if (environment === this.environment && this.phase !== "idle" && this.phase !== "failed") return;
    this.environment = environment;
    this.rows = [];
    this.phase = "loading";
    await this.reload();
  }

  /** Reads again; calls that come while it reads are answered by one more reading, and resolve after that. */
  reload(): Promise<void> {
    if (this.environment === "") return Promise.resolve();
    this.#again = true;
    return (this.#reading ??= this.#readAll());
  }

  /** Forgets everything: the vault was locked. */
  clear(): void {
    this.#turn += 1;
    this.rows = [];
    this.phase = "idle";
    this.error = null;
    this.environment = "";
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#again && this.environment !== "") {
        this.#again = false;
        await this.#readOnce();
      }
    } finally {
      this.#reading = null;
    }
  }

  async #readOnce(): Promise<void> {
    const turn = ++this.#turn;
    const environment = this.environment;
    try {
      const rows = await this.read(environment);
      if (turn !== this.#turn) return;
      if (environment !== this.environment) {
        this.#again = true;
        return;
      }
      this.rows = rows;
      this.phase = "ready";
      this.error = null;
    } catch (failure) {
      if (turn !== this.#turn) return;
      this.error = asWireError(failure);
      this.phase = "failed";
    }
  }
}
