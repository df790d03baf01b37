/** Words of the settings, and of asking for the passphrase again. */

import type { Purpose } from "../state/again.svelte";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const AGAIN: Record<Purpose, { title: string; text: string; act: string }> = {
  reveal: { title: "Show this value", text: "The settings of this vault ask for the passphrase before a value is shown.", act: "Show value" },
  export: { title: "Export values", text: "The settings of this vault ask for the passphrase before values leave it.", act: "Export" },
  settings: { title: "Protect less", text: "A change that protects less needs the passphrase.", act: "Change the setting" },
};

export const m = {
  title: () => "Settings",
  sections: () => "Sections of the settings",
  security: () => "Security",
  failed: () => "The settings could not be read",
  retry: () => "Try again",
  refused: (message: string) => `Not changed. ${message}`,

  lock: () => "Lock",
  idle: () => "Lock when idle",
  idle_hint: () => "Counted from the last act of yours or of a program.",
  idle_after: (minutes: number) =>
    minutes === 0 ? "Never" : minutes % 60 === 0 ? `After ${count(minutes / 60, "hour", "hours")}` : `After ${count(minutes, "minute", "minutes")}`,
  suspend: () => "Lock when the computer sleeps",
  screen_lock: () => "Lock with the screen",
  refresh_locked: () => "Keep connections fresh while locked",
  refresh_locked_hint: () => "Tokens refresh, but nobody can read them.",
  sleep_deaf: () => "This system does not tell programs when it sleeps.",
  screen_deaf: () => "This desktop does not tell programs when its screen is locked.",

  on_screen: () => "On screen and clipboard",
  reveal: () => "Hide a shown value",
  clipboard: () => "Clear the clipboard",
  clipboard_hint: () => "Also kept out of clipboard history where the system allows it.",
  after_seconds: (seconds: number) => (seconds % 60 === 0 ? `After ${count(seconds / 60, "minute", "minutes")}` : `After ${seconds} seconds`),

  passphrase: () => "Passphrase again",
  to_reveal: () => "Ask before a value is shown",
  to_export: () => "Ask before an export",
  no_passphrase: () => "This vault has no passphrase to ask for.",

  again_title: (purpose: Purpose) => AGAIN[purpose].title,
  again_text: (purpose: Purpose) => AGAIN[purpose].text,
  again_act: (purpose: Purpose) => AGAIN[purpose].act,
  again_field: () => "Passphrase",
  again_show: () => "Show the passphrase",
  again_hide: () => "Hide the passphrase",
  again_busy: () => "Checking",
  again_cancel: () => "Cancel",
  caps: () => "Caps Lock is on",
};
