/**
 * The Consent the person is in the middle of. One at a time in this window; Rust holds it, this follows it by a
 * long poll (`after` = the revision already seen) and counts the seconds in between.
 */

import { call } from "../host";
import type { Consent } from "../host/bindings/Consent";
import type { ConsentState } from "../host/bindings/ConsentState";
import type { ConnectionConnect } from "../host/bindings/ConnectionConnect";
import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

/** After how many seconds without an answer we ask what the provider's page says. */
export const ASK_AFTER_SECONDS = 90;

const RUNNING: readonly ConsentState[] = ["waiting", "finishing"];

/** With these answers there is no Consent any more that could be followed. */
const ENDED: readonly WireError["code"][] = ["not_found", "locked", "usage"];
const RETRY_MILLISECONDS = 1000;

export function isRunning(state: ConsentState): boolean {
  return RUNNING.includes(state);
}

export class Consents {
  /** The last answer about the Consent. */
  current = $state.raw<Consent | null>(null);
  /** Why it could not begin, or why following it stopped. */
  error = $state.raw<WireError | null>(null);
  beginning = $state(false);
  /** When `current` arrived, in milliseconds of the same clock as `now`. */
  #seenAt = $state(0);
  #turn = 0;

  get running(): boolean {
    return this.current !== null && isRunning(this.current.state);
  }

  /** Seconds until it gives up, counted on from the last answer. */
  secondsLeft(now: number): number {
    if (!this.current) return 0;
    const since = this.running ? Math.max(0, (now - this.#seenAt) / 1000) : 0;
    return Math.max(0, Math.ceil(this.current.seconds_left - since));
  }

  /** Seconds it has been waiting for the person. */
  secondsWaited(now: number): number {
    return this.current ? this.current.seconds_allowed - this.secondsLeft(now) : 0;
  }

  /** Begins and follows to the end. Resolves once it has begun; an error stays in `error`. */
  async begin(request: ConnectionConnect): Promise<boolean> {
    const turn = ++this.#turn;
    this.error = null;
    this.current = null;
    this.beginning = true;
    try {
      const consent = await call("connection_connect", request);
      if (turn !== this.#turn) return false;
      this.#take(consent);
    } catch (failure) {
      if (turn === this.#turn) this.error = asWireError(failure);
      return false;
    } finally {
      if (turn === this.#turn) this.beginning = false;
    }
    void this.#follow(turn);
    return true;
  }

  /** Stops it; the listener closes. */
  async cancel(): Promise<void> {
    const consent = this.current;
    if (!consent || !this.running) return;
    this.#take(await call("connection_cancel", { consent: consent.id }));
  }

  /** Hands in the address the browser ended at (O-36); a bad one is refused and nothing is lost. */
  async paste(address: string): Promise<void> {
    if (!this.current) return;
    this.#take(await call("connection_paste", { consent: this.current.id, address }));
  }

  async openAgain(): Promise<void> {
    if (this.current) await call("connection_open_again", { consent: this.current.id });
  }

  /** Copies the link in Rust. */
  async copyLink(): Promise<void> {
    if (this.current) await call("connection_copy_link", { consent: this.current.id });
  }

  /** Leaves the panel: nothing of the finished Consent stays. */
  clear(): void {
    this.#turn += 1;
    this.current = null;
    this.error = null;
    this.beginning = false;
  }

  async #follow(turn: number): Promise<void> {
    while (turn === this.#turn && this.current && this.running) {
      const { id, revision } = this.current;
      try {
        const consent = await call("consent_status", { consent: id, after: revision });
        if (turn !== this.#turn) return;
        this.error = null;
        this.#take(consent);
      } catch (failure) {
        if (turn !== this.#turn) return;
        this.error = asWireError(failure);
        if (ENDED.includes(this.error.code)) {
          this.current = null;
          return;
        }
        await new Promise((again) => setTimeout(again, RETRY_MILLISECONDS));
      }
    }
  }

  #take(consent: Consent): void {
    // An answer of the long poll may arrive after that of a newer command.
    if (this.current?.id === consent.id && consent.revision < this.current.revision) return;
    this.current = consent;
    this.#seenAt = Date.now();
  }
}

export const consents = new Consents();
