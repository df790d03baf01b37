/** A new auth client while it is typed: endpoints discovered from the issuer or entered by hand, faults, and the request. */

import type { AuthClientType } from "../host/bindings/AuthClientType";
import type { AuthClientCreate } from "../host/bindings/AuthClientCreate";
import type { Discovered } from "../host/bindings/Discovered";
import type { Provider } from "../host/bindings/Provider";
import type { Visibility } from "../host/bindings/Visibility";
import type { WireError } from "../host/bindings/WireError";
import { addressFault, host, type AddressFault } from "./addresses";
import { authClients } from "./auth_clients.svelte";
import type { Param } from "./connect_draft.svelte";
import { usualApply, writeApply, type Place } from "./entered";
import { asWireError } from "./failure";
import { keyFault, proposeKey, type KeyFault } from "./naming";

const GOOGLE = "accounts.google.com";
const GOOGLE_OFFLINE: readonly Param[] = [
  { name: "access_type", value: "offline" },
  { name: "prompt", value: "consent" },
];

/** What is said at the command line alone, or by an entry of the catalogue. */
const NOTHING_BEYOND = {
  provider: null, variables: null, refresh_token_uri: null, token_params: null, refresh_params: null, resources: null, refresh_window: null,
};

/** What a client of another type does not have. */
/** What the form leaves as it usually is; the command line says it. */
const USUAL = { grant: null, client_authentication: null, redirect: null, device_uri: null, request_token_uri: null, signature_method: null };

const NO_OAUTH = {
  ...USUAL,
  issuer: null, auth_uri: null, token_uri: null, revocation_uri: null, client_id: null, client_secret: null,
  token_expires_in: null, redirect_path: null, authorize_params: null, scopes: null, ...NOTHING_BEYOND,
};

export class AuthClientDraft {
  name = $state("");
  /** Empty while it follows the name. */
  typedKey = $state("");
  application = $state("");
  type = $state<AuthClientType>("oauth2");
  visibility = $state<Visibility>("environment");
  /** Of the types without tokens: where requests go, and how the value of a key is sent. */
  url = $state("");
  place = $state<Place>(usualApply("api_key")?.place ?? "header");
  applied = $state(usualApply("api_key")?.name ?? "");
  way = $state<"issuer" | "hand" | "provider">("issuer");
  /** The entry of the catalogue it is made from, while the way is `provider`. */
  provider = $state.raw<Provider | null>(null);
  /** What stands for the variables of that entry. */
  variables = $state<Record<string, string>>({});
  issuer = $state("");
  authUri = $state("");
  tokenUri = $state("");
  revocationUri = $state("");
  clientId = $state("");
  clientSecret = $state("");
  scopes = $state<string[]>([]);
  params = $state<Param[]>([]);
  redirectPath = $state("");

  discovered = $state.raw<Discovered | null>(null);
  discovering = $state(false);
  discoverError = $state.raw<WireError | null>(null);
  /** Somebody tried to save: now every fault is said. */
  tried = $state(false);
  busy = $state(false);
  error = $state.raw<WireError | null>(null);

  get key(): string {
    return this.typedKey === "" ? proposeKey(this.name).toLowerCase() : this.typedKey;
  }

  /** The address to register; the port is free (RFC 8252 section 7.3). */
  get redirect(): string {
    const path = this.redirectPath.trim();
    if (this.chosen) return path === "" ? this.chosen.redirect_uri : this.chosen.redirect_uri.replace(/\/callback$/, path);
    return `http://127.0.0.1${path === "" ? "/callback" : path}`;
  }

  get chosen(): Provider | null {
    return this.way === "provider" ? this.provider : null;
  }

  /** Takes an entry of the catalogue: what it says need not be typed. */
  choose(provider: Provider): void {
    this.type = "oauth2";
    this.way = "provider";
    this.provider = provider;
    if (this.name.trim() === "") this.name = provider.name;
    if (this.application.trim() === "") this.application = provider.application;
    this.variables = Object.fromEntries(provider.variables.map((variable) => [variable.name, variable.default ?? variable.choices[0] ?? ""]));
    this.scopes = provider.scopes.filter((scope) => scope.usual).map((scope) => scope.name);
  }

  /** An address of the entry with what was typed for its variables; what is still missing stays in braces. */
  filledIn(address: string): string {
    return address.replace(/\{([A-Za-z0-9_]+)\}/g, (braced, name: string) => this.variables[name]?.trim() || braced);
  }

  variableFault(name: string): boolean {
    return this.chosen !== null && (this.variables[name] ?? "").trim() === "";
  }

  get isGoogle(): boolean {
    return host(this.discovered?.issuer ?? this.authUri) === GOOGLE;
  }

  keyFault(taken: readonly string[]): KeyFault | null {
    return keyFault(this.key, taken);
  }

  get issuerFault(): AddressFault | null {
    return this.way === "issuer" ? addressFault(this.fullIssuer) : null;
  }

  get authUriFault(): AddressFault | null {
    return this.way === "hand" ? addressFault(this.authUri) : null;
  }

  get tokenUriFault(): AddressFault | null {
    return this.way === "hand" ? addressFault(this.tokenUri) : null;
  }

  get pathFault(): boolean {
    const path = this.redirectPath.trim();
    return path !== "" && !path.startsWith("/");
  }

  /** Nowhere in particular is an answer, but not for a client that is nothing but an address. */
  get urlFault(): AddressFault | null {
    return this.url.trim() === "" && this.type !== "noauth" ? null : addressFault(this.url);
  }

  get applyFault(): boolean {
    return this.type === "api_key" && this.place !== "basic" && this.applied.trim() === "";
  }

  /** Whether it can be sent. */
  complete(taken: readonly string[]): boolean {
    if (this.type !== "oauth2") {
      return this.name.trim() !== "" && this.keyFault(taken) === null && this.urlFault === null && !this.applyFault;
    }
    if (this.chosen?.variables.some((variable) => this.variableFault(variable.name))) return false;
    const addresses = [this.issuerFault, this.authUriFault, this.tokenUriFault].every((fault) => fault === null);
    return this.name.trim() !== "" && this.clientId.trim() !== "" && this.keyFault(taken) === null && addresses && !this.pathFault;
  }

  /** The issuer with its scheme: people type `accounts.google.com`. */
  get fullIssuer(): string {
    const typed = this.issuer.trim();
    return typed === "" || /^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`;
  }

  /** A changed issuer makes what was discovered untrue. */
  issuerChanged(): void {
    this.discovered = null;
    this.discoverError = null;
  }

  async discover(): Promise<void> {
    if (this.discovering || this.issuerFault !== null) return;
    const asked = this.fullIssuer;
    this.discovering = true;
    this.discoverError = null;
    try {
      const found = await authClients.discover(asked);
      if (asked !== this.fullIssuer) return;
      this.discovered = found;
      // Google has no offline_access scope: these two make it issue a refresh token.
      if (this.isGoogle && this.params.length === 0) this.params = GOOGLE_OFFLINE.map((param) => ({ ...param }));
    } catch (failure) {
      if (asked === this.fullIssuer) this.discoverError = asWireError(failure);
    } finally {
      this.discovering = false;
    }
  }

  /** The entry of the catalogue, and what stands for its variables. */
  #origin(): Pick<AuthClientCreate, "provider" | "variables"> {
    const provider = this.chosen;
    if (!provider) return { provider: null, variables: null };
    const variables = provider.variables.map(({ name }) => `${name}=${(this.variables[name] ?? "").trim()}`);
    return { provider: provider.id, variables: variables.length === 0 ? null : variables };
  }

  request(): Omit<AuthClientCreate, "environment"> {
    const hand = this.way === "hand";
    const params = this.params.filter((param) => param.name.trim() !== "").map((param) => `${param.name.trim()}=${param.value}`);
    const common = {
      key: this.key,
      name: this.name.trim(),
      application: filled(this.application),
      type: this.type,
      visibility: this.visibility,
    };
    if (this.type !== "oauth2") {
      const apply = this.type === "api_key" ? writeApply({ place: this.place, name: this.applied }) : null;
      return { ...common, ...NO_OAUTH, url: filled(this.url), apply };
    }
    return {
      ...common,
      url: null,
      apply: null,
      ...NOTHING_BEYOND,
      ...this.#origin(),
      issuer: this.way === "issuer" ? (this.discovered?.issuer ?? this.fullIssuer) : null,
      auth_uri: hand ? this.authUri.trim() : null,
      token_uri: hand ? this.tokenUri.trim() : null,
      revocation_uri: hand ? filled(this.revocationUri) : null,
      client_id: this.clientId.trim(),
      client_secret: this.clientSecret === "" ? null : this.clientSecret,
      ...USUAL,
      token_expires_in: null,
      redirect_path: filled(this.redirectPath),
      authorize_params: params.length === 0 ? null : params,
      scopes: this.scopes.length === 0 ? null : [...this.scopes],
    };
  }
}

function filled(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}
