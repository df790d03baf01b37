/** Words of the trash. */

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const m = {
  title: () => "Trash",
  what: (environment: string) => `What was deleted from ${environment}. It is kept for 30 days, then it is gone for good.`,
  empty_do: () => "Empty trash",
  empty_title: () => "The trash is empty",
  empty_text: () => "What you delete stays here for 30 days.",
  failed: () => "The trash could not be read",
  again: () => "Try again",
  key: () => "Key",
  name: () => "Name",
  deleted: () => "Deleted",
  left: () => "Kept for",
  acts: () => "Actions",
  days: (n: number) => (n === 0 ? "less than a day" : count(n, "day", "days")),
  restore: () => "Restore",
  restore_of: (key: string) => `Restore ${key}`,
  restored: (key: string) => `${key} is back`,
  purge: () => "Delete for good",
  purge_of: (key: string) => `Delete ${key} for good`,
  purge_title: (key: string) => `Delete ${key} for good?`,
  purge_text: () => "It is gone with all its versions, and nothing brings them back but a backup.",
  purged: (key: string) => `${key} is gone for good`,
  empty_ask: (n: number) => `Delete ${count(n, "item", "items")} for good?`,
  emptied: (n: number) => `${count(n, "item", "items")} gone for good`,
  busy: () => "Deleting",
  cancel: () => "Cancel",
};
