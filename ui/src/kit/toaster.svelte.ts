import type { IconType } from "./types";

export type ToastSpec = {
  text: string;
  icon?: IconType;
  /** Leaves by itself after this many seconds; with `ring` the countdown is drawn. Absent: stays until replaced or dismissed. */
  seconds?: number;
  ring?: boolean;
  action?: { label: string; run: () => void };
};
export type ToastNow = ToastSpec & { id: number; left?: number; total?: number };

/** One toast at a time; a new one replaces it. A caller that counts itself (clipboard) uses `count` with its id. */
class Toaster {
  now = $state<ToastNow | null>(null);
  #id = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  show(spec: ToastSpec): number {
    clearInterval(this.#timer);
    const id = ++this.#id;
    this.now = { ...spec, id, left: spec.ring ? spec.seconds : undefined, total: spec.seconds };
    if (spec.seconds) {
      let left = spec.seconds;
      this.#timer = setInterval(() => {
        left -= 1;
        if (left <= 0) this.dismiss(id);
        else if (spec.ring && this.now?.id === id) this.now.left = left;
      }, 1000);
    }
    return id;
  }

  /** Sets the countdown of the toast `id` from outside; false when it is no longer shown. */
  count(id: number, left: number, total: number, text?: string): boolean {
    if (this.now?.id !== id) return false;
    this.now.left = left;
    this.now.total = total;
    if (text !== undefined) this.now.text = text;
    return true;
  }

  dismiss(id?: number): void {
    if (id !== undefined && this.now?.id !== id) return;
    clearInterval(this.#timer);
    this.now = null;
  }
}
export const toaster = new Toaster();
