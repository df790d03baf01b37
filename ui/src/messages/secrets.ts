/** Words of a Secret's life: its age, its end, copies of it, its trash, and environments side by side. */

import { day, exact, span } from "./time";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const DAY = 24 * 3600;

/** A time between rotations: "90 days", "1 year". */
function every(seconds: number): string {
  const days = Math.round(seconds / DAY);
  if (days < 1) return span(seconds);
  return days % 365 === 0 ? count(days / 365, "year", "years") : count(days, "day", "days");
}

export const s = {
  // facts
  rotated: () => "Rotated",
  value_from: () => "Value from",
  expires: () => "Expires",
  never: () => "Never",
  ended: () => "ended",
  ends_in: (seconds: number) => `in ${span(seconds)}`,
  overdue: (seconds: number) => (seconds < DAY ? "overdue since today" : `${count(Math.floor(seconds / DAY), "day", "days")} overdue`),
  due_in: (seconds: number) => `remind in ${span(seconds)}`,
  due_at: (at: string) => `To be replaced by ${exact(at)}`,

  // favourite
  favourite_on: (key: string) => `Make ${key} a favourite`,
  favourite_off: (key: string) => `${key} is a favourite. Take it off`,
  favourite_tip: (on: boolean) => (on ? "Favourite" : "Add to favourites"),

  // fields of the forms
  care: () => "Expiry, rotation and notes",
  field_expires: () => "Expires",
  field_expires_hint: () => "Year, month and day, such as 2027-01-31. Empty: never.",
  field_expires_error: () => "Write year, month and day, such as 2027-01-31",
  field_rotate: () => "Remind to replace the value",
  rotate_never: () => "Never",
  rotate_every: every,
  field_notes: () => "Notes",
  notes_hint: () => "For yourself. Encrypted like the value, and searched.",

  // value out of a file

  // new value
  value_differs: () => "Differs from the current value.",
  value_end_hint: (before: string) => `The value before ${Date.parse(before) <= Date.now() ? "ended" : "ends"} on ${day(before)}. Empty: never.`,
  value_is_same: () => "This is the current value. Storing it makes a version that changes nothing.",

  // versions, history, notes
  version_copy: (n: number) => `Copy version ${n}`,
  version_reveal: (n: number) => `Reveal version ${n}`,
  version_of: (key: string, n: number) => `${key}, version ${n}`,
  version_hide: (n: number) => `Hide version ${n}`,
  history: () => "History",
  history_failed: () => "The history could not be read",
  history_empty: () => "Nothing is recorded about this key yet.",
  history_kept: () => "Newest 100",
  notes: () => "Notes",
  notes_empty: () => "No notes. Edit the secret to add some.",
  event: (action: string, subject: string) => {
    const elsewhere = subject.split(" ").slice(2).join(" ");
    const words = EVENTS[action] ?? action;
    return elsewhere === "" ? words : `${words} ${elsewhere}`;
  },
  event_failed: (outcome: string) => `Refused: ${outcome}`,

  // duplicate, move
  duplicate: () => "Duplicate",
  duplicate_title: (key: string) => `Duplicate ${key}`,
  duplicate_text: () => "A second secret with the same details and the current value, under a key of its own.",
  duplicate_key: () => "New key",
  duplicate_do: () => "Duplicate",
  duplicate_busy: () => "Duplicating",
  duplicated: (key: string) => `${key} added`,
  move: () => "Move or copy to environment",
  move_title: (what: string) => `Move or copy ${what}`,
  move_what: (keys: readonly string[]) => (keys.length === 1 ? (keys[0] ?? "") : count(keys.length, "secret", "secrets")),
  move_to: () => "To",
  move_how: () => "How",
  move_move: () => "Move",
  move_move_text: () => "With all versions. Programs that read it here fail from now on.",
  move_copy: () => "Copy",
  move_copy_text: () => "It stays here too. The copy starts with the current value as version 1.",
  move_nowhere: () => "There is no other environment yet.",
  move_do: (how: "move" | "copy", environment: string) => `${how === "move" ? "Move" : "Copy"} to ${environment}`,
  move_busy: (how: "move" | "copy") => (how === "move" ? "Moving" : "Copying"),
  moved: (what: string, how: "move" | "copy", environment: string) => `${what} ${how === "move" ? "moved" : "copied"} to ${environment}`,

  // environments
  environment_edit: () => "Edit environment",
  environment_edit_title: (name: string) => `Environment ${name}`,
  environment_edit_text: () => "References name it, so its name never changes.",
  environment_colour: () => "Colour",
  environment_colour_red: () => "red while treated as production",
  colour: (colour: string) => COLOURS[colour] ?? colour,
  environment_production: () => "Treat as production",
  environment_production_text: () => "A red line on top of the window, a red dot, and its name in every question before something is deleted.",
  environment_save: () => "Save",
  environment_saving: () => "Saving",
  environment_saved: (name: string) => `Environment ${name} saved`,
  environment_delete: () => "Delete",
  environment_deleted: (name: string) => `Environment ${name} deleted`,
  environment_delete_title: (name: string) => `Delete environment ${name}?`,
  environment_delete_text: () => "It is empty. What is left in its trash goes for good.",
  environment_delete_do: () => "Delete environment",
  environment_full: (n: number) => `It still has ${count(n, "item", "items")}. Only an empty environment can be deleted.`,
  environment_last: () => "A vault keeps at least one environment.",

  // comparison
  compare: () => "Compare environments",
  compare_title: () => "Compare environments",
  compare_text: () => "Which keys exist where. Values are compared inside the vault and shown nowhere.",
  compare_with: () => "compared with",
  compare_second: () => "Second environment",
  compare_only_differences: () => "Only differences",
  compare_key: () => "Key",
  compare_values: () => "Values",
  compare_kind: (kind: string) => KINDS[kind] ?? kind,
  compare_missing: () => "missing",
  compare_same: () => "Same",
  compare_different: () => "Different",
  compare_failed: () => "The environments could not be compared",
  compare_empty_title: () => "Nothing to compare",
  compare_empty_text: () => "Both environments are empty.",
  compare_equal_title: () => "No differences",
  compare_equal_text: () => "Every key exists in both, and the values are the same.",
  compare_one: () => "There is only one environment. Make another to compare.",
  compare_summary: (missing: number, different: number) => `${count(missing, "key", "keys")} missing on one side, ${different} with another value`,
  compare_copy: (key: string, environment: string) => `Copy ${key} to ${environment}`,
  compare_copy_short: (environment: string) => `Copy to ${environment}`,
};

const COLOURS: Record<string, string> = { "": "By its name", grey: "Grey", blue: "Blue", violet: "Violet", teal: "Teal", amber: "Amber", pink: "Pink" };
const KINDS: Record<string, string> = { secret: "Secret", credential: "Custom credential", connection: "Connection" };

/** What is recorded, in words; an action that is not here is shown by its name. */
const EVENTS: Record<string, string> = {
  "secret.create": "Added",
  "secret.update": "Details changed",
  "secret.set_value": "New value stored",
  "secret.delete": "Moved to the trash",
  "secret.restore": "Taken out of the trash",
  "secret.restore_version": "Old value made current",
  "secret.purge": "Deleted for good",
  "secret.duplicate": "Duplicated",
  "secret.move": "Moved",
  "secret.copy_to": "Copied",
  "secret.reveal": "Value revealed",
  "secret.copy": "Value copied",
  "reference.resolve": "Value read",
};
