/** The instant search of the title bar: the view that is shown filters itself by `find.text`. */

export class Find {
  text = $state("");
  #input: HTMLInputElement | null = null;

  attach(input: HTMLInputElement | null): void {
    this.#input = input;
  }

  /** Ctrl F, Ctrl K. */
  focus(): void {
    this.#input?.focus();
    this.#input?.select();
  }

  clear(): void {
    this.text = "";
  }
}

export const find = new Find();
