/** The Connections that need a person, the most urgent first, and the walk through them, one after another (OA13). */

import { call } from "../host";
import type { AuthClient } from "../host/bindings/AuthClient";
import type { ConnectionConnect } from "../host/bindings/ConnectionConnect";
import type { ConsentDue } from "../host/bindings/ConsentDue";
import type { ConsentState } from "../host/bindings/ConsentState";
import type { WireError } from "../host/bindings/WireError";
import { Collection } from "./collection.svelte";
import { asksPerson, type Grant } from "./grants";

/** Where the person signs in: in the browser of this computer, or wherever the link is carried. */
export type Way = "open" | "link";

/** Who is asked: a person by a page of the provider, a person for user name and password, or nobody. */
export type Asking = "person" | "login" | "nobody";

export type Outcome = "connected" | "skipped" | "failed";

/** What became of one of them. */
export interface Passed {
  due: ConsentDue;
  outcome: Outcome;
  /** How its Consent ended; `null` where none had begun. */
  state: ConsentState | null;
  error: WireError | null;
}

export class ConsentQueue extends Collection<ConsentDue> {
  /** Those that are gone through, as the queue was when the walk began; `null` before. */
  walk = $state.raw<readonly ConsentDue[] | null>(null);
  /** The first of `walk`, in its order. */
  passed = $state.raw<readonly Passed[]>([]);

  protected read(environment: string): Promise<ConsentDue[]> {
    return call("consent_list", { environment });
  }

  /** Whose turn it is, as it was read last; `null` before the first and after the last. */
  get current(): ConsentDue | null {
    const due = this.walk?.[this.passed.length];
    if (!due) return null;
    return this.rows.find((row) => row.connection.id === due.connection.id) ?? due;
  }

  get over(): boolean {
    return this.walk !== null && this.passed.length === this.walk.length;
  }

  /** Reads it for an environment, or again; resolves after a reading that began now or later. */
  async look(environment: string): Promise<void> {
    if (environment === this.environment && (this.phase === "ready" || this.phase === "loading")) return this.reload();
    if (environment !== "") await this.open(environment);
  }

  begin(due: readonly ConsentDue[] = this.rows): void {
    this.walk = due;
    this.passed = [];
  }

  /** Goes on to the next one. */
  pass(outcome: Outcome, state: ConsentState | null = null, error: WireError | null = null): void {
    const due = this.current;
    if (due) this.passed = [...this.passed, { due, outcome, state, error }];
  }

  end(): void {
    this.walk = null;
    this.passed = [];
  }

  override clear(): void {
    super.clear();
    this.end();
  }
}

/** By the grant of its auth client; one that is not known here is taken to ask a person. */
export function askingOf(client: AuthClient | null | undefined): Asking {
  if (client?.type !== "oauth2" || client.grant === null) return "person";
  if (client.grant === "password") return "login";
  return asksPerson(client.grant as Grant) ? "person" : "nobody";
}

/** Everything is as it was planned, or asked for last. */
export function requestFor(due: ConsentDue, way: Way): ConnectionConnect {
  return {
    environment: due.connection.environment, connection: due.connection.key, name: null, auth_client: null, scopes: null, params: null,
    browser: way, login: null, timeout_seconds: null,
  };
}

export const consentQueue = new ConsentQueue();
