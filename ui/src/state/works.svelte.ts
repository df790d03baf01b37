/** How far the long works are that one call waits for. Rust says when to look; nobody polls. */

import { call } from "../host";
import type { Work } from "../host/bindings/Work";
import type { WorkProgress } from "../host/bindings/WorkProgress";

const WORKS: readonly Work[] = ["import", "health_check"];

class Works {
  #far = $state.raw<Partial<Record<Work, WorkProgress>>>({});

  /** How far one is; null while there is none, or nothing was told yet. */
  of(work: Work): WorkProgress | null {
    const progress = this.#far[work];
    return progress?.running ? progress : null;
  }

  async read(): Promise<void> {
    const told = await Promise.all(WORKS.map((work) => call("work_status", { work }).catch(() => null)));
    this.#far = Object.fromEntries(WORKS.flatMap((work, at) => (told[at] ? [[work, told[at]]] : [])));
  }

  clear(): void {
    this.#far = {};
  }
}

export const works = new Works();
