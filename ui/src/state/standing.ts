/** How a Connection stands in the eyes of a person: one word from its wire state, tokens and the clock. */

import type { Connection } from "../host/bindings/Connection";

export type Standing = "fresh" | "stored" | "expiring" | "reconnect" | "waiting" | "error" | "disconnected";

/** The word shown for a Connection. `now` in milliseconds. */
export function standing(connection: Connection, now: number): Standing {
  switch (connection.state) {
    case "awaiting_consent":
      return "waiting";
    case "needs_consent":
      return "reconnect";
    case "error":
      return "error";
    case "disconnected":
      return "disconnected";
    case "ready": {
      // What was entered has no end that we know of.
      if (connection.auth_type !== "oauth2") return "stored";
      const left = secondsLeft(connection, now);
      // Where nothing renews it, it ends, and then a person is needed.
      if (left !== null && connection.renewed_by === null) return left > 0 ? "expiring" : "reconnect";
      return left !== null && left <= 0 ? "expiring" : "fresh";
    }
  }
}

/** Seconds the access token has left, negative once it ended; `null` when no end is known. */
export function secondsLeft(connection: Connection, now: number): number | null {
  if (connection.expires_at === null) return null;
  const ends = Date.parse(connection.expires_at);
  return Number.isNaN(ends) ? null : Math.floor((ends - now) / 1000);
}

/** Which part of the list a Connection belongs to. */
export type Attention = "needs" | "fresh" | "off";

export function attention(of: Standing): Attention {
  if (of === "fresh" || of === "stored") return "fresh";
  return of === "disconnected" ? "off" : "needs";
}

/** Urgency within "Needs you": what already fails comes first. */
export function urgency(of: Standing): number {
  return ["reconnect", "error", "expiring", "waiting", "fresh", "stored", "disconnected"].indexOf(of);
}

/** Where things lie on the lifetime bar, as shares of its length from 0 to 1; `null` when no end is known. */
export interface Lifetime {
  now: number;
  refresh: number | null;
  expired: boolean;
}

export function lifetime(connection: Connection, now: number): Lifetime | null {
  if (connection.obtained_at === null || connection.expires_at === null) return null;
  const from = Date.parse(connection.obtained_at);
  const until = Date.parse(connection.expires_at);
  if (Number.isNaN(from) || Number.isNaN(until) || until <= from) return null;
  const share = (at: number) => Math.min(1, Math.max(0, (at - from) / (until - from)));
  const refresh = connection.next_refresh_at === null ? null : share(Date.parse(connection.next_refresh_at));
  return { now: share(now), refresh, expired: now >= until };
}
