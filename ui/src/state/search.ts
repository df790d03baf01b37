/** Instant search over metadata held in memory (model/search.rs): every word must occur, case does not matter. */

/** A test for one text; an empty text matches everything. */
export function matcher(text: string): (fields: readonly (string | null)[]) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (fields) => {
    const folded = fields.map((field) => field?.toLowerCase() ?? "");
    return words.every((word) => folded.some((field) => field.includes(word)));
  };
}

/** The different words of titles, the first `most` or a few more. */
export function distinct(titles: Iterable<{ title: string }>, most: number): Set<string> {
  const found = new Set<string>();
  for (const { title } of titles) {
    for (const word of title.split(/[\s_-]+/)) found.add(word);
    if (found.size >= most) break;
  }
  return found;
}

/** The nearest known word within two edits, for "Did you mean": `null` when none is near. */
export function nearest(text: string, known: Iterable<string>): string | null {
  const wanted = text.trim().toLowerCase();
  if (wanted.length < 3) return null;
  let best: string | null = null;
  let least = 3;
  for (const word of known) {
    const distance = edits(wanted, word.toLowerCase(), least);
    if (distance > 0 && distance < least) {
      least = distance;
      best = word;
    }
  }
  return best;
}

/** Levenshtein distance, given up at `limit`. */
function edits(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}
