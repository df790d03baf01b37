/** Light, dark or as the system says. The attribute is set by Rust before first paint; this keeps it right afterwards. */

import { call } from "../host";
import type { Theme } from "../host/desktop";

export class AppearanceState {
  theme = $state<Theme>("system");
  /** Whether closing the window keeps the app in the tray. */
  closesToTray = $state(false);
  closeNoticeSeen = $state(true);
  #dark = $state(false);

  get shown(): "light" | "dark" {
    return this.theme === "system" ? (this.#dark ? "dark" : "light") : this.theme;
  }

  /** Reads the saved choice and follows the system; answers how to stop. */
  start(): () => void {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => {
      this.#dark = query.matches;
      this.#apply();
    };
    follow();
    query.addEventListener("change", follow);
    void call("appearance_get", {}).then(
      (saved) => {
        this.theme = saved.theme;
        this.closesToTray = saved.closes_to_tray;
        this.closeNoticeSeen = saved.close_notice_seen;
        this.#apply();
      },
      () => undefined, // the system's choice stays
    );
    return () => query.removeEventListener("change", follow);
  }

  async choose(theme: Theme): Promise<void> {
    this.theme = theme;
    this.#apply();
    await call("appearance_set", { theme });
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.shown;
  }
}

export const appearance = new AppearanceState();
