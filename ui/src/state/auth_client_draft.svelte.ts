/** A new auth client while it is typed: endpoints discovered from the issuer or entered by hand, faults, and the request. */

import type { AuthClient } from "../host/bindings/AuthClient";
import type { AuthClientType } from "../host/bindings/AuthClientType";
import type { AuthClientCreate } from "../host/bindings/AuthClientCreate";
import type { Discovered } from "../host/bindings/Discovered";
import type { Provider } from "../host/bindings/Provider";
import type { Visibility } from "../host/bindings/Visibility";
import type { WireError } from "../host/bindings/WireError";
import type { ValueFile } from "../host/desktop";
import { addressFault, host, type AddressFault } from "./addresses";
import { authClients } from "./auth_clients.svelte";
import type { Param } from "./connect_draft.svelte";
import { byConsent, usualApply, writeApply, type Place } from "./entered";
import { asWireError } from "./failure";
import { GRANTS, asksPerson, authentications, comesBack, grantsOf, secretKind, type Authentication, type Grant, type SecretKind, type Signature } from "./grants";
import { keyFault, proposeKey, type KeyFault } from "./naming";
import { RedirectDraft, type RedirectFault } from "./redirect_draft.svelte";

const WHOLE = /^[1-9][0-9]{0,8}$/;
/** A day, in seconds. */
const LONGEST_WINDOW = 86_400;
const GOOGLE = "accounts.google.com";
const GOOGLE_OFFLINE: readonly Param[] = [
  { name: "access_type", value: "offline" },
  { name: "prompt", value: "consent" },
];

/** What a client of another type does not have. */
const NOTHING = {
  issuer: null, auth_uri: null, token_uri: null, revocation_uri: null, refresh_token_uri: null, device_uri: null, request_token_uri: null,
  signature_method: null, provider: null, variables: null, client_id: null, client_secret: null, grant: null, client_authentication: null,
  redirect: null, redirect_path: null, token_expires_in: null, refresh_window: null, authorize_params: null, token_params: null,
  refresh_params: null, resources: null, scopes: null, url: null, apply: null,
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
  deviceUri = $state("");
  requestTokenUri = $state("");
  refreshTokenUri = $state("");
  signature = $state<Signature>("HMAC-SHA1");
  grant = $state<Grant>("authorization_code");
  /** `null`: as the provider says. */
  wantedAuthentication = $state<Authentication | null>(null);
  clientId = $state("");
  clientSecret = $state("");
  /** A file that holds the client secret or the private key: Rust has read it, its text never comes here. */
  secretFile = $state.raw<ValueFile | null>(null);
  scopes = $state<string[]>([]);
  /** Of the authorization request, of the request for tokens, and of a refresh. */
  params = $state<Param[]>([]);
  tokenParams = $state<Param[]>([]);
  refreshParams = $state<Param[]>([]);
  resources = $state<string[]>([]);
  /** Seconds, as they were typed. */
  lifetime = $state("");
  refreshWindow = $state("");
  readonly redirect = new RedirectDraft();

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

  /** Whether connections get tokens through it. */
  get connects(): boolean {
    return byConsent(this.type);
  }

  /** Whether a browser comes back to this computer, so that a redirect address counts. */
  get comesBack(): boolean {
    return this.type === "oauth1" || (this.type === "oauth2" && comesBack(this.grant));
  }

  /** Whether a person agrees, so that parameters can go along with the question. */
  get asksPerson(): boolean {
    return this.type === "oauth1" || asksPerson(this.grant);
  }

  /** Grants there are to choose from. */
  get grants(): readonly Grant[] {
    return this.chosen ? grantsOf(this.chosen.grants) : GRANTS;
  }

  get authentication(): Authentication | null {
    const wanted = this.wantedAuthentication;
    return wanted !== null && authentications(this.grant).includes(wanted) ? wanted : null;
  }

  get secretKind(): SecretKind {
    if (this.type === "oauth1") return "optional";
    const signs = this.authentication === null && this.chosen?.client_authentication === "private_key_jwt";
    return secretKind(this.grant, signs ? "private_key_jwt" : this.authentication);
  }

  get chosen(): Provider | null {
    return this.way === "provider" ? this.provider : null;
  }

  /** Takes an entry of the catalogue: what it says need not be typed. */
  choose(provider: Provider): void {
    this.type = provider.protocol === "oauth1" ? "oauth1" : "oauth2";
    this.way = "provider";
    this.provider = provider;
    if (this.name.trim() === "") this.name = provider.name;
    if (this.application.trim() === "") this.application = provider.application;
    this.variables = Object.fromEntries(provider.variables.map((variable) => [variable.name, variable.default ?? variable.choices[0] ?? ""]));
    this.scopes = provider.scopes.filter((scope) => scope.usual).map((scope) => scope.name);
    // The usual one comes first in the entry.
    this.grant = GRANTS.find((grant) => grant === provider.grants[0]) ?? "authorization_code";
    this.redirect.usual = provider.redirect_uri;
    this.redirect.kind = "usual";
    this.redirect.proposedPath = "";
  }

  /** Leaves the entry: the addresses are said in another way. */
  leaveProvider(): void {
    this.way = this.type === "oauth1" ? "hand" : "issuer";
    if (this.redirect.kind === "usual") this.redirect.kind = "free";
    this.redirect.usual = "";
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

  /** OAuth 1.0a names no issuer to ask. */
  get #byHand(): boolean {
    return this.way === "hand" || (this.type === "oauth1" && !this.chosen);
  }

  get issuerFault(): AddressFault | null {
    return this.#byHand || this.chosen ? null : addressFault(this.fullIssuer);
  }

  get authUriFault(): AddressFault | null {
    return this.#byHand && this.comesBack ? addressFault(this.authUri) : null;
  }

  get tokenUriFault(): AddressFault | null {
    return this.#byHand ? addressFault(this.tokenUri) : null;
  }

  get requestTokenUriFault(): AddressFault | null {
    return this.#byHand && this.type === "oauth1" ? addressFault(this.requestTokenUri) : null;
  }

  /** The device address is asked for where nobody else names it. */
  get needsDeviceUri(): boolean {
    if (this.type !== "oauth2" || this.grant !== "device_code" || this.chosen) return false;
    return this.way === "hand" || (this.discovered !== null && this.discovered.device_uri === null);
  }

  get deviceUriFault(): AddressFault | null {
    return this.needsDeviceUri ? addressFault(this.deviceUri) : null;
  }

  /** What may be left empty and is wrong when it is not. */
  get revocationUriFault(): AddressFault | null {
    return this.type === "oauth2" && this.way === "hand" && this.revocationUri.trim() !== "" ? addressFault(this.revocationUri) : null;
  }

  get refreshTokenUriFault(): AddressFault | null {
    return this.type === "oauth2" && this.refreshTokenUri.trim() !== "" ? addressFault(this.refreshTokenUri) : null;
  }

  /** Without an id the issuer makes a client (RFC 7591), where it says that it does. */
  get registersItself(): boolean {
    return this.type === "oauth2" && this.way === "issuer" && this.discovered?.registers_clients === true;
  }

  get clientIdFault(): boolean {
    return this.clientId.trim() === "" && !this.registersItself;
  }

  get secretFault(): boolean {
    const needs = this.secretKind === "secret" || this.secretKind === "key";
    // A client that is made there brings its secret along.
    const made = this.registersItself && this.clientId.trim() === "";
    return needs && !made && this.clientSecret === "" && this.secretFile === null;
  }

  get redirectFault(): RedirectFault | null {
    return this.comesBack ? this.redirect.fault : null;
  }

  get lifetimeFault(): boolean {
    return this.type === "oauth2" && this.lifetime.trim() !== "" && !WHOLE.test(this.lifetime.trim());
  }

  get refreshWindowFault(): boolean {
    const typed = this.refreshWindow.trim();
    return this.type === "oauth2" && typed !== "" && !(WHOLE.test(typed) && Number(typed) <= LONGEST_WINDOW);
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
    if (this.name.trim() === "" || this.keyFault(taken) !== null) return false;
    if (!this.connects) return this.urlFault === null && !this.applyFault;
    if (this.chosen?.variables.some((variable) => this.variableFault(variable.name))) return false;
    const addresses = [
      this.issuerFault, this.authUriFault, this.tokenUriFault, this.requestTokenUriFault, this.deviceUriFault, this.revocationUriFault,
      this.refreshTokenUriFault,
    ];
    const others = [this.clientIdFault, this.secretFault, this.lifetimeFault, this.refreshWindowFault];
    return addresses.every((fault) => fault === null) && this.redirectFault === null && !others.includes(true);
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
    this.redirect.proposedPath = "";
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
      // O-41: only the path tells the answers of such a server from those of another.
      this.redirect.proposedPath = found.names_itself ? "" : `/callback/${host(found.issuer).replace(/[^A-Za-z0-9.-]/g, "-")}`;
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

  /** Makes it; afterwards nothing here holds its secret. */
  async save(): Promise<AuthClient> {
    const made = await authClients.create(this.request(), this.connects && this.secretKind !== "none" ? this.secretFile : null);
    this.clientSecret = "";
    this.secretFile = null;
    return made;
  }

  request(): Omit<AuthClientCreate, "environment"> {
    const common = {
      ...NOTHING,
      key: this.key,
      name: this.name.trim(),
      application: filled(this.application),
      type: this.type,
      visibility: this.visibility,
    };
    switch (this.type) {
      case "oauth2":
        return { ...common, ...this.#oauth2() };
      case "oauth1":
        return { ...common, ...this.#oauth1() };
      case "api_key":
        return { ...common, url: filled(this.url), apply: writeApply({ place: this.place, name: this.applied }) };
      default:
        return { ...common, url: filled(this.url) };
    }
  }

  #oauth2(): Partial<AuthClientCreate> {
    const hand = this.way === "hand";
    return {
      ...this.#origin(),
      ...this.#client(),
      issuer: this.way === "issuer" ? (this.discovered?.issuer ?? this.fullIssuer) : null,
      auth_uri: hand && this.comesBack ? this.authUri.trim() : null,
      token_uri: hand ? this.tokenUri.trim() : null,
      revocation_uri: hand ? filled(this.revocationUri) : null,
      refresh_token_uri: filled(this.refreshTokenUri),
      device_uri: this.needsDeviceUri ? this.deviceUri.trim() : null,
      grant: this.grant,
      client_authentication: this.authentication,
      token_expires_in: seconds(this.lifetime),
      refresh_window: seconds(this.refreshWindow),
      token_params: written(this.tokenParams),
      refresh_params: written(this.refreshParams),
      resources: this.resources.length === 0 ? null : [...this.resources],
      scopes: this.scopes.length === 0 ? null : [...this.scopes],
    };
  }

  /** An entry of the catalogue knows its addresses, and not how requests are signed. */
  #oauth1(): Partial<AuthClientCreate> {
    const own = this.chosen
      ? {}
      : { request_token_uri: this.requestTokenUri.trim(), auth_uri: this.authUri.trim(), token_uri: this.tokenUri.trim() };
    return { ...this.#origin(), ...this.#client(), ...own, signature_method: this.signature };
  }

  /** What both kinds of OAuth have. */
  #client(): Partial<AuthClientCreate> {
    return {
      client_id: filled(this.clientId),
      client_secret: this.secretKind === "none" || this.clientSecret === "" ? null : this.clientSecret,
      redirect: this.comesBack ? this.redirect.written() : null,
      redirect_path: this.comesBack ? this.redirect.writtenPath() : null,
      authorize_params: this.asksPerson ? written(this.params) : null,
    };
  }
}

function filled(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

function seconds(text: string): number | null {
  return text.trim() === "" ? null : Number(text.trim());
}

function written(params: readonly Param[]): string[] | null {
  const named = params.filter((param) => param.name.trim() !== "").map((param) => `${param.name.trim()}=${param.value}`);
  return named.length === 0 ? null : named;
}
