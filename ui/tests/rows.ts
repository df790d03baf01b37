/** Rows and a door for the tests of the item screens. */

import { install, type Commands } from "../src/host";
import type { AuthClient } from "../src/host/bindings/AuthClient";
import type { Connection } from "../src/host/bindings/Connection";
import type { Consent } from "../src/host/bindings/Consent";
import type { Provider } from "../src/host/bindings/Provider";
import type { Secret } from "../src/host/bindings/Secret";

export const VALUE = "sk_live_51N8vQ2LrT0xMaeP4wz9";

export function secret(over: Partial<Secret> = {}): Secret {
  return {
    id: "s1", key: "STRIPE_KEY", name: "Stripe key", description: "Refunds", tags: ["payments"], masked: true, environment: "default",
    version: 2, created_at: "2026-03-04T09:58:00Z", updated_at: "2026-11-20T10:00:00Z", notes: "", expires_at: null, rotate_every: null,
    rotation_due_at: null, favourite: false, value_changed_at: "2026-11-20T10:00:00Z", deleted_at: null, ...over,
  };
}

export function connection(over: Partial<Connection> = {}): Connection {
  return {
    id: "c1", key: "google", name: "Google", environment: "default", application: null, auth_client: "google_client", auth_type: "oauth2",
    owner: "owner", account: null, state: "ready", error: null, scope: "openid email", expires_at: "2099-11-22T11:34:00Z",
    obtained_at: "2026-11-22T10:34:00Z", next_refresh_at: "2099-11-22T11:29:00Z", refresh_token: true, renewed_by: "refresh_token", refresh_token_expires_at: null,
    url: null, apply: null, value_version: null, kept: [], default: true, created_at: "2026-10-01T08:00:00Z", ...over,
  };
}

export function authClient(over: Partial<AuthClient> = {}): AuthClient {
  return {
    id: "a1", key: "acme", name: "Acme SSO", type: "oauth2", application: null, visibility: "environment", kept_in: null, url: null, apply: null, issuer: "https://sso.acme.dev",
    auth_uri: "https://sso.acme.dev/authorize", token_uri: "https://sso.acme.dev/token", refresh_token_uri: null, revocation_uri: null,
    token_expires_in: 3600, client_id: "keyward", has_client_secret: false, redirect: "http://127.0.0.1/callback", grant: "authorization_code", client_authentication: "none", request_token_uri: null, signature_method: null, scopes: ["openid"],
    authorize_params: [], token_params: [], refresh_params: [], resources: [], refresh_window: null, provider: null, provider_variables: [],
    connections: 0, created_at: "2026-10-01T08:00:00Z", ...over,
  };
}

export function provider(over: Partial<Provider> = {}): Provider {
  return {
    id: "github", name: "GitHub", application: "github", category: "code", keywords: [], letters: "GH", hue: 215, host: "github.com",
    website: null, documentation: null, console: null, protocol: "oauth2", issuer: null, auth_uri: "https://github.com/login/oauth/authorize",
    token_uri: "https://github.com/login/oauth/access_token", request_token_uri: null, refresh_token_uri: null, revocation_uri: null,
    introspection_uri: null, device_uri: null, variables: [], scopes: [], grants: ["authorization_code"], client_authentication: "post",
    redirect: "any-port", redirect_uri: "http://127.0.0.1/callback", authorize_params: [], token_expires_in: null, refresh_window: null,
    without_pkce: false, keeps: [], refresh_token_idle: null, refresh_token_absolute: null, steps: ["Register an application."],
    verified_on: "2026-08-21", source: "a test", confidence: "documented", own: false, ...over,
  };
}

export function consent(over: Partial<Consent> = {}): Consent {
  return {
    id: "k1", connection: "google", auth_client: "acme", state: "waiting", link: "https://sso.acme.dev/authorize?x", user_code: null, revision: 1,
    listening: "127.0.0.1:49731/callback", browser: "Firefox", seconds_left: 258, seconds_allowed: 300, result: null, error: null,
    steps: [
      { id: "prepare", state: "done", seconds: 0 }, { id: "open_browser", state: "done", seconds: 0.3 }, { id: "wait", state: "now", seconds: null },
      { id: "exchange", state: "todo", seconds: null }, { id: "store", state: "todo", seconds: null }, { id: "plan", state: "todo", seconds: null },
    ],
    ...over,
  };
}

type Answers = Partial<{ [K in keyof Commands]: (request: Commands[K][0]) => Commands[K][1] | Promise<Commands[K][1]> }>;

/** Installs a door that knows these commands; answers the names and requests of the calls. */
export function doorWith(answers: Answers): { name: keyof Commands; request: unknown }[] {
  const calls: { name: keyof Commands; request: unknown }[] = [];
  install({
    call: async (name, request) => {
      calls.push({ name, request });
      const answer = answers[name];
      if (!answer) throw { code: "internal", message: `${name} was not expected`, hint: "" };
      return answer(request);
    },
    listen: async () => () => undefined,
  });
  return calls;
}

/** Lets everything that is waiting for an answer go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}
