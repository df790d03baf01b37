/** Fuzzy search over short texts: each word may miss, swap or add one letter, and words may come in any order. */

import uFuzzy from "@leeoniya/ufuzzy";

/** From here to there in a text, `to` left out. */
export type Mark = readonly [from: number, to: number];
export interface Hit<T> {
  of: T;
  /** What matched, in the order of the text. */
  marks: Mark[];
}

const engine = new uFuzzy({ unicode: true, interSplit: "[^\\p{L}\\d']+", intraSplit: "\\p{Ll}\\p{Lu}", intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}", intraChars: "[\\p{L}\\d']", intraContr: "'\\p{L}{1,2}\\b", intraMode: 1, intraIns: 1, intraSub: 1, intraTrn: 1, intraDel: 1 });

/** So many hits are put in order; more than a person looks at. */
const RANKED = 5_000;

/** A text made once for many searches. */
export class Haystack<T> {
  readonly #entries: readonly T[];
  readonly #texts: string[];

  constructor(entries: readonly T[], text: (entry: T) => string) {
    this.#entries = entries;
    this.#texts = entries.map(text);
  }

  /** The entries that fit, the best first; all of them, as they came, when nothing was typed. */
  find(query: string, most: number): Hit<T>[] {
    if (query.trim() === "") return this.#entries.slice(0, most).map((of) => ({ of, marks: [] }));
    const [found, info, order] = engine.search(this.#texts, query, 1, RANKED);
    if (!found) return [];
    const hits: Hit<T>[] = [];
    for (let rank = 0; rank < found.length && hits.length < most; rank += 1) {
      const at = info && order ? (order[rank] ?? 0) : rank;
      const of = this.#entries[(info ? info.idx[at] : found[at]) ?? -1];
      if (of !== undefined) hits.push({ of, marks: pairs(info?.ranges[at] ?? []) });
    }
    return hits;
  }
}

function pairs(ranges: readonly number[]): Mark[] {
  const marks: Mark[] = [];
  for (let at = 0; at + 1 < ranges.length; at += 2) marks.push([ranges[at]!, ranges[at + 1]!]);
  return marks;
}

/** A text cut at its marks, for drawing. */
export function cut(text: string, marks: readonly Mark[]): { text: string; hit: boolean }[] {
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from >= text.length) break;
    if (from > at) parts.push({ text: text.slice(at, from), hit: false });
    parts.push({ text: text.slice(Math.max(at, from), to), hit: true });
    at = Math.min(to, text.length);
  }
  if (at < text.length) parts.push({ text: text.slice(at), hit: false });
  return parts;
}
