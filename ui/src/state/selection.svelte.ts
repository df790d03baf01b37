/** Several items picked in a list: with Ctrl click, Shift click, Space, Shift arrows and Ctrl A (UI.md §6, bulk). */

import { SvelteSet } from "svelte/reactivity";

export class Selection {
  /** Ids of what is picked. */
  readonly ids = new SvelteSet<string>();
  /** Whether rows show check boxes. */
  active = $state(false);
  /** Where a range starts. */
  #anchor: string | null = null;

  /** Shows the check boxes; nothing is picked yet. */
  start(): void {
    this.active = true;
  }

  /** Picks one more, or one less. The first time, `open` is what was chosen before: it is picked too. */
  toggle(id: string, open: string | null = null): void {
    const first = !this.active;
    if (first && open !== null) this.ids.add(open);
    this.active = true;
    this.#anchor = id;
    if (this.ids.has(id) && !first) this.ids.delete(id);
    else this.ids.add(id);
  }

  /** Picks everything from where the last pick was to `id`. */
  extend(order: readonly string[], from: string | null, id: string): void {
    const anchor = this.#anchor ?? from ?? id;
    this.active = true;
    this.#anchor = anchor;
    const [start, end] = [order.indexOf(anchor), order.indexOf(id)].sort((a, b) => a - b) as [number, number];
    this.ids.clear();
    for (const between of start < 0 ? [id] : order.slice(start, end + 1)) this.ids.add(between);
  }

  /** Picks all of them, or none when all are picked already. */
  toggleAll(order: readonly string[]): void {
    const all = order.length > 0 && order.every((id) => this.ids.has(id));
    this.active = true;
    this.ids.clear();
    if (!all) order.forEach((id) => this.ids.add(id));
  }

  /** Forgets what is no longer there. */
  keep(known: (id: string) => boolean): void {
    for (const id of [...this.ids]) if (!known(id)) this.ids.delete(id);
  }

  clear(): void {
    this.ids.clear();
    this.active = false;
    this.#anchor = null;
  }
}
