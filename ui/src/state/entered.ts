/** Which values each auth type is entered with, and how they may be sent (model/connection/values.rs and apply.rs hold the rules). */

import type { AuthClientType } from "../host/bindings/AuthClientType";
import type { AuthType } from "../host/bindings/AuthType";

export const VALUES: Record<AuthType, readonly string[]> = {
  oauth2: [],
  oauth1: [],
  access_token: ["access_token"],
  api_key: ["value"],
  basic: ["username", "password"],
  none: [],
};

/** Types that a person can choose, in the order they are offered. */
export const TYPES: readonly AuthType[] = ["oauth2", "access_token", "api_key", "basic", "none"];

/** Whether tokens come by consent, and not from what a person enters; of a Connection and of an auth client. */
export function byConsent(type: AuthType | AuthClientType): boolean {
  return type === "oauth2" || type === "oauth1";
}

export const PLACES = ["header", "query", "body", "basic"] as const;
export type Place = (typeof PLACES)[number];

export interface Apply {
  place: Place;
  name: string;
}

const SERVED: Record<AuthClientType, readonly AuthType[]> = {
  oauth2: ["oauth2"],
  oauth1: ["oauth1"],
  noauth: ["none"],
  basic: ["basic"],
  // A token that somebody made at the provider is sent as a key is: one value.
  api_key: ["api_key", "access_token"],
};

/** Whether an auth client of this type says where the values of such a credential go (model/auth_client.rs holds the rule). */
export function serves(client: AuthClientType, type: AuthType): boolean {
  return SERVED[client].includes(type);
}

/** What is usual for a type; `null` where nothing is chosen. */
export function usualApply(type: AuthType): Apply | null {
  if (type === "api_key") return { place: "header", name: "X-API-Key" };
  if (type === "access_token") return { place: "header", name: "Authorization" };
  return null;
}

export function readApply(text: string | null): Apply | null {
  const [place = "", name = ""] = (text ?? "").split(/:(.*)/);
  const known = PLACES.find((one) => one === place);
  return known ? { place: known, name } : null;
}

export function writeApply(apply: Apply): string {
  return apply.place === "basic" ? "basic" : `${apply.place}:${apply.name.trim()}`;
}
