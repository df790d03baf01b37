/** The command palette: what is asked of it, and the items of every environment that it looks through. Values are never searched. */

import { call } from "../host";
import { connections } from "./connections.svelte";
import { credentials } from "./credentials.svelte";
import { environments } from "./environments.svelte";
import { tagCounts } from "./filters";
import { Haystack, type Hit } from "./fuzzy";
import { connectionItem, credentialItem, secretItem, sorted, type Item } from "./items";
import { secrets } from "./secrets.svelte";
import { usage } from "./usage.svelte";

export interface Found {
  item: Item;
  environment: string;
}

/** What the first letter limits the search to: `>` commands, `@` applications, `#` tags. */
export type Scope = "all" | "commands" | "applications" | "tags";
const SCOPES: Record<string, Scope> = { ">": "commands", "@": "applications", "#": "tags" };

const MOST = 50;

export class Palette {
  open = $state(false);
  text = $state("");
  /** Items of the other environments, read when the palette opens and forgotten when it closes. */
  #elsewhere = $state.raw<readonly Found[]>([]);
  #turn = 0;

  readonly scope = $derived.by<Scope>(() => SCOPES[this.text.trimStart().charAt(0)] ?? "all");
  readonly query = $derived.by(() => (this.scope === "all" ? this.text : this.text.trimStart().slice(1)).trim());

  readonly #here = $derived.by<readonly Found[]>(() => {
    const items = [
      ...secrets.rows.map((row) => secretItem(row, usage.lastRead(row.key))),
      ...credentials.rows.map((row) => credentialItem(row, usage.lastRead(row.key))),
      ...connections.rows.map((row) => connectionItem(row, usage.lastRead(row.key))),
    ];
    return sorted(items, "used").map((item) => ({ item, environment: environments.current }));
  });
  readonly #stacks = $derived.by(() => [new Haystack(this.#here, text), new Haystack(this.#elsewhere, text)]);
  readonly #applications = $derived.by(() => new Haystack([...this.#here, ...this.#elsewhere].filter((one) => one.item.application !== null), (one) => one.item.application ?? ""));
  readonly #tags = $derived.by(() => new Haystack(tagCounts(this.#here.map((one) => one.item)), ([tag]) => tag));

  /** The items that fit: those of this environment first, by their last use while nothing is typed. */
  items(): Hit<Found>[] {
    if (this.scope === "applications") return this.#applications.find(this.query, MOST).map(({ of }) => ({ of, marks: [] }));
    if (this.scope !== "all") return [];
    const [here, elsewhere] = this.#stacks;
    if (this.query === "") return here?.find("", 6) ?? [];
    return [...(here?.find(this.query, MOST) ?? []), ...(elsewhere?.find(this.query, MOST) ?? [])];
  }

  tags(): Hit<[tag: string, count: number]>[] {
    return this.scope === "tags" ? this.#tags.find(this.query, MOST) : [];
  }

  /** Copies the value in Rust; answers how many seconds the clipboard keeps it. */
  async copyValue({ item, environment }: Found): Promise<number> {
    return (await call("secret_copy", { environment, secret: item.id })).seconds;
  }

  /** Copies a Reference that holds here: one to another environment names it. */
  async copyReference({ item, environment }: Found): Promise<void> {
    const format = environment === environments.current ? secrets.referenceFormat : "uri";
    await call("reference_copy", { environment, key: item.key, format });
  }

  show(text = ""): void {
    this.text = text;
    this.open = true;
    void this.#readElsewhere();
  }

  close(): void {
    this.#turn += 1;
    this.open = false;
    this.text = "";
    this.#elsewhere = [];
  }

  async #readElsewhere(): Promise<void> {
    const turn = ++this.#turn;
    const others = environments.rows.map((row) => row.name).filter((name) => name !== environments.current);
    const found: Found[] = [];
    for (const environment of others) {
      try {
        const [rows, sets, links] = await Promise.all([
          call("secret_list", { environment, search: null, tag: null }),
          call("credential_list", { environment, search: null }),
          call("connection_list", { environment, state: null }),
        ]);
        if (turn !== this.#turn) return;
        const items = [...rows.map((row) => secretItem(row)), ...sets.map((row) => credentialItem(row)), ...links.map((row) => connectionItem(row))];
        found.push(...items.map((item) => ({ item, environment })));
      } catch {
        // An environment that cannot be read says so where it is shown.
      }
    }
    if (turn === this.#turn) this.#elsewhere = found;
  }
}

/** What is searched of an item; it starts with its title, so that marks fall on it. */
function text({ item }: Found): string {
  const name = item.kind === "secret" ? item.secret.name : item.key;
  return [item.title, name, item.application ?? "", ...item.tags].join(" ");
}

export const palette = new Palette();
