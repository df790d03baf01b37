/** The vault as a whole: made or not, locked or not, and why it does not open. */

import { call } from "../host";
import type { Hardening } from "../host/bindings/Hardening";
import type { KeychainProbe } from "../host/bindings/KeychainProbe";
import type { Mode } from "../host/bindings/Mode";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { RecoveryOffer } from "../host/bindings/RecoveryOffer";
import type { VaultStatus } from "../host/bindings/VaultStatus";
import type { Ways } from "../host/bindings/Ways";
import type { WireError } from "../host/bindings/WireError";
import type { Verdict } from "../host/desktop";
import { asWireError } from "./failure";

/** What the window shows. `recovery`: the vault exists and its recovery key is being shown. */
export type Stage = "starting" | "failed" | "create" | "recovery" | "locked" | "open";

export class Vault {
  status = $state.raw<VaultStatus | null>(null);
  error = $state.raw<WireError | null>(null);
  /** What opens it; while it is locked, what its file says. */
  ways = $state.raw<Ways | null>(null);
  /** Wrong answers since the vault was last open. */
  tries = $state(0);
  /** Epoch ms before which another try is not sent; grows after the fifth. */
  waitUntil = $state(0);
  /** The recovery key is being shown and confirmed: first run, or making one later. */
  confirming = $state(false);
  /** The notice about a missing recovery key was put aside until the next start. */
  noticeSeen = $state(false);

  get stage(): Stage {
    if (!this.status) return this.error ? "failed" : "starting";
    if (!this.status.exists) return "create";
    if (this.status.locked) return "locked";
    return this.confirming ? "recovery" : "open";
  }

  get mode(): Mode | null {
    return this.status?.mode ?? null;
  }

  /** Open, and known to have no recovery key. */
  get lacksRecovery(): boolean {
    return this.stage === "open" && this.status?.recovery === false;
  }

  async read(): Promise<void> {
    try {
      this.#take(await call("vault_status", {}));
      this.error = null;
    } catch (failure) {
      this.error = asWireError(failure);
    }
  }

  /** Reads what opens it; what cannot be read is told by the status. */
  async readWays(): Promise<void> {
    this.ways = await call("vault_ways", {}).catch(() => null);
  }

  probe(): Promise<KeychainProbe> {
    return call("keychain_probe", {});
  }

  /** Makes the vault. The offer holds the recovery key: the caller keeps it in one local variable. */
  async create(mode: Mode, passphrase: Plaintext | null, device: boolean): Promise<RecoveryOffer> {
    this.confirming = true;
    try {
      return await call("vault_create", { mode, passphrase, kdf_memory_mib: null, device_secret: device });
    } catch (failure) {
      this.confirming = false;
      throw failure;
    }
  }

  /** A new recovery key for an open vault; the one it has ends when this one is confirmed. */
  beginRecovery(passphrase: Plaintext | null = null): Promise<RecoveryOffer> {
    return call("recovery_begin", { passphrase });
  }

  /** Opens a locked vault with its recovery key; confirming the one on offer unlocks it in its new way. */
  useRecovery(key: string, mode: Mode, passphrase: Plaintext | null, device: boolean): Promise<RecoveryOffer> {
    return call("recovery_use", { recovery_key: key, mode, passphrase, device_secret: device });
  }

  /** Another passphrase, or a first one beside the keychain. */
  async changePassphrase(current: Plaintext | null, next: Plaintext, device: boolean): Promise<void> {
    await call("passphrase_change", { current, new: next, device_secret: device, kdf_memory_mib: null });
    await this.readWays();
  }

  /** What a guess at the passphrase costs here; as slow as an unlock. */
  measure(): Promise<Hardening> {
    return call("passphrase_measure", {});
  }

  /** Makes a guess cost more memory; the passphrase stays. */
  async strengthen(passphrase: Plaintext, memory_mib: number): Promise<void> {
    await call("passphrase_strengthen", { passphrase, memory_mib });
    await this.readWays();
  }

  /** Takes back what is on offer; nothing has changed. */
  async declineRecovery(): Promise<void> {
    await call("recovery_decline", {});
  }

  async confirmRecovery(groups: string[]): Promise<void> {
    await call("vault_confirm_recovery", { groups });
  }

  /** Ends the recovery step, confirmed or put off, and shows the vault. */
  async endRecovery(): Promise<void> {
    this.confirming = false;
    await this.read();
  }

  /** Answers whether it opened; the error says why not. */
  async unlock(passphrase: Plaintext | null): Promise<WireError | null> {
    try {
      this.#take(await call("vault_unlock", { passphrase }));
      this.tries = 0;
      this.waitUntil = 0;
      return null;
    } catch (failure) {
      const error = asWireError(failure);
      if (passphrase !== null && error.code === "locked") this.#wrong(error);
      return error;
    }
  }

  async lock(): Promise<void> {
    await call("vault_lock", {});
    await this.read();
  }

  async suggest(): Promise<Plaintext> {
    return (await call("passphrase_suggest", {})).words;
  }

  judge(passphrase: string): Promise<Verdict> {
    return call("passphrase_judge", { passphrase });
  }

  async copyRecovery(): Promise<number> {
    return (await call("recovery_copy", {})).seconds;
  }

  /** The path it was written to; null when the person closed the dialog. */
  async saveRecovery(): Promise<string | null> {
    const { saved, path } = await call("recovery_save", {});
    return saved ? (path ?? "") : null;
  }

  /** Counts a wrong passphrase, or takes over the wait that other tries on this vault have earned (SECURITY.md §b.7). */
  #wrong(error: WireError): void {
    const held = /Wait (\d+) s/.exec(error.message);
    if (!held) this.tries += 1;
    const seconds = held ? Number(held[1]) : this.tries >= 5 ? Math.min(30, 2 ** (this.tries - 5)) : 0;
    this.waitUntil = Date.now() + seconds * 1000;
  }

  #take(status: VaultStatus): void {
    this.status = status;
    if (status.exists && status.locked) this.confirming = false;
  }
}

export const vault = new Vault();
