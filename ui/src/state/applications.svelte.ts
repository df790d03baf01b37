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
}

export const applications = new Applications();
