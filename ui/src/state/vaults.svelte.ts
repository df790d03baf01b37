/** The vaults of this person, and which one the window shows. Another vault is a name here, and nothing of its content (AM14). */

import { call } from "../host";
import type { Vault } from "../host/bindings/Vault";

/** Why a name is none for a vault; null when it is one. */
export type VaultNameFault = "empty" | "form" | "taken";

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;

export function vaultNameFault(name: string, others: readonly string[]): VaultNameFault | null {
  if (name === "") return "empty";
  if (!NAME.test(name)) return "form";
  return others.some((other) => other.toLowerCase() === name.toLowerCase()) ? "taken" : null;
}

export class Vaults {
  rows = $state.raw<readonly Vault[]>([]);

  get names(): string[] {
    return this.rows.map((row) => row.name);
  }

  async read(): Promise<void> {
    this.rows = await call("vault_list", {});
  }

  /** Shows another vault, or begins to make one: the page starts afresh, so that nothing of this one stays in it. */
  async select(name: string): Promise<void> {
    await call("vault_select", { name });
  }

  async rename(name: string, newName: string): Promise<void> {
    await call("vault_rename", { name, new_name: newName });
    await this.read();
  }

  /** For good. Answers why its keychain entries could not be deleted, or null. */
  async remove(name: string): Promise<string | null> {
    const { keys_left } = await call("vault_delete", { name });
    await this.read();
    return keys_left;
  }
}

export const vaults = new Vaults();
