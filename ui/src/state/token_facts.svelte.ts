/** What is known of the tokens of the Connection that is open: refreshes, claims, scopes, ends, what waits to be revoked. */

import type { Connection } from "../host/bindings/Connection";
import type { RefreshAttempt } from "../host/bindings/RefreshAttempt";
import type { TokenFacts } from "../host/bindings/TokenFacts";
import type { WireError } from "../host/bindings/WireError";
import { connections } from "./connections.svelte";
import { asWireError } from "./failure";

/** A scope, and whether the provider granted what was asked. */
export interface ScopeShown {
  name: string;
  granted: boolean;
}

export class TokenFactsShown {
  facts = $state.raw<TokenFacts | null>(null);
  attempts = $state.raw<readonly RefreshAttempt[]>([]);
  error = $state.raw<WireError | null>(null);
  #turn = 0;

  /** Reads both; an answer that a later reading has overtaken is dropped. */
  async load(id: string): Promise<void> {
    const turn = ++this.#turn;
    try {
      const [facts, attempts] = await Promise.all([connections.facts(id), connections.refreshes(id)]);
      if (turn !== this.#turn) return;
      this.facts = facts;
      this.attempts = attempts;
      this.error = null;
    } catch (failure) {
      if (turn !== this.#turn) return;
      this.error = asWireError(failure);
    }
  }
}

/** What the answer depends on: asked again when it changes, not at every redraw. */
export function questionOf(connection: Connection): string {
  return [connection.id, connection.state, connection.obtained_at, connection.next_refresh_at, connection.error?.code].join(" ");
}

/** Granted ones first, then what was asked for and not granted. An answer without a scope grants what was asked (O-14). */
export function scopesOf(scope: string | null, asked: readonly string[]): ScopeShown[] {
  const granted = scope === null ? [...asked] : scope.split(/\s+/).filter(Boolean);
  const missing = asked.filter((name) => !granted.includes(name));
  return [...granted.map((name) => ({ name, granted: true })), ...missing.map((name) => ({ name, granted: false }))];
}

/** Claims that say who somebody is: not shown in full to whoever looks over a shoulder. */
const PERSONAL = [
  "sub", "email", "name", "preferred_username", "given_name", "family_name", "middle_name", "nickname", "phone_number", "birthdate", "upn", "unique_name",
];

export function isPersonal(claim: string): boolean {
  return PERSONAL.includes(claim);
}

/** Claims that are moments, in seconds since 1970 (RFC 7519 section 4.1, OpenID Connect Core section 5.1). */
const TIMES = ["iat", "exp", "nbf", "auth_time", "updated_at"];

export function isTime(claim: string, value: string): boolean {
  return TIMES.includes(claim) && /^[0-9]{1,11}$/.test(value);
}

/** `ada@acme.dev` as `a••@acme.dev`, `118409130913` as `1184••••0913`. */
export function masked(value: string): string {
  const at = value.indexOf("@");
  if (at > 0) return `${value.slice(0, 1)}••${value.slice(at)}`;
  return value.length > 12 ? `${value.slice(0, 4)}••••${value.slice(-4)}` : `${value.slice(0, 1)}••••`;
}
