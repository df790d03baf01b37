/** Words of the consent queue. */

import type { Urgency } from "../host/bindings/Urgency";

const connections = (n: number) => `${n} ${n === 1 ? "connection" : "connections"}`;

const URGENT: Record<Urgency, string> = { dead: "Does not work", ending: "Ends soon", planned: "Planned" };

export const m = {
  title: () => "Consents due",
  back: () => "Back to connections",
  close: () => "Close",
  banner: (n: number) => `${connections(n)} ${n === 1 ? "needs" : "need"} a person`,
  banner_do: () => "Go through",
  queue: () => "Connections that need a person",
  place: (at: number, all: number) => `${at} of ${all}`,
  progress: () => "Connections gone through",
  urgency: (of: Urgency) => URGENT[of],
  failed_title: () => "The queue can’t be read",
  failed_retry: () => "Try again",
  empty_title: () => "No connection needs a person",
  empty_text: () => "Here stand those that nobody has signed in to yet, that end soon, and whose sign-in ended.",
  show_connections: () => "Show connections",

  sign_in_as: (account: string) => `Sign in as ${account}`,
  through: (client: string) => `Through the auth client ${client}`,
  open: () => "Open in browser",
  opening: () => "Opening",
  copy: () => "Copy link",
  copy_text: () => "Copy the link to sign in with another browser profile, where that account is signed in.",
  alone: () => "Get tokens",
  alone_busy: () => "Asking",
  alone_text: () => "Nobody signs in: Keyward asks the provider in the name of the auth client.",
  login: () => "Enter user name and password",
  login_text: () => "This auth client uses the legacy password grant: they are asked for on a page of their own.",
  skip: () => "Skip",
  next: () => "Next",
  not_begun: () => "The sign-in could not begin",
  no_secret_title: (client: string) => `The auth client ${client} has no client secret yet`,
  no_secret_text: () => "The provider would take the consent and refuse the tokens. Enter the client secret first.",
  no_secret_elsewhere: (vault: string) => `It belongs to the vault ${vault}: enter its client secret there.`,
  no_secret_do: () => "Enter client secret",
  connected: (name: string) => `${name} is connected.`,

  state_connected: () => "Connected",
  state_skipped: () => "Skipped",
  state_failed: () => "Failed",
  state_now: () => "Now",

  summary_all: (n: number) => (n === 1 ? "It is connected" : `All ${n} are connected`),
  summary: (connected: number, all: number) => `${connected} of ${all} connected`,
  summary_none: (all: number) => (all === 1 ? "It is not connected yet" : `None of ${all} is connected yet`),
  summary_text: () => "Their tokens stay fresh by themselves from now on.",
  summary_left: (skipped: number, failed: number) =>
    [skipped > 0 ? `${skipped} skipped` : "", failed > 0 ? `${failed} failed` : ""].filter(Boolean).join(", "),
  summary_stay: () => "What is left stays in the queue.",
  head_failed: (n: number) => `Failed, ${n}`,
  head_skipped: (n: number) => `Skipped, ${n}`,
  head_connected: (n: number) => `Connected, ${n}`,
  why: () => "Why",
  again: (n: number) => (n === 1 ? "Try the one that is left" : `Go through the ${n} that are left`),
  done: () => "Done",

  leave_title: () => "Stop this sign-in?",
  leave_text: (name: string) => `The browser’s answer for ${name} is no longer awaited. It stays in the queue.`,
  leave_stop: () => "Stop and leave",
  leave_stay: () => "Keep waiting",
};
