/** Work of one thing at a time: whether some is under way, and what became of the last. */

import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

export class Working {
  busy = $state(false);
  error = $state.raw<WireError | null>(null);

  /** Does the work unless other work is under way; a failure stays in `error`. */
  protected async while(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await work();
    } catch (failure) {
      this.error = asWireError(failure);
    } finally {
      this.busy = false;
    }
  }
}
