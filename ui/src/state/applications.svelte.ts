/** Applications: what credentials are for, and the one of each that is meant by its name. */

import { call } from "../host";
import type { Application } from "../host/bindings/Application";
import { Collection } from "./collection.svelte";
import { connections } from "./connections.svelte";

export class Applications extends Collection<Application> {
  protected read(environment: string): Promise<Application[]> {
    return call("application_list", { environment, search: null });
  }

  byKey(key: string | null): Application | undefined {
    return this.rows.find((application) => application.key === key);
  }

  /** Makes a Connection the default; the one before it is no longer (AM9). */
  async choose(application: string, connection: string): Promise<void> {
    const changed = await call("application_default", { environment: this.environment, application, connection });
    this.rows = this.rows.map((row) => (row.key === changed.key ? changed : row));
    await connections.reload();
  }

  /** Changes what it is called and where its requests usually go; `null` leaves it, an empty address takes it away. */
  async update(application: string, changes: { name: string | null; url: string | null }): Promise<Application> {
    const changed = await call("application_update", { environment: this.environment, application, ...changes });
    this.rows = this.rows.map((row) => (row.key === changed.key ? changed : row));
    return changed;
  }
}

export const applications = new Applications();
