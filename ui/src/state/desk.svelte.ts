/** The window on the desktop: minimize, maximize, close, and the one question before the first close without a tray. */

import { call } from "../host";
import { appearance } from "./appearance.svelte";
import { unsaved } from "./unsaved";
import { vault } from "./vault.svelte";

export class Desk {
  /** The question about closing is shown. */
  asking = $state(false);
  readonly mac = typeof navigator !== "undefined" && /Mac/.test(navigator.platform);

  async minimize(): Promise<void> {
    await call("window_minimize", {});
  }

  async toggleMaximize(): Promise<void> {
    await call("window_toggle_maximize", {});
  }

  /** Asks once where closing ends the app and thereby the refreshing of Connections. */
  close(): void {
    unsaved.before(() => this.#close());
  }

  #close(): void {
    if (vault.status?.exists && !appearance.closesToTray && !appearance.closeNoticeSeen) this.asking = true;
    else void this.closeNow();
  }

  async closeNow(): Promise<void> {
    this.asking = false;
    appearance.closeNoticeSeen = true;
    await call("window_close", {});
  }
}

export const desk = new Desk();
