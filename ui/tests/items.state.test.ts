/** State of the item screens: lists, Consents, and the two drafts. */

import { describe, expect, it, vi } from "vitest";
import type { Consent } from "../src/host/bindings/Consent";
import type { Secret } from "../src/host/bindings/Secret";
import { explain } from "../src/parts/consents/explain";
import { AuthClientDraft } from "../src/state/auth_client_draft.svelte";
import { ConnectDraft } from "../src/state/connect_draft.svelte";
import { Connections } from "../src/state/connections.svelte";
import { Consents } from "../src/state/consents.svelte";
import { Secrets } from "../src/state/secrets.svelte";
import { authClient, connection, consent, doorWith, provider, secret, settle, VALUE } from "./rows";

describe("a list of an environment", () => {
  it("reads once, and once more for all Changes that came meanwhile", async () => {
    const calls = doorWith({ secret_list: () => [secret()] });
    const list = new Secrets();
    const opening = list.open("default");
    void list.reload();
    void list.reload();
    await opening;
    await settle();
    expect(calls).toHaveLength(2);
    expect(list.phase).toBe("ready");
  });

  it("never shows rows of the environment before", async () => {
    const waiting: Record<string, (rows: Secret[]) => void> = {};
    doorWith({ secret_list: ({ environment }) => new Promise((done) => (waiting[environment] = done)) });
    const list = new Secrets();
    void list.open("staging");
    await settle();
    void list.open("production");
    waiting.staging?.([secret({ environment: "staging" })]);
    await settle();
    expect(list.rows).toEqual([]);
    waiting.production?.([secret({ environment: "production" })]);
    await settle();
    expect(list.rows.map((row) => row.environment)).toEqual(["production"]);
  });

  it("says why it could not be read, and forgets all when locked", async () => {
    doorWith({
      secret_list: () => {
        throw { code: "corrupt", message: "damaged", hint: "restore" };
      },
    });
    const list = new Secrets();
    await list.open("default");
    expect(list.phase).toBe("failed");
    expect(list.error?.hint).toBe("restore");
    list.clear();
    expect([list.phase, list.rows, list.environment]).toEqual(["idle", [], ""]);
  });

  it("takes a secret away and back again (undo)", async () => {
    doorWith({ secret_list: () => [secret()], secret_delete: () => [secret()], secret_restore: () => secret() });
    const list = new Secrets();
    await list.open("default");
    await list.remove(["s1"]);
    expect(list.rows).toEqual([]);
    await list.restore(secret());
    expect(list.find("s1")).toBeDefined();
  });

  it("keeps no value after creating, renewing or revealing (UI.md §11)", async () => {
    doorWith({
      secret_list: () => [],
      secret_create: () => secret(),
      secret_set_value: () => secret({ version: 3 }),
      secret_reveal: () => ({ value: VALUE }),
    });
    const list = new Secrets();
    await list.open("default");
    await list.create({ key: "STRIPE_KEY", name: null, description: null, tags: null, masked: null, value: VALUE });
    await list.setValue("s1", VALUE, null);
    expect((await list.reveal("s1"))?.value).toBe(VALUE);
    expect(JSON.stringify([list.rows, list.error, list.phase])).not.toContain(VALUE);
  });

  it("refreshes a connection once, however often it is asked", async () => {
    const calls = doorWith({ connection_list: () => [connection()], connection_refresh: async () => connection() });
    const list = new Connections();
    await list.open("default");
    await Promise.all([list.refresh("c1"), list.refresh("c1")]);
    expect(calls.filter((call) => call.name === "connection_refresh")).toHaveLength(1);
    expect(list.refreshing.size).toBe(0);
  });
});

describe("a Consent", () => {
  const request = new ConnectDraft(null, authClient()).request("default");

  it("is followed by revision until it ends", async () => {
    const answers: Consent[] = [
      consent({ revision: 2, state: "finishing" }),
      consent({ revision: 3, state: "done", result: connection() }),
    ];
    const calls = doorWith({ connection_connect: () => consent(), consent_status: () => answers.shift()! });
    const state = new Consents();
    expect(await state.begin(request)).toBe(true);
    await settle();
    await settle();
    expect(state.current?.state).toBe("done");
    expect(state.running).toBe(false);
    const polls = calls.filter((call) => call.name === "consent_status").map((call) => call.request);
    expect(polls).toEqual([{ consent: "k1", after: 1 }, { consent: "k1", after: 2 }]);
  });

  it("drops what arrives after it was left", async () => {
    let answer: (consent: Consent) => void = () => undefined;
    doorWith({ connection_connect: () => consent(), consent_status: () => new Promise((done) => (answer = done)) });
    const state = new Consents();
    await state.begin(request);
    await settle();
    state.clear();
    answer(consent({ revision: 9, state: "done" }));
    await settle();
    expect(state.current).toBeNull();
  });

  it("does not go back to an older revision", async () => {
    let answer: (consent: Consent) => void = () => undefined;
    doorWith({
      connection_connect: () => consent(),
      consent_status: () => new Promise((done) => (answer = done)),
      connection_cancel: () => consent({ revision: 3, state: "cancelled" }),
    });
    const state = new Consents();
    await state.begin(request);
    await settle();
    await state.cancel();
    answer(consent({ revision: 2, state: "waiting" }));
    await settle();
    expect(state.current?.state).toBe("cancelled");
  });

  it("is followed again after a failed question, and let go when it is not known any more", async () => {
    vi.useFakeTimers();
    const codes = ["internal", "not_found"] as const;
    let asked = 0;
    doorWith({
      connection_connect: () => consent(),
      consent_status: () => {
        throw { code: codes[asked++], message: "no", hint: "" };
      },
    });
    const state = new Consents();
    await state.begin(request);
    await settle();
    expect(state.running).toBe(true);
    vi.advanceTimersByTime(1000);
    await settle();
    expect([asked, state.current, state.error?.code]).toEqual([2, null, "not_found"]);
    vi.useRealTimers();
  });

  it("says why it could not begin", async () => {
    doorWith({
      connection_connect: () => {
        throw { code: "usage", message: "the scope is empty", hint: "" };
      },
    });
    const state = new Consents();
    expect(await state.begin(request)).toBe(false);
    expect(state.error?.message).toBe("the scope is empty");
    expect(state.beginning).toBe(false);
  });

  it("counts on between answers", async () => {
    doorWith({ connection_connect: () => consent(), consent_status: () => new Promise(() => undefined) });
    const state = new Consents();
    await state.begin(request);
    expect(state.secondsLeft(Date.now() + 10_000)).toBeLessThanOrEqual(248);
    expect(state.secondsWaited(Date.now() + 60_000)).toBeGreaterThanOrEqual(101);
  });
});

describe("what Connect will ask", () => {
  it("asks an OpenID provider for offline_access, and Google by parameters", () => {
    const openid = new ConnectDraft(null, authClient()).request("default");
    expect(openid).toMatchObject({ scopes: ["openid", "offline_access"], params: ["prompt=consent"], auth_client: "acme", browser: "open" });
    const google = authClient({ auth_uri: "https://accounts.google.com/o/oauth2/v2/auth", authorize_params: ["access_type=offline"] });
    expect(new ConnectDraft(null, google).request("default")).toMatchObject({ scopes: ["openid"], params: ["prompt=consent"] });
  });

  it("sends nothing of its own where offline access is off and the provider is not known", () => {
    const plain = new ConnectDraft(null, authClient({ issuer: null, scopes: [] }));
    expect(plain.offline).toBe(false);
    expect(plain.request("default")).toMatchObject({ scopes: null, params: null });
  });

  it("proposes a key that is free, and keeps it once it has begun", () => {
    const draft = new ConnectDraft(null, authClient());
    draft.taken = ["acme_sso", "acme_sso_2"];
    expect(draft.key).toBe("acme_sso_3");
    draft.settle();
    draft.taken = [...draft.taken, "acme_sso_3"];
    expect(draft.key).toBe("acme_sso_3");
  });

  it("renews an existing connection under its key (OA12)", () => {
    const draft = new ConnectDraft(connection({ scope: "openid offline_access" }), authClient());
    draft.name = "Other name";
    expect(draft.key).toBe("google");
    expect(draft.scopes).toEqual(["openid"]);
    expect(draft.fault([], ["google"])).toBeNull();
  });

  it("refuses the key of a secret", () => {
    const draft = new ConnectDraft(null, authClient());
    draft.typedKey = "STRIPE_KEY";
    expect(draft.fault(["STRIPE_KEY"], [])).toBe("taken");
    expect(draft.fault([], ["STRIPE_KEY"])).toBeNull();
  });

  it("keeps the name somebody typed when another client is chosen", () => {
    const draft = new ConnectDraft(null, authClient());
    draft.choose(authClient({ key: "b", name: "B" }));
    expect(draft.name).toBe("B");
    draft.name = "Mine";
    draft.choose(authClient());
    expect(draft.name).toBe("Mine");
  });
});

describe("a new auth client", () => {
  function filled(): AuthClientDraft {
    const draft = new AuthClientDraft();
    draft.name = "Acme SSO";
    draft.clientId = " keyward ";
    draft.issuer = "sso.acme.dev";
    return draft;
  }

  it("is complete with a name, a client id and an issuer", () => {
    const draft = filled();
    expect(draft.complete([])).toBe(true);
    expect(draft.complete(["ACME_SSO"])).toBe(false);
    expect(draft.request()).toMatchObject({ key: "acme_sso", issuer: "https://sso.acme.dev", client_id: "keyward", auth_uri: null, client_secret: null });
  });

  it.each([
    ["ftp://x", "scheme"],
    ["http://sso.acme.dev", "scheme"],
    ["http://127.0.0.1:4000", null],
    ["http://localhost:4000", null],
    ["", "missing"],
  ])("judges the issuer %j as %s", (issuer, fault) => {
    const draft = filled();
    draft.issuer = issuer;
    expect(draft.issuerFault).toBe(fault);
  });

  it("needs both addresses by hand, and a path that starts with a slash", () => {
    const draft = filled();
    draft.way = "hand";
    draft.authUri = "https://a.dev/authorize";
    expect(draft.complete([])).toBe(false);
    draft.tokenUri = "https://a.dev/token";
    expect(draft.complete([])).toBe(true);
    draft.redirect.typedPath = "cb";
    expect(draft.complete([])).toBe(false);
    draft.redirect.typedPath = "/cb";
    expect(draft.redirect.shown).toBe("http://127.0.0.1/cb");
    expect(draft.request()).toMatchObject({ issuer: null, auth_uri: "https://a.dev/authorize", redirect_path: "/cb" });
  });

  it("takes no answer of an issuer that was changed meanwhile", async () => {
    let answer: (found: never) => void = () => undefined;
    doorWith({ auth_client_discover: () => new Promise((done) => (answer = done)) });
    const draft = filled();
    const asking = draft.discover();
    await settle();
    draft.issuer = "other.dev";
    draft.issuerChanged();
    answer({ issuer: "https://sso.acme.dev", auth_uri: "", token_uri: "", revocation_uri: null, warnings: [] } as never);
    await asking;
    expect(draft.discovered).toBeNull();
  });

  it("fills in what Google needs for a refresh token", async () => {
    doorWith({
      auth_client_discover: ({ issuer }) => ({ issuer, auth_uri: "https://accounts.google.com/a", token_uri: "https://b", revocation_uri: null, device_uri: null, jwks_uri: null, registers_clients: false, names_itself: true, warnings: [] }),
    });
    const draft = filled();
    draft.issuer = "accounts.google.com";
    await draft.discover();
    expect(draft.request().authorize_params).toEqual(["access_type=offline", "prompt=consent"]);
  });
});

describe("an auth client from the catalogue", () => {
  const entry = provider({
    id: "zendesk", name: "Zendesk", application: "zendesk", auth_uri: "https://{subdomain}.zendesk.com/oauth", redirect_uri: "http://localhost:53117/callback",
    variables: [{ name: "subdomain", title: "Your subdomain", example: "acme", rule: "", default: null, choices: [] }],
    scopes: [{ name: "read", description: null, usual: true }, { name: "write", description: null, usual: false }],
  });

  it("is filled in by the entry, and needs its variables and a client id (OA4)", () => {
    const draft = new AuthClientDraft();
    draft.choose(entry);
    expect([draft.name, draft.application, draft.scopes]).toEqual(["Zendesk", "zendesk", ["read"]]);
    expect(draft.redirect.shown).toBe("http://localhost:53117/callback");
    draft.redirect.typedPath = "/cb";
    expect(draft.redirect.shown).toBe("http://localhost:53117/cb");
    draft.clientId = "c";
    expect(draft.complete([])).toBe(false);
    expect(draft.filledIn(entry.auth_uri)).toBe("https://{subdomain}.zendesk.com/oauth");
    draft.variables["subdomain"] = " acme ";
    expect(draft.complete([])).toBe(true);
    expect(draft.filledIn(entry.auth_uri)).toBe("https://acme.zendesk.com/oauth");
    expect(draft.request()).toMatchObject({ provider: "zendesk", variables: ["subdomain=acme"], issuer: null, auth_uri: null, scopes: ["read"] });
  });

  it("is left for another provider without a trace", () => {
    const draft = new AuthClientDraft();
    draft.choose(entry);
    draft.leaveProvider();
    draft.issuer = "sso.acme.dev";
    expect(draft.request()).toMatchObject({ provider: null, variables: null, issuer: "https://sso.acme.dev", redirect: "auto" });
  });
});

describe("a failed Consent is explained", () => {
  it("by its OAuth word, else by its own message", () => {
    expect(explain({ code: "provider", message: "the provider refused: invalid_client", hint: "" })).toMatchObject({ code: "invalid_client" });
    const other = explain({ code: "provider", message: "The clock is wrong.", hint: "Set it." });
    expect(other).toMatchObject({ text: "The clock is wrong.", fixes: ["Set it."], code: "provider" });
  });
});
