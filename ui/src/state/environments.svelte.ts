/** Environments of the vault, and the one that is shown. */

import { call } from "../host";
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

/** The token of the dot: production is red, whatever its name; the well-known names have their hue. */
export function environmentHue(environment: { name: string; production: boolean } | null): string {
  if (!environment) return "--env-personal";
  if (environment.production) return "--env-prod";
  if (/^(dev|development)\b/.test(environment.name)) return "--env-dev";
  if (/^(stag|test|qa)/.test(environment.name)) return "--env-staging";
  return "--env-personal";
}
