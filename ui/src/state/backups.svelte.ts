/** Copies of the vault: those beside it, and files that the person chooses in the system's own dialog. */

import { call } from "../host";
import type { BackupCopy } from "../host/bindings/BackupCopy";
import type { BackupMade } from "../host/bindings/BackupMade";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { VaultRestored } from "../host/bindings/VaultRestored";
import type { WireError } from "../host/bindings/WireError";
import type { BackupView } from "../host/desktop";
import { asWireError } from "./failure";

/** What is restored from: a copy beside the vault, or the file that was chosen (`copy` is null). */
export interface Source {
  copy: string | null;
  /** How a person knows it: a time or a file name. */
  title: string;
}

export class Backups {
  rows = $state.raw<readonly BackupCopy[] | null>(null);
  error = $state.raw<WireError | null>(null);

  get daily(): readonly BackupCopy[] {
    return (this.rows ?? []).filter((row) => row.reason === "daily");
  }

  async read(): Promise<void> {
    try {
      this.rows = await call("backup_list", {});
      this.error = null;
    } catch (failure) {
      this.error = asWireError(failure);
    }
  }

  /** Null when the person closed the dialog. */
  make(): Promise<BackupMade | null> {
    return call("backup_make", {});
  }

  /** Null when the person closed the dialog. */
  async choose(): Promise<Source | null> {
    const chosen = await call("backup_choose", {});
    return chosen && { copy: null, title: chosen.name };
  }

  compare(source: Source): Promise<BackupView> {
    return call("backup_compare", { copy: source.copy });
  }

  async restore(source: Source, passphrase: Plaintext | null): Promise<VaultRestored> {
    const restored = await call("backup_restore", { copy: source.copy, passphrase });
    await this.read();
    return restored;
  }

  forget(): void {
    this.rows = null;
    this.error = null;
  }
}

export const backups = new Backups();
