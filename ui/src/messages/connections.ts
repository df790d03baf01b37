/** Words of Connections. */

import type { AuthType } from "../host/bindings/AuthType";
import type { Standing } from "../state/standing";
import { span } from "./time";

const CHIP: Record<Standing, string> = {
  fresh: "Fresh",
  stored: "Stored",
  expiring: "Expiring",
  reconnect: "Reconnect",
  waiting: "Waiting",
  error: "Error",
  disconnected: "Disconnected",
};

const TYPE: Record<AuthType, string> = {
  oauth2: "OAuth 2.0",
  oauth1: "OAuth 1.0a",
  basic: "Basic",
  api_key: "API key",
  access_token: "Access token",
  none: "None",
};

const FIELD: Record<string, string> = {
  username: "User name",
  password: "Password",
  value: "Value",
  access_token: "Access token",
};

export const m = {
  type: (of: AuthType) => TYPE[of],
  field: (name: string) => FIELD[name] ?? name,
  chip: (of: Standing) => CHIP[of],
  status: (of: Standing, left: number | null) => {
    switch (of) {
      case "expiring":
        return left !== null && left > 0 ? `ends in ${span(left)}` : "retrying";
      case "error":
        return "failing";
      case "waiting":
        return "not signed in";
      default:
        return CHIP[of].toLowerCase();
    }
  },
  left: (seconds: number) => span(seconds),
  no_expiry: () => "no expiry",

  refresh: () => "Refresh now",
  refreshing: () => "Refreshing",
  refreshed: (name: string) => `${name} has a fresh token`,
  reconnect: () => "Reconnect",
  connect: () => "Connect",
  disconnect: () => "Disconnect",
  delete: () => "Delete",
  more: (name: string) => (name === "" ? "More" : `More for ${name}`),
  disconnect_menu: () => "Disconnect, keep the settings",
  delete_menu: () => "Delete connection",

  lifetime_left: (seconds: number) => `${span(seconds)} left`,
  lifetime_ended: (seconds: number) => `Ended ${span(seconds)} ago`,
  lifetime_what: () => "on this access token",
  refreshes_at: () => "Refreshes at",
  refreshes_in: (seconds: number) => (seconds > 0 ? `, in ${span(seconds)}` : ", any moment now"),
  refreshes_never: () => "No refresh token: it ends then",
  issued: (at: string) => `Issued ${at}`,
  now: (at: string) => `Now ${at}`,
  expires: (at: string) => `Expires ${at}`,
  expired: (at: string) => `Expired ${at}`,
  lifetime_sentence: (issued: string, expires: string, refresh: string | null) =>
    refresh === null
      ? `Issued ${issued}, expires ${expires}, without a planned refresh`
      : `Issued ${issued}, refreshes at ${refresh}, expires ${expires}`,

  facts_auth_client: () => "Auth client",
  facts_account: () => "Account",
  facts_account_unknown: () => "Not told by the provider",
  facts_owner: () => "Owner",
  facts_created: () => "Created",
  facts_refresh_token: () => "Refresh token",
  facts_refresh_none: () => "None",
  facts_refresh_by_client: () => "None needed: the auth client asks for tokens by itself.",
  facts_obtained: () => "Obtained",
  facts_application: () => "Application",

  scopes: () => "Scopes",
  scopes_unknown: () => "The provider named no scopes.",

  error_title: (of: Standing) => (of === "error" ? "The last refresh failed" : "Somebody must sign in again"),
  why: () => "Why, and what mends it",
  why_others: (n: number) => (n === 1 ? "It may also be another cause" : `It may also be one of ${n} other causes`),
  edit_auth_client: () => "Edit auth client",
  error_code: () => "The provider’s code is",
  expiring_title: () => "No refresh token.",
  expiring_text: (at: string) => `This connection ends at ${at}. Reconnect with offline access to keep it.`,
  expired_text: () => "The token ended and no refresh is possible. Sign in once more.",
  waiting_title: () => "Nobody has signed in yet",
  waiting_text: () => "Connect opens the browser and stores the tokens here.",
  disconnected_title: () => "Disconnected",
  disconnected_text: () => "The tokens are gone, the settings are kept. Programs get a clear error until you connect again.",

  disconnect_title: (name: string, environment: string) => `Disconnect ${name} in ${environment}?`,
  disconnect_text: () =>
    "Keyward asks the provider to revoke the tokens, then destroys them here. The settings stay, so you can connect again.",
  disconnect_local: () => "If the provider can’t revoke them, they are destroyed here and end there by themselves.",
  disconnect_do: () => "Disconnect",
  delete_title: (name: string, environment: string) => `Delete ${name} from ${environment}?`,
  delete_text: () =>
    "Keyward asks the provider to revoke the tokens, then deletes tokens and settings. This can’t be undone.",
  delete_uses: (key: string) => `Programs that use ${key} fail from now on.`,
  delete_do: () => "Delete connection",
  cancel: () => "Cancel",
  gone_revoked: (name: string) => `${name} is disconnected. The provider revoked the tokens.`,
  gone_no_endpoint: (name: string) =>
    `${name} is disconnected here. The provider has no way to revoke: the last token ends by itself.`,
  gone_queued: (name: string) =>
    `${name} is disconnected here. The provider can’t be reached now: the tokens are revoked as soon as it can be.`,
  gone_failed: (name: string) =>
    `${name} is disconnected here. The provider did not revoke the tokens: end the access on its own page.`,
  gone_no_tokens: (name: string) => `${name} is disconnected. There were no tokens.`,
  deleted_revoked: (name: string) => `${name} is deleted. The provider revoked the tokens.`,
  deleted_no_endpoint: (name: string) =>
    `${name} is deleted. The provider has no way to revoke: the last token ends by itself.`,
  deleted_queued: (name: string) =>
    `${name} is deleted. The provider can’t be reached now: the tokens are revoked as soon as it can be.`,
  deleted_failed: (name: string) =>
    `${name} is deleted. The provider did not revoke the tokens: end the access on its own page.`,
  deleted_no_tokens: (name: string) => `${name} is deleted. There were no tokens.`,

  facts_type: () => "Sign-in",
  facts_url: () => "Address",
  facts_apply: () => "Sent as",
  facts_version: () => "Version",
  facts_default: (application: string) => `Default for ${application}`,
  apply: (apply: string) => {
    const [where = "", name = ""] = apply.split(/:(.*)/);
    switch (where) {
      case "header":
        return `Header ${name}`;
      case "query":
        return `Query parameter ${name}`;
      case "body":
        return `Form member ${name}`;
      default:
        return "HTTP Basic";
    }
  },
  visible_for: (seconds: number) => `Visible for ${seconds} s`,
  value_empty: () => "The value is empty.",
  value_bytes: (n: number) => `The value is ${n} bytes that are not text. Copy works; it can’t be shown.`,
  none_text: () => "An address without sign-in: there is no value.",
  versions: () => "Versions",
  versions_failed: () => "The versions could not be read",
  version_entered: (n: number) => `Version ${n}`,
  edit: () => "Edit",
  edit_title: () => "Edit credential",
  edit_do: () => "Save changes",
  edit_busy: () => "Saving",
  edited: (name: string) => `${name} saved`,
  enter: () => "New values",
  enter_again: () => "Enter values",
  enter_title: (name: string) => `New values for ${name}`,
  enter_do: (version: number) => `Store version ${version}`,
  enter_busy: () => "Storing",
  entered: (name: string, version: number) => `${name} has version ${version} now`,
  enter_missing: (field: string) => `Enter the ${field.toLowerCase()}.`,
  field_name: () => "Credential name",
  field_key: () => "Key",
  field_key_fixed: () => "Tools refer to this key, so it never changes.",
  field_url: () => "URL",
  field_note: () => "Why",
  optional: () => "optional",
  need_name: () => "Give it a name.",
  need_url: () => "Enter the address, starting with https://.",
  show_typed: () => "Show what is typed",
  hide_typed: () => "Hide what is typed",
  disconnected_values_title: () => "Disconnected",
  disconnected_values_text: () =>
    "Its values were destroyed, its settings are kept. Programs get a clear error until you enter values again.",
  disconnect_values_menu: () => "Disconnect: destroy the values, keep the settings",
  disconnect_values_text: () =>
    "Keyward destroys the values and all their versions. Name, address and how they are sent stay, so you can enter values again.",
  delete_values_text: () => "Keyward deletes values, versions and settings. This can’t be undone.",
  gone_values: (name: string) => `${name} is disconnected. Its values are destroyed.`,
  deleted_values: (name: string) => `${name} is deleted.`,
};
