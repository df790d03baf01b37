/**
 * Which view is shown and what is open in it: `#/items/<id>`, `#/tagged/<tag>/<id>`. Only names and ids go into the hash,
 * never a value.
 *
 *   route.name            one of ROUTES
 *   route.of              what the view is about, where it is about one thing of many (a tag), or null
 *   route.id              what is open, or null
 *   route.go(name, id?, of?)   forward; route.replace(…) without a step in the history
 *   route.open(id)        another thing in the same view; route.openInstead(id) without a step in the history
 *   route.back(), route.forward(), route.canBack, route.canForward
 */

import { unsaved } from "./unsaved";

export const ROUTES = [
  "items", "favourites", "tagged", "secrets", "credentials", "connections", "applications", "auth-clients", "connect", "consents", "import", "compare", "health", "trash", "settings",
] as const;
export type RouteName = (typeof ROUTES)[number];
export interface Place {
  name: RouteName;
  id: string | null;
  of: string | null;
}

/** Views that are about one thing of many: its name comes before the id. */
const ABOUT: readonly RouteName[] = ["tagged"];

/** The lists of items of several or one kind: list and detail. */
export const ITEM_LISTS: readonly RouteName[] = ["items", "favourites", "tagged", "secrets"];

export function parse(hash: string): Place {
  const [name = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  const known = ROUTES.find((route) => route === name);
  const of = known && ABOUT.includes(known) ? decoded(rest.shift() ?? "") : null;
  if (!known || (of === null && ABOUT.includes(known))) return { name: "items", id: null, of: null };
  return { name: known, id: decoded(rest.join("/")), of };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part) || null;
  } catch {
    return null;
  }
}

export function format(name: RouteName, id: string | null = null, of: string | null = null): string {
  return ["#", name, of, id].flatMap((part, at) => (part === null ? [] : [at < 2 ? part : encodeURIComponent(part)])).join("/");
}

export class Route {
  name = $state<RouteName>("items");
  id = $state<string | null>(null);
  of = $state<string | null>(null);
  #trail = $state.raw<readonly string[]>(["#/items"]);
  #at = $state(0);
  /** Asked before leaving; false stays (unsaved changes). */
  guard: ((to: Place) => boolean) | null = null;

  get canBack(): boolean {
    return this.#at > 0;
  }

  get canForward(): boolean {
    return this.#at < this.#trail.length - 1;
  }

  /** Follows the address; answers how to stop. */
  start(): () => void {
    const follow = () => this.#open(location.hash || "#/items");
    // A link is followed at once: by itself it changes the address a moment later, and is lost when what stands there now
    // opens its first row meanwhile.
    const press = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="#/"]') : null;
      if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#open(link.hash);
    };
    addEventListener("hashchange", follow);
    addEventListener("click", press);
    follow();
    return () => {
      removeEventListener("hashchange", follow);
      removeEventListener("click", press);
    };
  }

  href(name: RouteName, id: string | null = null, of: string | null = null): string {
    return format(name, id, of);
  }

  go(name: RouteName, id: string | null = null, of: string | null = null): void {
    this.#open(format(name, id, of));
  }

  open(id: string | null): void {
    this.go(this.name, id, this.of);
  }

  openInstead(id: string | null): void {
    this.replace(this.name, id, this.of);
  }

  replace(name: RouteName, id: string | null = null, of: string | null = null): void {
    const hash = format(name, id, of);
    if (this.#trail[this.#at] === hash) return this.#show(hash);
    unsaved.before(() => this.#replace(hash));
  }

  #replace(hash: string): void {
    this.#trail = this.#trail.map((step, index) => (index === this.#at ? hash : step));
    this.#show(hash);
  }

  back(): void {
    if (this.canBack) this.#step(this.#at - 1);
  }

  forward(): void {
    if (this.canForward) this.#step(this.#at + 1);
  }

  /** Forgets where one has been: the vault was locked or the environment changed. */
  reset(name: RouteName = this.name, id: string | null = null): void {
    this.#trail = [format(name, id)];
    this.#at = 0;
    this.#show(format(name, id));
  }

  #open(hash: string): void {
    if (this.#trail[this.#at] === hash) {
      this.#show(hash);
      return;
    }
    if (this.guard && !this.guard(parse(hash))) {
      this.#write(this.#trail[this.#at] ?? "#/items");
      return;
    }
    // A link wrote the address already: it is where one stays while the question is open.
    this.#write(this.#trail[this.#at] ?? "#/items");
    unsaved.before(() => {
      this.#trail = [...this.#trail.slice(0, this.#at + 1), hash].slice(-50);
      this.#at = this.#trail.length - 1;
      this.#show(hash);
    });
  }

  #step(at: number): void {
    const hash = this.#trail[at];
    if (hash === undefined || (this.guard && !this.guard(parse(hash)))) return;
    unsaved.before(() => {
      this.#at = at;
      this.#show(hash);
    });
  }

  #show(hash: string): void {
    const place = parse(hash);
    this.name = place.name;
    this.id = place.id;
    this.of = place.of;
    this.#write(hash);
  }

  /** The browser's own history stays one step long: ours knows what may be left. */
  #write(hash: string): void {
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }
}

export const route = new Route();
