/** Changes that are not saved are asked about before anything takes them off the screen. */

type Ask = (leave: () => void) => void;

class Unsaved {
  #ask: Ask | null = null;

  /** Asks from now on until the answer is called. */
  guard(ask: Ask): () => void {
    this.#ask = ask;
    return () => {
      if (this.#ask === ask) this.#ask = null;
    };
  }

  /** Leaves, or lets the one who would lose something ask first. */
  before(leave: () => void): void {
    if (this.#ask) this.#ask(leave);
    else leave();
  }
}

export const unsaved = new Unsaved();
