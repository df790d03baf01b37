/** Words of the catalogue. */

import { day } from "./time";

const CATEGORY: Record<string, string> = {
  code: "Code", crm: "CRM", communication: "Communication", finance: "Finance", health: "Health", hr: "HR", identity: "Identity",
  marketing: "Marketing", media: "Media", productivity: "Productivity", commerce: "Commerce", support: "Support", other: "Other",
};

export const m = {
  title: () => "New auth client",
  search: () => "Search providers, or paste an issuer address",
  count: (n: number) => (n === 1 ? "1 provider" : `${n} providers`),
  categories: () => "Categories",
  all: () => "All",
  category: (of: string) => CATEGORY[of] ?? of,
  list: () => "Providers",
  verified: (on: string) => `Checked ${day(on)}`,
  unchecked: () => "Not checked",
  own: () => "Your file",
  none_title: () => "No provider is found",
  none_text: () => "Any that speaks OpenID Connect can be discovered from its address.",
  discover: () => "Discover from an address",
  discover_what: () => "Any OpenID or RFC 8414 provider",
  hand: () => "Set it up by hand",
  hand_what: () => "You know the three addresses",
  move: () => "Move",
  choose: () => "Choose",
  private: () => "The catalogue ships with the app. Searching it sends nothing.",
  problems: (files: readonly string[]) => `Not readable in your folder providers: ${files.join(", ")}`,
  failed: () => "The catalogue could not be read",
  retry: () => "Try again",

  from: (name: string) => `Addresses of ${name}`,
  other: () => "Use another provider",
  need_variable: () => "Enter it: the addresses need it",
  variable_hint: (example: string, rule: string) => `For example ${example}: ${rule}`,
  secret_without_pkce: () => "Stored encrypted, and sent to the token address alone.",
  sends: (params: readonly string[]) => `Sent with each consent: ${params.join(", ")}`,
  device: () => "Device",
  checked_on: (on: string, source: string) => `Checked ${day(on)}. Source: ${source}`,
  not_checked: () => "Nobody held these facts against the provider’s own pages. Compare them before you rely on them.",
  without_pkce: () => "This provider refuses PKCE, so it is left out.",
  keeps: (fields: readonly string[]) => `Kept beside the tokens: ${fields.join(", ")}`,
  documentation: () => "Its page about OAuth",
  console: () => "Where applications are registered",
};
