/** A new app credential while it is typed: what is missing, and the request. Its values go with it. */

import type { Application } from "../host/bindings/Application";
import type { AuthClient } from "../host/bindings/AuthClient";
import type { AuthType } from "../host/bindings/AuthType";
import type { Connection } from "../host/bindings/Connection";
import type { WireError } from "../host/bindings/WireError";
import { addressFault } from "./addresses";
import { proposeApplication } from "./application_groups";
import { connections } from "./connections.svelte";
import { readApply, serves, usualApply, VALUES, writeApply, type Place } from "./entered";
import { asWireError } from "./failure";
import { keyFault, proposeKey, type KeyFault } from "./naming";

export class CredentialDraft {
  /** As it is typed; an application that is there already is meant when its key comes out. */
  applicationName = $state("");
  name = $state("");
  /** Empty while it follows the name. */
  typedKey = $state("");
  url = $state("");
  default = $state(false);
  /** Somebody tried to store it: now every fault is said. */
  tried = $state(false);
  busy = $state(false);
  error = $state.raw<WireError | null>(null);
  #picked = $state.raw<Application | null>(null);
  #client = $state.raw<AuthClient | null>(null);
  #type = $state<AuthType>("access_token");
  #values = $state<Record<string, string>>({});
  #place = $state<Place | null>(null);
  #applied = $state<string | null>(null);

  get type(): AuthType {
    return this.#type;
  }

  /** Another type has other values, and another usual way to send them. */
  set type(type: AuthType) {
    this.#type = type;
    this.#values = {};
    this.#place = this.#applied = null;
    if (this.#client && !serves(this.#client.type, type)) this.#client = null;
  }

  /** The registration that says where requests go and how the value is sent; `null` for none. */
  get client(): AuthClient | null {
    return this.#client;
  }

  set client(client: AuthClient | null) {
    this.#client = client;
    this.#place = this.#applied = null;
  }

  get #usual() {
    return (this.#client?.apply ? readApply(this.#client.apply) : null) ?? usualApply(this.type);
  }

  pick(application: Application): void {
    this.#picked = application;
    this.applicationName = application.name;
  }

  /** Key of the application; empty while none can be made of what is typed. */
  get application(): string {
    if (this.#picked && this.applicationName === this.#picked.name) return this.#picked.key;
    return proposeApplication(this.applicationName);
  }

  get key(): string {
    return this.typedKey === "" ? proposeKey(this.name) : this.typedKey;
  }

  keyFault(taken: readonly string[]): KeyFault | null {
    return keyFault(this.key, taken);
  }

  get names(): readonly string[] {
    return VALUES[this.type];
  }

  value(name: string): string {
    return this.#values[name] ?? "";
  }

  enter(name: string, value: string): void {
    this.#values[name] = value;
  }

  get missing(): string[] {
    return this.names.filter((name) => this.value(name) === "");
  }

  get urlFault(): boolean {
    return this.url.trim() === "" ? this.type === "none" && !this.#client?.url : addressFault(this.url) !== null;
  }

  /** Whether how it is sent is a choice. */
  get chooses(): boolean {
    return usualApply(this.type) !== null;
  }

  get place(): Place {
    return this.#place ?? this.#usual?.place ?? "basic";
  }

  set place(place: Place) {
    this.#place = place;
  }

  get applied(): string {
    return this.#applied ?? this.#usual?.name ?? "";
  }

  set applied(name: string) {
    this.#applied = name;
  }

  get applyFault(): boolean {
    return this.chooses && this.place !== "basic" && this.applied.trim() === "";
  }

  /** Stores it; `null` when something is missing or was refused. `known` is the application when there is one. */
  async store(taken: readonly string[], known: Application | undefined): Promise<Connection | null> {
    this.tried = true;
    const faulty = this.application === "" || this.name.trim() === "" || this.keyFault(taken) !== null || this.urlFault || this.applyFault;
    if (faulty || this.missing.length > 0 || this.busy) return null;
    this.busy = true;
    this.error = null;
    try {
      const made = await connections.create({
        key: this.key,
        name: this.name.trim(),
        auth_type: this.type,
        application: this.application,
        application_name: known ? null : this.applicationName.trim(),
        auth_client: this.#client?.key ?? null,
        url: this.url.trim() === "" ? null : this.url.trim(),
        apply: this.chooses ? writeApply({ place: this.place, name: this.applied }) : null,
        values: this.names.map((name) => ({ name, value: this.value(name) })),
        default: this.default ? true : null,
      });
      this.#values = {};
      return made;
    } catch (failure) {
      this.error = asWireError(failure);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
