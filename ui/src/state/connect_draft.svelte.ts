/** What the Connect panel is going to ask for. Kept through an error, so that nothing is typed twice. */

import type { AuthClient } from "../host/bindings/AuthClient";
import type { Connection } from "../host/bindings/Connection";
import type { ConnectionConnect } from "../host/bindings/ConnectionConnect";
import { host } from "./addresses";
import { asksPerson, comesBack, type Grant } from "./grants";
import { keyFault, proposeKey, type KeyFault } from "./naming";

export interface Param {
  name: string;
  value: string;
}

/** What makes a provider issue a refresh token: parameters, or a scope. */
export interface Offline {
  params: readonly string[];
  scopes: readonly string[];
}

export class ConnectDraft {
  name = $state("");
  /** Empty while it follows the name. */
  typedKey = $state("");
  authClient = $state.raw<AuthClient | null>(null);
  scopes = $state.raw<readonly string[]>([]);
  offline = $state(false);
  params = $state<Param[]>([]);
  /** For the legacy grant alone: sent once, kept nowhere. */
  username = $state("");
  password = $state("");
  /** Keys of everything in the environment: a proposed key is free, a typed one may renew a Connection. */
  taken = $state.raw<readonly string[]>([]);
  #proposed = "";
  /** The Connection that is renewed, when its key cannot change. */
  readonly existing: Connection | null;

  constructor(existing: Connection | null, client: AuthClient | null) {
    this.existing = existing;
    this.name = existing?.name ?? "";
    if (client) this.choose(client);
  }

  get key(): string {
    if (this.existing) return this.existing.key;
    return this.typedKey === "" ? free(proposeKey(this.name).toLowerCase(), this.taken) : this.typedKey;
  }

  /** Whether a person is asked, here in a browser or on another device: only then is there something to ask offline access of. */
  get asksPerson(): boolean {
    return this.authClient?.type !== "oauth2" || asksPerson((this.authClient.grant ?? "authorization_code") as Grant);
  }

  get comesBack(): boolean {
    return this.authClient?.type !== "oauth2" || comesBack((this.authClient.grant ?? "authorization_code") as Grant);
  }

  get hasOffline(): boolean {
    return this.authClient?.type === "oauth2" && this.asksPerson;
  }

  get needsLogin(): boolean {
    return this.authClient?.grant === "password";
  }

  get loginFault(): boolean {
    return this.needsLogin && (this.username === "" || this.password === "");
  }

  /** From now on the key stays: the Consent has begun. */
  settle(): void {
    if (!this.existing) this.typedKey = this.key;
  }

  /** Takes over what the AuthClient asks for by default. */
  choose(client: AuthClient): void {
    this.authClient = client;
    const asked = this.existing?.scope?.split(/\s+/).filter(Boolean) ?? [];
    const ways = offlineWays(client);
    const scopes = asked.length > 0 ? asked : client.scopes;
    this.scopes = scopes.filter((scope) => !ways.scopes.includes(scope));
    this.offline = scopes.some((scope) => ways.scopes.includes(scope)) || client.issuer !== null || sendsAll(client, ways);
    if (this.name !== "" && this.name !== this.#proposed) return;
    this.#proposed = client.name;
    this.name = client.name;
  }

  /** What is wrong with the key. The key of a Connection that exists is fine: connecting renews it (OA12). */
  fault(secretKeys: readonly string[], connectionKeys: readonly string[]): KeyFault | null {
    if (this.existing || connectionKeys.includes(this.key)) return null;
    return keyFault(this.key, [...secretKeys, ...connectionKeys]);
  }

  /** Parameters that the toggle adds to those of the AuthClient. */
  get offlineParams(): string[] {
    if (!this.offline || !this.authClient || !this.hasOffline) return [];
    const own = this.authClient.authorize_params;
    return offlineWays(this.authClient).params.filter((param) => !own.includes(param));
  }

  /** What the toggle sends, for people. */
  get offlineSends(): string[] {
    if (!this.authClient) return [];
    const ways = offlineWays(this.authClient);
    return [...ways.scopes, ...ways.params];
  }

  request(environment: string): ConnectionConnect {
    const own = this.params.filter((param) => param.name.trim() !== "").map((param) => `${param.name.trim()}=${param.value}`);
    const params = [...this.offlineParams, ...own];
    const extra = this.offline && this.authClient && this.hasOffline ? offlineWays(this.authClient).scopes : [];
    const scopes = [...this.scopes, ...extra];
    return {
      environment,
      connection: this.key,
      name: this.name.trim() === "" ? null : this.name.trim(),
      auth_client: this.authClient?.key ?? null,
      scopes: scopes.length === 0 ? null : scopes,
      params: params.length === 0 ? null : params,
      browser: "open",
      login: this.needsLogin ? { username: this.username, password: this.password } : null,
      timeout_seconds: null,
    };
  }
}

/** Google has no `offline_access` scope; the others follow OpenID Connect (section 11). */
export function offlineWays(client: AuthClient): Offline {
  if (host(client.auth_uri ?? "") === "accounts.google.com") return { params: ["access_type=offline", "prompt=consent"], scopes: [] };
  return { params: ["prompt=consent"], scopes: ["offline_access"] };
}

/** The key, or the key with the first number that makes it free. */
function free(key: string, taken: readonly string[]): string {
  const used = taken.map((other) => other.toLowerCase());
  if (key === "" || !used.includes(key)) return key;
  let number = 2;
  while (used.includes(`${key}_${number}`)) number += 1;
  return `${key}_${number}`;
}

function sendsAll(client: AuthClient, ways: Offline): boolean {
  const scopes = ways.scopes.every((scope) => client.scopes.includes(scope));
  return scopes && ways.params.every((param) => client.authorize_params.includes(param));
}
