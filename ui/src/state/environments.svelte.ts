/** Environments of the vault, and the one that is shown. */

import { call } from "../host";
import type { Compared } from "../host/bindings/Compared";
import type { Environment } from "../host/bindings/Environment";
import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

export class Environments {
  rows = $state.raw<readonly Environment[]>([]);
  error = $state.raw<WireError | null>(null);
  #chosen = $state("");

  /** Name of the environment that is shown; "default" before the list is read. */
  get current(): string {
    if (this.rows.some((row) => row.name === this.#chosen)) return this.#chosen;
    return this.rows.find((row) => row.name === "default")?.name ?? this.rows[0]?.name ?? "default";
  }

  get shown(): Environment | null {
    return this.rows.find((row) => row.name === this.current) ?? null;
  }

  get production(): boolean {
    return this.shown?.production ?? false;
  }

  choose(name: string): void {
    this.#chosen = name;
  }

  async read(): Promise<void> {
    try {
      this.rows = await call("environment_list", {});
      this.error = null;
    } catch (failure) {
      this.error = asWireError(failure);
    }
  }

  async create(name: string): Promise<void> {
    const made = await call("environment_create", { name });
    this.rows = [...this.rows.filter((row) => row.name !== made.name), made].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.choose(made.name);
  }

  async update(name: string, change: { production: boolean; colour: string }): Promise<void> {
    const changed = await call("environment_update", { name, ...change });
    this.rows = this.rows.map((row) => (row.name === name ? changed : row));
  }

  async remove(name: string): Promise<void> {
    await call("environment_delete", { name });
    this.rows = this.rows.filter((row) => row.name !== name);
  }

  /** Which keys exist in which of two environments. */
  compare(first: string, second: string): Promise<Compared[]> {
    return call("environment_compare", { first, second });
  }

  clear(): void {
    this.rows = [];
    this.error = null;
  }
}

export const environments = new Environments();

/** What is wrong with a name, as model/name.rs has it. */
export function environmentFault(name: string, taken: readonly string[]): "empty" | "letters" | "long" | "taken" | null {
  if (name === "") return "empty";
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return "letters";
  if (name.length > 32) return "long";
  return taken.includes(name) ? "taken" : null;
}

/** Colours of an environment, and the tokens that draw them. */
export const COLOURS: Readonly<Record<string, string>> = {
  grey: "--env-personal",
  blue: "--env-dev",
  violet: "--env-staging",
  teal: "--c1",
  amber: "--c3",
  pink: "--c4",
};

/** The token of the dot: production is red, whatever was chosen; then its colour; the well-known names have their hue. */
export function environmentHue(environment: { name: string; production: boolean; colour?: string | null } | null): string {
  if (!environment) return "--env-personal";
  if (environment.production) return "--env-prod";
  const chosen = COLOURS[environment.colour ?? ""];
  if (chosen !== undefined) return chosen;
  if (/^(dev|development)\b/.test(environment.name)) return "--env-dev";
  if (/^(stag|test|qa)/.test(environment.name)) return "--env-staging";
  return "--env-personal";
}
