/** Words of what is known of the tokens of a Connection. */

import { clock, day, exact, span } from "./time";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Outcomes of a refresh, as the audit log has them; OAuth’s own words are shown as they are beside these. */
const CAUSE: Record<string, string> = {
  temporary: "The provider could not be reached, or asked to wait",
  invalid_grant: "The provider no longer accepts the grant",
  invalid_client: "The provider refuses the client ID or secret",
  unauthorized_client: "The auth client may not refresh",
  invalid_scope: "The provider no longer grants these scopes",
  invalid_request: "The provider does not understand the request",
  unreadable_answer: "The answer could not be read",
  bad_endpoint: "The token address cannot be asked",
  bad_parameter: "The request could not be made",
};

export const t = {
  history: (n: number) => (n === 0 ? "Refreshes" : n === 1 ? "Last refresh" : `Last ${n} refreshes`),
  history_worked: (n: number) => `${n} worked`,
  history_failed: (n: number) => `${n} failed`,
  history_none: () => "Not refreshed yet.",
  attempt: (at: string, outcome: string, ms: number | null) =>
    `${exact(at)}: ${outcome === "ok" ? "worked" : `${cause(outcome)} (${outcome})`}${ms === null ? "" : `, ${took(ms)}`}`,
  attempt_at: (at: string) => exact(at),
  worked: () => "Worked",
  cause,
  took,
  typical: (ms: number) => `Typical ${took(ms)}`,
  show_all: (n: number) => `Show all ${n}`,
  show_fewer: () => "Show fewer",
  failures: (n: number, at: string | null) =>
    `${count(n, "failure", "failures")} in a row${at === null ? "" : `, next try at ${clock(at)}`}`,

  claims: () => "Claims",
  claims_of: () => "from the ID token",
  claims_none: () => "The present tokens came without an ID token.",
  claims_reveal: () => "Reveal",
  claims_hide: () => "Hide",

  scopes_part: (granted: number, asked: number) => (granted === asked ? `${granted} granted` : `${granted} of ${asked} granted`),
  not_granted: () => "not granted",

  consented: () => "Consent",
  end_idle: (at: string) => `Ends ${day(at)} if nobody uses it. Each refresh puts that off.`,
  end_fixed: (at: string) => `Ends ${day(at)}, whatever is done. Somebody must sign in again before.`,
  end_unknown: () => "Held, never handed out. The provider names no end.",
  skew: () => "Clocks",
  skew_by: (seconds: number) =>
    seconds > 0 ? `The provider’s clock is ${span(seconds)} ahead. Refreshes follow it.` : `The provider’s clock is ${span(-seconds)} behind. Refreshes follow it.`,

  unsaved_title: () => "The newest tokens are in memory alone.",
  unsaved_text: () => "The disk does not take them. Free space, or make the vault’s folder writable, before you quit Keyward: they are stored by themselves then.",
  revocations: () => "Waiting to be revoked",
  revocation: (queued: string, tries: number) =>
    `Tokens dropped ${exact(queued)}. The provider could not be reached${tries === 0 ? "" : `, ${count(tries, "try", "tries")} since`}.`,
  revocation_next: (at: string) => `Next try ${exact(at)}`,

  invalidate: () => "Invalidate token",
  invalidated: (name: string) => `${name} has another token. The refused one is not handed out any more.`,
  not_invalidated: (name: string) => `The token of ${name} is only seconds old, so it stays.`,

  alarms_unsaved: (names: readonly string[]) => `New tokens of ${listed(names)} could not be saved.`,
  alarms_unsaved_text: () => "They are in memory alone. Free disk space before you quit Keyward.",
  alarms_ending: (names: readonly string[], at: string) =>
    names.length === 1 ? `The sign-in of ${listed(names)} ends ${day(at)}.` : `The sign-ins of ${listed(names)} end, the first ${day(at)}.`,
  alarms_ending_text: () => "No refresh puts that off. Connect again before.",
  alarms_show: () => "Show",
};

function cause(outcome: string): string {
  return CAUSE[outcome] ?? "The provider refused";
}

/** How long a request took: whole milliseconds below a second, tenths of a second from there. */
function took(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Two by name, the rest by number. */
function listed(names: readonly string[]): string {
  const [first = "", second = "", ...others] = names;
  if (names.length === 1) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first}, ${second} and ${others.length} more`;
}
