/** Connections in trouble for a reason that their row does not show: unsaved tokens, refresh tokens that end soon (OA9, O-72). */

import { call } from "../host";
import type { Alarm } from "../host/bindings/Alarm";

export class Alarms {
  rows = $state.raw<readonly Alarm[]>([]);
  #turn = 0;

  /** Reads them anew. They add to the list and never stand in its way: what cannot be read shows none. */
  async load(environment: string): Promise<void> {
    const turn = ++this.#turn;
    const rows = environment === "" ? [] : await call("connection_alarms", { environment }).catch(() => []);
    if (turn === this.#turn) this.rows = rows;
  }
}

export const alarms = new Alarms();
