/**
 * A Credential while it is edited, made by the component that shows it and gone with it: values that were typed live
 * here until they are saved, and nowhere else (UI.md §11.3).
 */

import type { Credential } from "../host/bindings/Credential";
import type { CredentialCreate } from "../host/bindings/CredentialCreate";
import type { CredentialUpdate } from "../host/bindings/CredentialUpdate";
import type { Plaintext } from "../host/bindings/Plaintext";
import type { Variable } from "../host/bindings/Variable";
import type { VariableDraft } from "../host/bindings/VariableDraft";
import type { EnvLine } from "./dotenv";
import { keyFault, proposeKey, type KeyFault } from "./naming";

/** A value that was read from a file. */
export interface FileValue {
  name: string;
  bytes: number;
  value: Plaintext;
}

/** One variable of the grid. */
export interface DraftRow {
  /** Id of the variable, or one of this draft for a new one. */
  id: string;
  /** As it is stored; `null` for a new one. */
  stored: Variable | null;
  name: string;
  description: string;
  masked: boolean;
  /** What was typed; `null` leaves the stored value. */
  value: string | null;
  file: FileValue | null;
}

export type RowFault = Exclude<KeyFault, "taken"> | "twice" | "value";

export class CredentialDraft {
  name = $state("");
  description = $state("");
  typedKey = $state<string | null>(null);
  rows = $state<DraftRow[]>([]);
  /** What the draft started from; `null` for a new Credential. */
  stored = $state.raw<Credential | null>(null);
  #made = 0;

  constructor(credential: Credential | null) {
    this.reset(credential);
  }

  /** Starts again from what is stored; everything typed is gone. */
  reset(credential: Credential | null): void {
    this.stored = credential;
    this.name = credential?.name ?? "";
    this.description = credential?.description ?? "";
    this.typedKey = null;
    this.rows = (credential?.variables ?? []).map((stored) => ({
      id: stored.id, stored, name: stored.name, description: stored.description, masked: stored.masked, value: null, file: null,
    }));
  }

  get key(): string {
    return this.stored?.key ?? this.typedKey ?? proposeKey(this.name);
  }

  /** Adds a masked variable, last. */
  add(change: Partial<DraftRow>): DraftRow {
    this.#made += 1;
    const row: DraftRow = { id: `new-${this.#made}`, stored: null, name: "", description: "", masked: true, value: null, file: null, ...change };
    this.rows.push(row);
    return row;
  }

  remove(id: string): void {
    this.rows = this.rows.filter((row) => row.id !== id);
  }

  /** Moves a row up (-1) or down (1); answers its new place from 0, or `null` where it cannot go. */
  move(id: string, by: number): number | null {
    const at = this.rows.findIndex((row) => row.id === id);
    const to = at + by;
    const row = this.rows[at];
    if (!row || to < 0 || to >= this.rows.length) return null;
    const others = this.rows.filter((other) => other.id !== id);
    this.rows = [...others.slice(0, to), row, ...others.slice(to)];
    return to;
  }

  /** Pasted lines become rows; a name that is there gets the value. */
  fill(lines: readonly EnvLine[], masked: boolean): void {
    for (const { name, value } of lines) {
      const there = this.rows.find((row) => row.name === name);
      if (there) Object.assign(there, { value, file: null, masked: there.stored ? there.masked : masked });
      else this.add({ name, value, masked });
    }
  }

  /** What is wrong with a row, as a word; `null` when nothing is. */
  fault(row: DraftRow): RowFault | null {
    const others = this.rows.filter((other) => other !== row && other.id !== row.id).map((other) => other.name);
    const fault = keyFault(row.name, others);
    if (fault === "taken") return "twice";
    if (fault) return fault;
    return !row.stored && row.value === null && !row.file ? "value" : null;
  }

  get complete(): boolean {
    return this.rows.every((row) => this.fault(row) === null);
  }

  /** What differs from what is stored, each by its name: `"name"`, `"description"`, `"order"`, or that of a variable. */
  get changes(): { name: boolean; description: boolean; order: boolean; variables: string[] } {
    const before = this.stored?.variables ?? [];
    const kept = this.rows.flatMap((row) => (row.stored ? [row.id] : []));
    const order = before.map((one) => one.id).filter((id) => kept.includes(id));
    const removed = before.filter((one) => !kept.includes(one.id)).map((one) => one.name);
    return {
      name: this.name.trim() !== (this.stored?.name ?? ""),
      description: this.description.trim() !== (this.stored?.description ?? ""),
      order: order.join() !== kept.join(),
      variables: [...this.rows.filter((row) => this.#touched(row)).map((row) => row.name), ...removed],
    };
  }

  /** How many things are not saved. */
  get count(): number {
    const { name, description, order, variables } = this.changes;
    return Number(name) + Number(description) + Number(order) + variables.length;
  }

  #touched(row: DraftRow): boolean {
    const { stored } = row;
    return (
      !stored || row.value !== null || row.file !== null || row.name !== stored.name ||
      row.description.trim() !== stored.description || row.masked !== stored.masked
    );
  }

  createRequest(): Omit<CredentialCreate, "environment"> {
    const name = this.name.trim();
    const description = this.description.trim();
    return { key: this.key, name: name === "" ? null : name, description: description === "" ? null : description, variables: this.#drafts() };
  }

  updateRequest(): Omit<CredentialUpdate, "environment" | "credential"> {
    const name = this.name.trim();
    const kept = this.rows.map((row) => row.id);
    const removed = (this.stored?.variables ?? []).filter((one) => !kept.includes(one.id)).map((one) => one.id);
    return {
      name: name === "" ? this.key : name,
      description: this.description.trim(),
      variables: this.#drafts(),
      removed,
    };
  }

  #drafts(): VariableDraft[] {
    return this.rows.map((row) => ({
      id: row.stored?.id ?? null,
      name: row.name,
      description: row.description.trim(),
      masked: row.masked,
      value: row.file?.value ?? row.value,
      file: row.file?.name ?? null,
    }));
  }
}
