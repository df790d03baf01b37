/**
 * The one value that a component shows, made by that component and gone with it (UI.md §11.3). It goes after 30 s, on Esc,
 * when the window loses the focus or is hidden, and when another is shown.
 */

import type { Plaintext } from "../host/bindings/Plaintext";

export const REVEAL_SECONDS = 30;

export class Revealed {
  /** Name of the value that is shown. */
  of = $state<string | null>(null);
  text = $state.raw("");
  left = $state(0);
  #countdown: ReturnType<typeof setInterval> | undefined;
  /** Raised whenever nothing may appear any more: an answer that comes later is dropped. */
  #turn = 0;

  /** Asks for a value and shows it; answers what cannot be shown. */
  async show(of: string, ask: () => Promise<{ value: Plaintext }>): Promise<"shown" | "empty" | { bytes: number } | "late"> {
    this.hide();
    const turn = this.#turn;
    const { value } = await ask();
    if (turn !== this.#turn || document.hidden) return "late";
    if (typeof value !== "string") return { bytes: Math.floor((value.base64.replace(/=+$/, "").length * 3) / 4) };
    if (value === "") return "empty";
    this.of = of;
    this.text = value;
    this.left = REVEAL_SECONDS;
    const until = performance.now() + REVEAL_SECONDS * 1000;
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
