/** One list of items on screen: its order, filters and selection, and the lines that follow from them. */

import { choices, EVERYTHING, filtered, type Filter } from "./filters";
import { folded, grouped, search, sorted, type Item, type Line, type Sort } from "./items";
import { Selection } from "./selection.svelte";

/** The order is a habit: it stays when another list is opened. */
const habit = $state<{ sort: Sort }>({ sort: "used" });

/** So many items are found at a keystroke: more than a screen shows. The rest is found when typing pauses. */
const PAGE = 200;
/** Milliseconds. */
const PAUSE = 120;
/** So many items are prepared at once: a millisecond or two. */
const SLICE = 2_000;

export class Listing {
  readonly selection = new Selection();
  filter = $state.raw<Filter>(EVERYTHING);
  /** The query at which typing last paused. */
  #rested = $state("");
  readonly #items: () => readonly Item[];
  readonly #query: () => string;
  readonly #now: () => number;
  readonly #head: (sort: Sort, at: string | null, now: number) => string;

  constructor(of: { items: () => readonly Item[]; query: () => string; now: () => number; head: (sort: Sort, at: string | null, now: number) => string }) {
    this.#items = of.items;
    this.#query = of.query;
    this.#now = of.now;
    this.#head = of.head;
  }

  /** What the person chose. */
  get sort(): Sort {
    return habit.sort;
  }

  set sort(sort: Sort) {
    habit.sort = sort;
  }

  /** Ends and heads need no seconds: the list is not made anew with every tick. */
  readonly #minute = $derived.by(() => Math.floor(this.#now() / 60_000) * 60_000);
  readonly items = $derived.by(() => this.#items());
  /** Until anything was used there is no last use to sort by. */
  readonly order = $derived.by<Sort>(() => (habit.sort === "used" && !this.items.some((item) => item.used !== null) ? "changed" : habit.sort));
  readonly choices = $derived.by(() => choices(this.items, this.#minute));
  readonly #ordered = $derived.by(() => sorted(this.items, this.order));
  readonly #fitting = $derived.by(() => filtered(this.#ordered, this.filter, this.#minute));
  readonly #all = $derived.by(() => search(this.#fitting, this.#query()));
  readonly #isTyped = $derived.by(() => this.#query() !== "" && this.#query() !== this.#rested);
  /** While somebody types, the first page. */
  readonly found = $derived.by(() => (this.#isTyped ? search(this.#fitting, this.#query(), PAGE) : this.#all));
  readonly isWhole = $derived.by(() => !this.#isTyped || this.found.length < PAGE);
  readonly lines = $derived.by<readonly Line[]>(() => grouped(this.found, this.order, (at) => this.#head(this.order, at, this.#minute)));
  /** Ids in the order of the rows. */
  readonly ids = $derived.by(() => this.#all.map((item) => item.id));
  readonly picked = $derived.by(() => this.items.filter((item) => this.selection.ids.has(item.id)));
  readonly isFiltered = $derived(Object.values(this.filter).some((value) => value !== null));

  narrow(part: Partial<Filter>): void {
    this.filter = { ...this.filter, ...part };
  }

  /** Looks for the rest once typing pauses; answers how to stop. Called again when the query changes. */
  rest(): () => void {
    const query = this.#query();
    const timer = setTimeout(() => (this.#rested = query), PAUSE);
    return () => clearTimeout(timer);
  }

  /** Makes what search looks at before anybody types, a slice at a time; answers how to stop. Called again when the items change. */
  prepare(): () => void {
    const items = this.items;
    let at = 0;
    let timer = setTimeout(function slice() {
      for (const end = Math.min(items.length, at + SLICE); at < end; at += 1) folded(items[at]!);
      if (at < items.length) timer = setTimeout(slice);
    });
    return () => clearTimeout(timer);
  }

  widen(): void {
    this.filter = EVERYTHING;
  }
}
