/** Words of Connections. */

import type { Standing } from "../state/standing";
import { span } from "./time";

const CHIP: Record<Standing, string> = {
  fresh: "Fresh",
  expiring: "Expiring",
  reconnect: "Reconnect",
  waiting: "Waiting",
  error: "Error",
  disconnected: "Disconnected",
};

export const m = {
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
  facts_refresh_held: () => "Held, never handed out",
  facts_refresh_until: (day: string) => `Held until ${day}, never handed out`,
  facts_refresh_none: () => "None",
  facts_obtained: () => "Obtained",
  facts_application: () => "Application",

  scopes: () => "Scopes",
  scopes_granted: (n: number) => `${n} granted`,
  scopes_unknown: () => "The provider named no scopes.",

  error_title: (of: Standing) => (of === "error" ? "The last refresh failed" : "Somebody must sign in again"),
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
  gone_failed: (name: string) =>
    `${name} is disconnected here. The provider did not revoke the tokens: end the access on its own page.`,
  gone_no_tokens: (name: string) => `${name} is disconnected. There were no tokens.`,
  deleted_revoked: (name: string) => `${name} is deleted. The provider revoked the tokens.`,
  deleted_no_endpoint: (name: string) =>
    `${name} is deleted. The provider has no way to revoke: the last token ends by itself.`,
  deleted_failed: (name: string) =>
    `${name} is deleted. The provider did not revoke the tokens: end the access on its own page.`,
  deleted_no_tokens: (name: string) => `${name} is deleted. There were no tokens.`,
};
