/**
 * Keys as people meet them in a form: proposed from the name, judged while typing. The vault decides;
 * these two say the same thing earlier (model/name.rs holds the rules).
 */

const KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const LONGEST = 128;

/** Letters whose ASCII spelling is not just the letter without its mark. */
const SPELLED: Record<string, string> = {
  ä: "AE", Ä: "AE", æ: "AE", Æ: "AE", ö: "OE", Ö: "OE", œ: "OE", Œ: "OE",
  ü: "UE", Ü: "UE", ß: "SS", ø: "O", Ø: "O", ł: "L", Ł: "L",
};

/** A key for a thing named in free text: `Stripe live key` gives `STRIPE_LIVE_KEY`; empty when there is none. */
export function proposeKey(name: string): string {
  let key = "";
  let gap = false;
  for (const letter of name) {
    const ascii = spelling(letter);
    if (ascii === "") {
      gap ||= letter !== "'" && letter !== "’";
      continue;
    }
    if (gap && key !== "") key += "_";
    gap = false;
    if (key === "" && /^[0-9]/.test(ascii)) key += "_";
    key += ascii;
  }
  return key.slice(0, LONGEST).replace(/_+$/, "");
}

/** What is wrong with a key, as a word; `null` when nothing is. */
export type KeyFault = "empty" | "start" | "letters" | "long" | "taken";

/** Judges a key against the rules and the keys already there (a second one that differs only in case is taken). */
export function keyFault(key: string, taken: readonly string[]): KeyFault | null {
  if (key === "") return "empty";
  if (!/^[A-Za-z_]/.test(key)) return "start";
  if (!KEY.test(key)) return "letters";
  if (key.length > LONGEST) return "long";
  const folded = key.toLowerCase();
  return taken.some((other) => other.toLowerCase() === folded) ? "taken" : null;
}

function spelling(letter: string): string {
  const known = SPELLED[letter];
  if (known !== undefined) return known;
  const base = letter.normalize("NFD").replace(/\p{M}/gu, "");
  return /^[A-Za-z0-9]$/.test(base) ? base.toUpperCase() : "";
}
