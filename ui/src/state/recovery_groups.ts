/** Groups of a recovery key as people type them: lower case, spaces, dashes and look-alikes are forgiven. */

/** Eight groups of four; an empty array when the text is none. */
export function groupsOf(key: string): string[] {
  const flat = spelled(key);
  return flat.length === 32 ? (flat.match(/.{4}/g) ?? []) : [];
}

/** The typed group; of a whole pasted key the group at `index`. */
export function typedGroup(text: string, index: number): string {
  const flat = spelled(text);
  return flat.length === 32 ? flat.slice(index * 4, index * 4 + 4) : flat;
}

/** The alphabet has no I, L, O, U: what looks like them is meant. */
function spelled(text: string): string {
  return text
    .toUpperCase()
    .replace(/[\s\-–—]/g, "")
    .replace(/[IL]/g, "1")
    .replace(/O/g, "0");
}
