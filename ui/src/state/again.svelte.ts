/**
 * The passphrase again, where the settings ask for it (W-08). An act goes `through` here; the one dialog of the window
 * (parts/shell/PassphraseAgain) asks, tries, and stays open while the passphrase is wrong. It is kept nowhere.
 */

import type { Plaintext } from "../host/bindings/Plaintext";
import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

/** What the passphrase is asked for. */
export type Purpose = "reveal" | "export" | "settings";

/** What an act adds to its request: nothing, or the passphrase. */
export type Given = { passphrase?: Plaintext };

interface Asking {
  purpose: Purpose;
  /** Answers why it did not happen; null once the dialog has nothing to ask any more. */
  attempt: (passphrase: string) => Promise<WireError | null>;
  cancel: () => void;
}

export class Again {
  asking = $state.raw<Asking | null>(null);
  #known: Partial<Record<Purpose, boolean>> = {};

  /** What is known to ask: it is asked for at once, not after a refusal. */
  asksFor(known: Partial<Record<Purpose, boolean>>): void {
    this.#known = known;
  }

  /** Runs an act, with the passphrase where that is needed; null when the person would not give it. */
  async through<T>(purpose: Purpose, act: (given: Given) => Promise<T>): Promise<T | null> {
    if (!this.#known[purpose]) {
      try {
        return await act({});
      } catch (failure) {
        if (asWireError(failure).code !== "locked") throw failure;
      }
    }
    this.asking?.cancel();
    return new Promise((resolve, reject) => {
      const end = () => (this.asking = null);
      this.asking = {
        purpose,
        attempt: async (passphrase) => {
          try {
            const done = await act({ passphrase });
            end();
            resolve(done);
          } catch (failure) {
            const error = asWireError(failure);
            if (error.code === "locked") return error;
            end();
            reject(failure);
          }
          return null;
        },
        cancel: () => {
          end();
          resolve(null);
        },
      };
    });
  }

  /** The vault was locked: nobody is asked any more. */
  forget(): void {
    this.#known = {};
    this.asking?.cancel();
  }
}

export const again = new Again();
