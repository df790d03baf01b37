/**
 * The one value that a component shows, made by that component and gone with it (UI.md §11.3). It goes when its seconds are over, on Esc, when
 * the window loses the focus or is hidden, and when another is shown.
 */

import type { Plaintext } from "../host/bindings/Plaintext";
import { settings } from "./settings.svelte";

export class Revealed {
  /** Name of the value that is shown. */
  of = $state<string | null>(null);
  text = $state.raw("");
  left = $state(0);
  /** How long it is shown, as the settings were when it appeared. */
  total = $state(0);
  #countdown: ReturnType<typeof setInterval> | undefined;
  /** Raised whenever nothing may appear any more: an answer that comes later is dropped. */
  #turn = 0;

  /** Asks for a value and shows it; answers what cannot be shown. */
  async show(id: string, ask: () => Promise<{ value: Plaintext } | null>): Promise<"shown" | "empty" | { bytes: number } | "late"> {
    this.hide();
    const turn = this.#turn;
    const answer = await ask();
    // The person turned away, or something else is to be seen by now.
    if (!answer || turn !== this.#turn || document.hidden) return "late";
    const { value } = answer;
    if (typeof value !== "string") return { bytes: Math.floor((value.base64.replace(/=+$/, "").length * 3) / 4) };
    if (value === "") return "empty";
    this.of = id;
    this.text = value;
    this.left = this.total = settings.revealSeconds;
    const until = performance.now() + this.total * 1000;
    this.#countdown = setInterval(() => {
      this.left = Math.ceil((until - performance.now()) / 1000);
      if (this.left <= 0) this.hide();
    }, 1000);
    return "shown";
  }

  hide(): void {
    this.#turn += 1;
    clearInterval(this.#countdown);
    this.of = null;
    this.text = "";
    this.left = 0;
  }
}
