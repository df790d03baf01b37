/** Words of the unlock screen and its states. */

const NUMBERS = ["no", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

export const m = {
  title: () => "Vault locked",
  passphrase_lead: (vault: string) => (vault === "default" ? "Type your passphrase to open it." : `Type the passphrase of ${vault}.`),
  keychain_lead: (vault: string) => `The key of ${vault === "default" ? "your vault" : vault} is in the keychain of this computer.`,
  passphrase: () => "Passphrase",
  show: () => "Show passphrase",
  hide: () => "Hide passphrase",
  unlock: () => "Unlock",
  unlock_keychain: () => "Unlock with this computer",
  caps: () => "Caps Lock is on.",
  wrong_title: () => "That passphrase didn’t open the vault",
  tries: (n: number) => (n === 1 ? "One try so far." : `${NUMBERS[n] ?? n} tries so far.`),
  wait: (seconds: number) => `Wait ${seconds} s before the next try.`,
  opening_title: () => "Opening the vault",
  opening_passphrase: () => "Your passphrase is stretched on purpose, so that guessing is slow. This takes about a second.",
  opening_keychain: () => "Asking the keychain for the vault key. It may ask you to sign in.",
  progress: () => "Opening the vault",
  keychain_title: () => "The keychain didn’t answer",
  keychain_safe: () => "Your data is safe.",
  keychain_linux: () => "On Linux, start GNOME Keyring or KWallet.",
  damaged_title: () => "This vault file is damaged",
  closed_title: () => "The vault stays closed",
  stopped: () => "Keyward stopped before changing anything.",
  other_title: () => "The vault could not be opened",
  try_again: () => "Try again",
};
