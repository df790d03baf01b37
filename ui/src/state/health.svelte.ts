/** What is not well with stored values, in every environment: rules and values are looked at in Rust, no value comes here. */

import { call } from "../host";
import type { Finding } from "../host/bindings/Finding";
import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";

/** The rules, the most urgent first (model/health.rs). */
export const RULES = ["expired", "overdue", "expiring", "reused", "weak", "never_rotated"] as const;
export type Rule = (typeof RULES)[number];

/** What needs the values, and the ages of all but secrets: known once somebody asked for a check. */
const needsCheck = (finding: Finding) => finding.id === "reused" || finding.id === "weak" || finding.place.kind !== "secret";

export interface Checked {
  /** Milliseconds since the epoch. */
  at: number;
  checked: number;
  unread: number;
  leftOut: number;
}

export class Health {
  findings = $state.raw<readonly Finding[]>([]);
  checked = $state.raw<Checked | null>(null);
  checking = $state(false);
  /** Something changed since the values were looked at. */
  stale = $state(false);
  error = $state.raw<WireError | null>(null);
  #turn = 0;

  /** To be acted on now: what the sidebar counts. */
  get urgent(): number {
    return this.findings.filter((finding) => finding.outcome === "fail").length;
  }

  of(rule: Rule): readonly Finding[] {
    return this.findings.filter((finding) => finding.id === rule);
  }

  /** Ends and ages, without opening a value; what the last check said of values stays until the next. */
  async look(): Promise<void> {
    const turn = ++this.#turn;
    this.stale = this.checked !== null;
    try {
      const aged = await call("health_list", {});
      if (turn !== this.#turn) return;
      this.findings = [...aged, ...this.findings.filter(needsCheck)];
    } catch (failure) {
      if (turn === this.#turn) this.error = asWireError(failure);
    }
  }

  /** Everything: opens each confidential value once, in Rust. */
  async check(now: number): Promise<void> {
    if (this.checking) return;
    const turn = ++this.#turn;
    this.checking = true;
    this.stale = false;
    this.error = null;
    try {
      const report = await call("health_check", {});
      if (turn !== this.#turn) return;
      this.findings = report.findings;
      this.checked = { at: now, checked: report.checked, unread: report.unread, leftOut: report.left_out };
    } catch (failure) {
      if (turn === this.#turn) this.error = asWireError(failure);
    } finally {
      this.checking = false;
    }
  }

  clear(): void {
    this.#turn += 1;
    this.findings = [];
    this.checked = null;
    this.stale = false;
    this.error = null;
  }
}

export const health = new Health();
