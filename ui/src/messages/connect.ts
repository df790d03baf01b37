/** Words of the Connect panel. */

import type { StepId } from "../host/bindings/StepId";
import type { StepState } from "../host/bindings/StepState";
import { countdown } from "./time";

/** What the provider's page may say while nothing reaches us; the Owner picks. */
export type PageSays = "redirect" | "unverified" | "admin" | "client" | "blank";

export const PAGE_SAYS: readonly PageSays[] = ["redirect", "unverified", "admin", "client", "blank"];

export const m = {
  title: () => "Connect",
  title_again: () => "Reconnect",
  back: () => "Back to connections",
  cancel: () => "Cancel",
  close: () => "Close",
  done: () => "Done",
  auth_client_line: (name: string) => `Auth client: ${name}`,
  new_connection: () => "New connection",

  field_name: () => "Connection name",
  field_key: () => "Key",
  field_key_hint: () => "Programs refer to this key. It never changes later.",
  field_auth_client: () => "Auth client",
  no_auth_client_title: () => "Create an auth client first",
  no_auth_client_text: () => "It holds your registration with the provider. One is enough for many connections.",
  pick_auth_client: () => "Choose an auth client",
  and: () => " and ",
  add_auth_client: () => "Add new client",
  scopes: () => "Scopes",
  scopes_count: (n: number) => (n === 0 ? "provider’s default" : `${n}`),
  scope_add: () => "Add scope",
  scope_remove: (scope: string) => `Remove ${scope}`,
  offline_title: () => "Ask for a refresh token",
  offline_on: () => "Without one, somebody has to sign in again when the access token ends. Sends",
  offline_off: () => "Off. The provider may issue no refresh token, so this connection may end with its first access token.",
  offline_heading: () => "Offline access",
  params: () => "Additional parameters",
  params_count: (n: number) => (n === 0 ? "none" : `${n} from the auth client`),
  params_own: (n: number) => (n === 1 ? "1 of your own" : `${n} of your own`),
  param_name: () => "Parameter",
  param_value: () => "Value",
  param_add: () => "Add parameter",
  param_remove: (name: string) => `Remove ${name || "parameter"}`,
  start: () => "Connect in the browser",
  start_device: () => "Get a code",
  start_alone: () => "Get tokens",
  start_again: () => "Sign in again",
  start_busy: () => "Opening",
  key_of_secret: () => "A secret has this key already",
  key_reconnects: () => "A connection has this key. Connecting signs in again and renews it.",
  ready_title: () => "Ready to connect",
  ready_text: () =>
    "Your browser opens the provider’s page. After you approve, it sends the answer to this computer, and Keyward exchanges it for tokens.",

  ready_device: () => "The provider gives a short code. You type it in on its page, on any device, and Keyward gets the tokens.",
  ready_login: () => "Keyward sends user name and password to the provider once, gets the tokens, and keeps neither.",
  ready_alone: () => "Nobody signs in: Keyward asks the provider for tokens in the name of the auth client.",
  login_heading: () => "Sign-in",
  login_warning: () => "This auth client uses the legacy password grant: the password goes through Keyward.",
  field_username: () => "User name",
  field_password: () => "Password",
  need_username: () => "Enter the user name",
  need_password: () => "Enter the password",
  show_typed: () => "Show what is typed",
  hide_typed: () => "Hide what is typed",

  heading_waiting: () => "Waiting for you in the browser",
  heading_alone: () => "Asking the provider",
  heading_code: () => "Type the code in on any device",
  heading_no_browser: () => "Open the link in a browser",
  heading_no_answer: () => "Nothing has come back yet",
  heading_finishing: () => "Finishing",
  heading_done: () => "Connected",
  heading_until: (at: string) => `Connected, but only until ${at}`,
  heading_no_refresh: () => "Connected, but without a refresh token",
  heading_denied: () => "The provider’s page said no",
  heading_timed_out: () => "Nobody answered in time",
  heading_cancelled: () => "Stopped",
  heading_failed: () => "The connection was not made",
  heading_not_begun: () => "The connection could not begin",

  step: (id: StepId, state: StepState, browser: string | null) => STEP[id](state, browser),
  step_denied: () => "The answer was no",
  step_timed_out: () => "No answer came",
  step_cancelled: () => "Stopped waiting",
  step_alone: (state: StepState) => {
    if (state === "done" || state === "warn") return "Got tokens from the provider";
    return state === "error" ? "The provider gave no tokens" : "Get tokens from the provider";
  },
  prepared_with: () => "PKCE S256 and a one-time state",
  answer_checked: () => "state and issuer match",
  open_again: () => "Open again",
  copy_link: () => "Copy link",
  link_copied: () => "Link copied. It works once, and only until this attempt ends.",
  opened_again: () => "Opened again",
  copy_code: () => "Copy code",
  code_copied: () => "Code copied. It works once, and only until this attempt ends.",
  type_code: () => "Check that the page asks for exactly this code. Type it in at",
  listening: () => "listening",
  closed: () => "closed",
  approve: () => "Approve the request on the provider’s page. This window continues by itself.",
  approve_copied: () => "Paste the link into the browser profile where that account is signed in, on this computer, and approve the request there.",
  open_here: () => "Open in this browser",
  step_copied: () => "Copied the link",
  approve_link: () => "No browser could be started. Copy the link and open it in any browser on this computer.",
  gives_up: (seconds: number) => `Gives up in ${countdown(seconds)}`,
  still_waiting: (address: string) => `Still waiting on ${address}`,
  page_question: () => "Some errors stay on the provider’s page and never reach Keyward. What does the page say?",
  page_says: (what: PageSays) => PAGE[what].says,
  page_means: (what: PageSays) => PAGE[what].means,
  page_code: (what: PageSays) => PAGE[what].code,
  copy_redirect: () => "Copy redirect address",
  redirect_copied: () => "Redirect address copied",
  no_browser_here: () => "Browser on another computer?",
  paste_link: () => "Paste the final address",
  paste_field: () => "Final address",
  paste_hint: () => "After you approve, the other browser ends on a page it can’t open. Copy its whole address to here.",
  paste_hint_elsewhere: () => "After you approve, the browser ends on your own page. Copy its whole address to here.",
  paste_do: () => "Use this address",
  paste_busy: () => "Checking",
  paste_empty: () => "Paste the whole address of the page where the browser ended",

  got_access_token: (left: string | null) => (left === null ? "access token" : `access token, ${left}`),
  got_refresh_token: () => "refresh token",
  no_refresh_token: () => "no refresh token",
  first_refresh: (at: string) => `First refresh at ${at}`,
  done_text: (key: string) => `Programs get a fresh token by the key ${key}. You can close this.`,
  show_connection: () => "Show connection",
  no_refresh_text: () =>
    "The provider issued no refresh token. Most issue one only when asked for offline access, and some only on the first consent.",
  ask_again: () => "Ask again with offline access",
  keep: () => "Keep as it is",
  keep_text: () => "If you keep it, programs get a clear error once it ends, and somebody has to sign in again.",
  fix_title: () => "What to do",
  try_again: () => "Try again",
  raw: () => "What the provider said",
  denied_text: () => "Nothing was stored. The person who signed in pressed cancel, or may not approve these scopes.",
  denied_fix_1: () => "Sign in with an account that may approve this",
  denied_fix_2: () => "Ask for fewer scopes",
  timed_out_text: () => "The port is closed and nothing was stored.",
  timed_out_fix_1: () => "Approve the request within the time shown",
  timed_out_fix_2: () => "If the page shows an error, check the redirect address",
  cancelled_text: () => "The port is closed and nothing was stored.",
  auth_client_open: () => "Show auth client",
  leave_title: () => "Stop connecting?",
  leave_text: () => "The browser’s answer is no longer awaited. Nothing was stored yet.",
  leave_stop: () => "Stop connecting",
  leave_stay: () => "Keep waiting",
};

const STEP: Record<StepId, (state: StepState, browser: string | null) => string> = {
  prepare: (state) => (state === "done" ? "Prepared the request" : "Prepare the request"),
  open_browser: (state, browser) => {
    if (state === "done") return browser === null ? "Opened the browser" : `Opened ${browser}`;
    return state === "warn" || state === "error" ? "No browser could be started" : "Open the browser";
  },
  wait: (state) => {
    if (state === "done") return "Answer received and checked";
    if (state === "error") return "No usable answer";
    return state === "todo" ? "Wait for the answer" : "Waiting for the answer";
  },
  exchange: (state) => {
    if (state === "done" || state === "warn") return "Exchanged the code for tokens";
    if (state === "error") return "The code was not exchanged";
    return "Exchange the code for tokens";
  },
  store: (state) => {
    if (state === "done") return "Stored in the vault";
    return state === "error" ? "Not stored in the vault" : "Store them in the vault";
  },
  plan: (state) => {
    if (state === "done") return "Planned the first refresh";
    return state === "warn" || state === "error" ? "Can’t plan a refresh" : "Plan the first refresh";
  },
};

const PAGE: Record<PageSays, { code: boolean; says: string; means: string }> = {
  redirect: {
    code: true,
    says: "redirect_uri_mismatch",
    means: "The registration doesn’t allow the address above. Register it at the provider, as a desktop or native app where it asks.",
  },
  unverified: {
    code: false,
    says: "Access blocked, app not verified",
    means: "The provider wants to review the registration, or your account must be on its list of testers.",
  },
  admin: {
    code: false,
    says: "Admin approval needed",
    means: "Your organisation decides who may grant these scopes. Send the link to an administrator, or ask for fewer scopes.",
  },
  client: {
    code: true,
    says: "invalid_client",
    means: "The provider doesn’t know the client ID. Compare it with the one on the provider’s page.",
  },
  blank: {
    code: false,
    says: "The page is blank, or says it can’t connect",
    means: "A proxy or another computer’s browser may be in the way. Copy the address of that page and paste it here.",
  },
};
