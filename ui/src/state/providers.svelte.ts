/** The catalogue of providers: it ships with the app, and files of one's own add to it. Searching it sends nothing. */

import { call } from "../host";
import type { CatalogueProblem } from "../host/bindings/CatalogueProblem";
import type { Provider } from "../host/bindings/Provider";
import type { WireError } from "../host/bindings/WireError";
import { asWireError } from "./failure";
import { matcher } from "./search";

export class Providers {
  rows = $state.raw<readonly Provider[]>([]);
  /** Files of the person's own that make no entry. */
  problems = $state.raw<readonly CatalogueProblem[]>([]);
  phase = $state<"idle" | "loading" | "ready" | "failed">("idle");
  error = $state.raw<WireError | null>(null);

  /** Categories that have entries, in the order of their words. */
  get categories(): readonly string[] {
    return this.rows.map((row) => row.category).filter((one, index, all) => all.indexOf(one) === index).sort();
  }

  /** Read anew each time: a file of one's own may have been added. */
  async load(): Promise<void> {
    if (this.phase === "loading") return;
    if (this.rows.length === 0) this.phase = "loading";
    try {
      const { providers, problems } = await call("provider_list", { search: null });
      this.rows = providers;
      this.problems = problems;
      this.phase = "ready";
    } catch (failure) {
      this.error = asWireError(failure);
      this.phase = "failed";
    }
  }

  /** Entries that these words find, those whose name begins so first. */
  find(text: string, category: string | null): readonly Provider[] {
    const matches = matcher(text);
    const begins = (row: Provider) => (row.name.toLowerCase().startsWith(text.trim().toLowerCase()) ? 0 : 1);
    return this.rows
      .filter((row) => (category === null || row.category === category) && matches([row.name, row.id, row.host, row.category, ...row.keywords]))
      .sort((one, other) => begins(one) - begins(other));
  }
}

export const providers = new Providers();
