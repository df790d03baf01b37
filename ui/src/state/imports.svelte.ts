/** One import: its file (Rust knows where it lies), its plan and what was decided. No row has a value in it. */

import { call } from "../host";
import type { ImportAction } from "../host/bindings/ImportAction";
import type { ImportChoice } from "../host/bindings/ImportChoice";
import type { ImportConflict } from "../host/bindings/ImportConflict";
import type { ImportPlan } from "../host/bindings/ImportPlan";
import type { ImportRow } from "../host/bindings/ImportRow";
import type { ImportSummary } from "../host/bindings/ImportSummary";
import type { ImportFormat } from "../host/desktop";
import { asWireError } from "./failure";
import { Working } from "./working.svelte";

export type ImportFilter = "all" | "new" | "changed" | "same" | "choice";
export type ImportStep = "source" | "review" | "done";

export const FORMATS: readonly ImportFormat[] = ["env", "json", "csv", "age", "kdbx", "bitwarden", "1pux", "1password-csv", "pass", "postman", "insomnia"];

/** What may be done with a row. */
export function actionsOf(row: ImportRow): ImportAction[] {
  if (row.standing === "unusable") return ["skip"];
  if (row.standing === "new") return ["add", "skip"];
  if (row.standing === "taken") return ["rename", "skip"];
  return ["version", "rename", "skip"];
}

/** Whether a row belongs under a filter. */
export function belongs(row: ImportRow, filter: ImportFilter): boolean {
  if (filter === "all") return true;
  if (filter === "choice") return row.action === "ask" || row.standing === "unusable";
  return row.standing === filter;
}

export class Imports extends Working {
  step = $state<ImportStep>("source");
  format = $state<ImportFormat>("env");
  /** Last part of the file's path. */
  name = $state("");
  environment = $state("");
  plan = $state.raw<ImportPlan | null>(null);
  filter = $state<ImportFilter>("all");
  /** The file is sealed and waits for its passphrase. */
  sealed = $state(false);
  summary = $state.raw<ImportSummary | null>(null);
  #import: string | null = null;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from it
  #choices = new Map<number, ImportChoice>();

  readonly rows = $derived(this.plan?.rows ?? []);
  readonly shown = $derived(this.rows.filter((row) => belongs(row, this.filter)));
  readonly taken = $derived(this.rows.filter((row) => row.action !== "skip" && row.action !== "ask").length);

  count(filter: ImportFilter): number {
    return this.rows.filter((row) => belongs(row, filter)).length;
  }

  /** Asks for a file and reads it, if one was chosen. */
  async choose(format: ImportFormat, environment: string): Promise<void> {
    await this.while(async () => {
      const { name } = await call("import_choose", { format });
      if (name === null) return;
      await this.#forget();
      this.format = format;
      this.name = name;
      this.environment = environment;
      await this.#read(null);
    });
  }

  /** Opens the chosen file with its passphrase. */
  async unseal(passphrase: string): Promise<void> {
    await this.while(() => this.#read(passphrase));
  }

  async act(row: number, action: ImportAction): Promise<void> {
    this.#decide(row, { action });
    await this.while(() => this.#replan());
  }

  /** The same act for every row that can have it and needs one. */
  async actForTaken(action: ImportAction): Promise<void> {
    for (const row of this.rows) {
      if ((row.standing === "changed" || row.standing === "taken") && actionsOf(row).includes(action)) this.#decide(row.row, { action });
    }
    await this.while(() => this.#replan());
  }

  async rename(row: number, key: string): Promise<void> {
    this.#decide(row, { key });
    await this.while(() => this.#replan());
  }

  /** Takes every shown row in, or leaves it out. */
  async takeAll(take: boolean): Promise<void> {
    for (const row of this.shown) {
      const first = actionsOf(row)[0] ?? "skip";
      if (row.standing !== "unusable") this.#decide(row.row, { action: take ? first : "skip" });
    }
    await this.while(() => this.#replan());
  }

  async apply(): Promise<void> {
    await this.while(async () => {
      // What was not chosen stays out.
      this.summary = await call("import_apply", this.#request("skip"));
      this.step = "done";
    });
  }

  /** Moves what was made to the trash; answers how many, or nothing when it failed. */
  async undo(): Promise<number | null> {
    let trashed: number | null = null;
    await this.while(async () => {
      if (this.#import === null) return;
      trashed = (await call("import_undo", { import: this.#import })).trashed;
      this.#import = null;
      this.#reset();
    });
    return trashed;
  }

  /** Back to the first step; the file is forgotten. */
  async leave(): Promise<void> {
    await this.while(() => this.#forget());
  }

  /** The vault was locked: nothing stays, and Rust has forgotten its part. */
  clear(): void {
    this.#import = null;
    this.busy = false;
    this.#reset();
  }

  async #read(passphrase: string | null): Promise<void> {
    try {
      const read = await call("import_read", { format: this.format, passphrase });
      this.#import = read.import;
    } catch (failure) {
      const error = asWireError(failure);
      if (error.code !== "locked") throw failure;
      // The first time it is only asked for.
      this.error = this.sealed ? error : null;
      this.sealed = true;
      return;
    }
    this.sealed = false;
    await this.#replan();
    this.step = "review";
  }

  async #replan(): Promise<void> {
    this.plan = await call("import_plan", this.#request("ask"));
  }

  #request(rule: ImportConflict) {
    return { import: this.#import ?? "", environment: this.environment, on_conflict: rule, choices: [...this.#choices.values()] };
  }

  #decide(row: number, decided: Partial<ImportChoice>): void {
    const before = this.#choices.get(row) ?? { row, action: null, key: null };
    this.#choices.set(row, { ...before, ...decided });
  }

  async #forget(): Promise<void> {
    const gone = this.#import;
    this.#import = null;
    this.#reset();
    if (gone !== null) await call("import_discard", { import: gone });
  }

  #reset(): void {
    this.step = "source";
    this.name = "";
    this.plan = null;
    this.filter = "all";
    this.sealed = false;
    this.error = null;
    this.summary = null;
    this.#choices.clear();
  }
}

export const imports = new Imports();
