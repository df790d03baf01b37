/** The countdown of a copied value. Rust copies, counts and clears; this only shows what it says. */

import { call } from "../host";

export class Clipboard {
  /** Seconds until it is cleared; 0 when nothing counts. */
  left = $state(0);
  total = $state(30);
  /** Name of what was copied: a key, never a value. */
  what = $state("");
  /** Raised by one each time something is copied. */
  turn = $state(0);

  /** Call after secret_copy or recovery_copy answered. */
  started(what: string, seconds: number): void {
    this.what = what;
    this.total = seconds;
    this.left = seconds;
    this.turn += 1;
  }

  tick(secondsLeft: number, cleared: boolean): void {
    this.left = cleared ? 0 : secondsLeft;
  }

  async clear(): Promise<void> {
    this.left = 0;
    await call("clipboard_clear", {});
  }
}

export const clipboard = new Clipboard();
