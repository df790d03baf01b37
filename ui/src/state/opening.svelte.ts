/** Opens an item wherever it is: in another environment its lists must be read first. */

import { environments } from "./environments.svelte";
import { run, type Act } from "./keys.svelte";
import { route, type RouteName } from "./route.svelte";

class Opening {
  /** What is to be opened once the other environment is shown. */
  #item: { item: string; view: RouteName } | null = null;
  /** What is to be done with the item once it is open: an act of the keyboard table. */
  act = $state<Act | null>(null);

  /** Opens the item and, where one is named, does an act with it. `view` where it is no item of the lists. */
  open(environment: string, item: string, act: Act | null = null, view: RouteName = "items"): void {
    this.act = act;
    if (environment === environments.current) {
      route.go(view, item);
      return;
    }
    this.#item = { item, view };
    environments.choose(environment);
  }

  /** The environment has changed: what is to be open in it. */
  take(): { item: string; view: RouteName } | null {
    const item = this.#item;
    this.#item = null;
    return item;
  }

  /** The item is on screen: does what was asked for. */
  arrived(): void {
    const act = this.act;
    this.act = null;
    if (act) run(act);
  }
}

export const opening = new Opening();
