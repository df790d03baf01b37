/** "Did you mean": looked for when a person pauses, so that no keystroke waits for it. Called while a component is made. */

import { distinct, nearest } from "./search";

/** As long as typing pauses before a word is offered. */
const PAUSE = 150;
/** So many different words are compared: more take longer than a keystroke may. */
const MOST = 5_000;

/** `of` answers `null` while something was found. */
export function nearestWord(of: () => { text: string; titles: readonly { title: string }[] } | null): { readonly word: string | null } {
  let word = $state<string | null>(null);
  $effect(() => {
    const asked = of();
    word = null;
    if (asked === null) return;
    const timer = setTimeout(() => (word = nearest(asked.text, distinct(asked.titles, MOST))), PAUSE);
    return () => clearTimeout(timer);
  });
  return {
    get word() {
      return word;
    },
  };
}
