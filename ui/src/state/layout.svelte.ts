/** How much room there is (UI.md §4): full ≥ 1120, rail to 860, one pane below. Ctrl B makes a rail of the full sidebar. */

export class Layout {
  #narrow = $state(false);
  #single = $state(false);
  #folded = $state(false);
  /** Width of the list in px; the person may change it between 280 and 460. */
  list = $state(340);

  get rail(): boolean {
    return this.#narrow || this.#folded;
  }

  /** List or detail, one at a time. */
  get onePane(): boolean {
    return this.#single;
  }

  toggleRail(): void {
    this.#folded = !this.#folded;
  }

  start(): () => void {
    const narrow = matchMedia("(max-width: 1119px)");
    const single = matchMedia("(max-width: 859px)");
    const follow = () => {
      this.#narrow = narrow.matches;
      this.#single = single.matches;
    };
    follow();
    narrow.addEventListener("change", follow);
    single.addEventListener("change", follow);
    return () => {
      narrow.removeEventListener("change", follow);
      single.removeEventListener("change", follow);
    };
  }
}

export const layout = new Layout();
