/** Settings that protect, as the vault has them sealed. How things look is in `appearance`. */

import { call } from "../host";
import type { Settings } from "../host/bindings/Settings";
import type { SettingsUpdate } from "../host/bindings/SettingsUpdate";
import type { WireError } from "../host/bindings/WireError";
import { again } from "./again.svelte";
import { asWireError } from "./failure";

/** Until they are read: what is usual. */
const USUAL_REVEAL_SECONDS = 30;

export type SettingsChange = Omit<SettingsUpdate, "passphrase">;

export class SettingsState {
  current = $state.raw<Settings | null>(null);
  error = $state.raw<WireError | null>(null);

  /** Seconds that a shown value stays. */
  get revealSeconds(): number {
    return this.current?.reveal_seconds ?? USUAL_REVEAL_SECONDS;
  }

  async read(): Promise<void> {
    try {
      this.#take(await call("settings_show", {}));
      this.error = null;
    } catch (failure) {
      this.error = asWireError(failure);
    }
  }

  /** Changes some; what protects less may ask for the passphrase. Rejects when it was refused. */
  async change(change: SettingsChange): Promise<void> {
    const changed = await again.through("settings", (passphrase) => call("settings_update", { ...change, ...passphrase }));
    if (changed) this.#take(changed);
  }

  clear(): void {
    this.current = null;
    this.error = null;
    again.forget();
  }

  #take(settings: Settings): void {
    this.current = settings;
    again.asksFor({ reveal: settings.has_passphrase && settings.passphrase_to_reveal });
  }
}

export const settings = new SettingsState();
