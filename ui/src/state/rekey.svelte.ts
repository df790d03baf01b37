/** A new key for the whole vault: begun here, worked on in Rust, stopped here. */

import { call } from "../host";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { RecoveryOffer } from "../host/bindings/RecoveryOffer";
import type { RekeyDepth } from "../host/bindings/RekeyDepth";
import type { RekeyProgress } from "../host/bindings/RekeyProgress";

class Rekey {
  /** How far it is; null until one was begun by this window. */
  progress = $state.raw<RekeyProgress | null>(null);

  get running(): boolean {
    return this.progress?.state === "running";
  }

  /** Proves the Owner; confirming the recovery key on offer starts the work. */
  begin(depth: RekeyDepth, passphrase: Plaintext | null): Promise<RecoveryOffer> {
    return call("rekey_begin", { depth, passphrase });
  }

  async read(): Promise<void> {
    this.progress = await call("rekey_status", {}).catch(() => null);
  }

  /** The vault is as it was, unless the new key was being stored already. */
  async stop(): Promise<void> {
    await call("rekey_stop", {});
  }

  /** Its end was seen. */
  clear(): void {
    this.progress = null;
  }
}

export const rekey = new Rekey();
