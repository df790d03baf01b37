/** The form of an auth client: each grant and redirect asks for what it needs and nothing else (OA1, OA2). */

import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import AuthClientFields from "../src/parts/auth_clients/AuthClientFields.svelte";
import AuthClientGuide from "../src/parts/auth_clients/AuthClientGuide.svelte";
import { AuthClientDraft } from "../src/state/auth_client_draft.svelte";
import { authClients } from "../src/state/auth_clients.svelte";
import { authClient, doorWith, provider, settle } from "./rows";

afterEach(() => {
  cleanup();
  authClients.clear();
});

function form(begin: (draft: AuthClientDraft) => void = () => undefined): AuthClientDraft {
  const draft = new AuthClientDraft();
  draft.name = "Acme";
  draft.clientId = "c-1";
  draft.way = "hand";
  draft.authUri = "https://a.dev/authorize";
  draft.tokenUri = "https://a.dev/token";
  begin(draft);
  render(AuthClientFields, { draft, taken: [] });
  render(AuthClientGuide, { draft });
  return draft;
}

async function pick(label: string, option: string): Promise<void> {
  const select = screen.getByLabelText<HTMLSelectElement>(label);
  select.selectedIndex = [...select.options].findIndex((one) => one.textContent === option);
  await fireEvent.change(select);
  await settle();
}

const type = async (label: string | RegExp, value: string) => fireEvent.input(screen.getByLabelText(label), { target: { value } });
const registered = () => within(screen.getByRole("group", { name: "Redirect address to register" })).getByText(/./, { selector: "bdi" }).textContent;

describe("grants", () => {
  it("oa2 asks a device for its own address, and has no redirect", async () => {
    const draft = form();
    await pick("How tokens are got", "Device code");
    expect(screen.queryByLabelText("Authorization address")).toBeNull();
    expect(screen.queryByLabelText("Redirect")).toBeNull();
    expect(draft.complete([])).toBe(false);
    await type("Device address", "https://a.dev/device");
    expect(draft.complete([])).toBe(true);
    expect(draft.request()).toMatchObject({
      grant: "device_code", device_uri: "https://a.dev/device", auth_uri: null, redirect: null, redirect_path: null, client_secret: null,
    });
  });

  it("oa2 wants a secret for client credentials, and sends its parameters with the token request", async () => {
    const draft = form();
    await pick("How tokens are got", "Client credentials");
    const ways = [...screen.getByLabelText<HTMLSelectElement>("Client sign-in").options].map((one) => one.textContent);
    expect(ways).not.toContain("None: a public client");
    expect(draft.complete([])).toBe(false);
    await type(/^Client secret/, "s-1");
    await pick("Client sign-in", "In the form");
    draft.tokenParams = [{ name: "audience", value: "https://api.a.dev" }];
    expect(draft.complete([])).toBe(true);
    expect(draft.request()).toMatchObject({
      grant: "client_credentials", client_authentication: "post", client_secret: "s-1", token_params: ["audience=https://api.a.dev"], authorize_params: null,
    });
  });

  it("oa2 takes a private key as lines or as a file that never comes into the page", async () => {
    const calls = doorWith({
      value_choose_file: () => ({ file: { id: 7, name: "robot.pem", size: 1704 } }),
      auth_client_create_from_file: () => authClient({ key: "acme" }),
    });
    const draft = form((fresh) => (fresh.grant = "jwt_bearer"));
    expect(screen.queryByLabelText("Client sign-in")).toBeNull();
    expect(screen.queryByLabelText("Client secret")).toBeNull();
    expect(screen.getByLabelText("Private key")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: /file/i }));
    await settle();
    expect(draft.complete([])).toBe(true);
    await draft.save();
    expect(calls.at(-1)).toMatchObject({
      name: "auth_client_create_from_file",
      request: { file: 7, request: { grant: "jwt_bearer", client_authentication: null, client_secret: null } },
    });
    expect(draft.secretFile).toBeNull();
  });

  it("oa2 signs as the client with a private key, and forgets a secret that a public client has no use for", async () => {
    const draft = form();
    await type(/^Client secret/, "s-1");
    await pick("Client sign-in", "None: a public client");
    expect(screen.queryByLabelText("Client secret")).toBeNull();
    expect(draft.request()).toMatchObject({ client_authentication: "none", client_secret: null });
    draft.clientSecret = "";
    await pick("Client sign-in", "Signed with a private key");
    expect(screen.getByLabelText("Private key")).toBeTruthy();
    expect(draft.complete([])).toBe(false);
  });

  it("oa2 warns of the password grant", async () => {
    form();
    expect(screen.queryByText(/password goes through Keyward/)).toBeNull();
    await pick("How tokens are got", "Password (legacy)");
    expect(screen.getByText(/password goes through Keyward/)).toBeTruthy();
  });

  it("oa2 asks OAuth 1.0a for three addresses and a signature", async () => {
    const draft = form();
    await fireEvent.click(screen.getByRole("radio", { name: "OAuth 1.0a" }));
    await settle();
    for (const gone of ["How tokens are got", "Client sign-in", "Issuer", "Client ID"]) expect(screen.queryByLabelText(gone)).toBeNull();
    expect(draft.complete([])).toBe(false);
    await type("Request token address", "https://a.dev/request");
    await pick("Signature", "HMAC-SHA256");
    expect(draft.complete([])).toBe(true);
    expect(draft.request()).toMatchObject({
      type: "oauth1", request_token_uri: "https://a.dev/request", auth_uri: "https://a.dev/authorize", token_uri: "https://a.dev/token",
      signature_method: "HMAC-SHA256", client_id: "c-1", redirect: "auto", grant: null, issuer: null, scopes: null,
    });
  });
});

describe("what to do at the provider", () => {
  const steps = () => [...document.querySelectorAll(".once > li")].map((step) => step.textContent.trim());

  it("oa2 says where the public key goes, and that it is no secret of the client", async () => {
    form();
    expect(steps()).toHaveLength(3);
    expect(screen.queryByText(/public key/)).toBeNull();
    await pick("Client sign-in", "Signed with a private key");
    const [, , key, last] = steps();
    expect(steps()).toHaveLength(4);
    expect(key).toMatch(/^3\s*Give the client the public key, and choose private_key_jwt as its sign-in/);
    expect(key).toMatch(/Keys, Certificates or JWKS of the client.*openssl pkey -in key\.pem -pubout/);
    expect(last).toMatch(/^4\s*Put the client ID and the private key on the left/);
  });

  it("oa2 says it of the account that signs, which no browser comes back to", async () => {
    form();
    await pick("How tokens are got", "JWT bearer");
    expect(steps()).toHaveLength(3);
    expect(steps()[1]).toMatch(/^2\s*Give the account that signs the public key.*Keys of the service account/);
  });

  it("oa4 adds it to the steps of an entry for another grant than its usual one, and repeats nothing of one that always signs", () => {
    const draft = new AuthClientDraft();
    draft.choose(provider({ grants: ["authorization_code", "jwt_bearer"], steps: ["Register an application.", "Copy the client ID."] }));
    draft.grant = "jwt_bearer";
    const shown = render(AuthClientGuide, { draft });
    expect(steps()).toHaveLength(3);
    expect(steps()[2]).toMatch(/^3\s*Give the account that signs the public key/);
    shown.unmount();
    draft.choose(provider({ grants: ["jwt_bearer"], client_authentication: "private_key_jwt", steps: ["Add a key of the type JSON."] }));
    render(AuthClientGuide, { draft });
    expect(steps()).toHaveLength(1);
  });

  it("o03 names the signing keys among what was discovered, and says where there are none", async () => {
    const draft = form((fresh) => {
      fresh.way = "issuer";
      fresh.issuer = "sso.a.dev";
    });
    for (const [jwks_uri, text] of [["https://sso.a.dev/keys", "sso.a.dev/keys"], [null, "not offered"]] as const) {
      doorWith({
        auth_client_discover: ({ issuer }) => ({
          issuer, auth_uri: `${issuer}/a`, token_uri: `${issuer}/t`, revocation_uri: `${issuer}/r`, device_uri: null, jwks_uri, registers_clients: false, names_itself: true, warnings: [],
        }),
      });
      await draft.discover();
      await settle();
      expect(screen.getByText("Signing keys").nextElementSibling?.textContent).toBe(text);
    }
  });
});

describe("what was typed for another type", () => {
  it("oa2 is no fault of OAuth 1.0a, which has no lifetimes", () => {
    const draft = form((fresh) => {
      fresh.requestTokenUri = "https://a.dev/request";
      fresh.lifetime = "an hour";
      fresh.refreshWindow = "0";
      fresh.refreshTokenUri = "a.dev";
    });
    expect(draft.complete([])).toBe(false);
    draft.type = "oauth1";
    expect(draft.complete([])).toBe(true);
  });

  it("el4 takes no file along to a client that has no secret", async () => {
    const calls = doorWith({ auth_client_create: () => authClient({ key: "acme" }) });
    const draft = form();
    draft.secretFile = { id: 7, name: "robot.pem", size: 1704 };
    draft.type = "basic";
    await draft.save();
    expect(calls.map((call) => call.name)).toContain("auth_client_create");
  });
});

describe("where the browser comes back to", () => {
  it.each([
    ["A fixed port of this computer", "[::1]", "Port", "8080", "http://[::1]:8080/callback", "fixed:[::1]:8080"],
    ["A fixed port of this computer", "localhost", "Port", "8080", "http://localhost:8080/callback", "fixed:localhost:8080"],
    ["A free port of this computer", "localhost", null, "", "http://localhost/callback", "localhost"],
    ["https on this computer", null, null, "", "https://localhost:8443/callback", "https:8443"],
    ["A link that opens Keyward", null, "Scheme", "com.example.app", "com.example.app:/callback", "scheme:com.example.app"],
    ["An address elsewhere, pasted", null, "Address of your page", "https://a.dev/done", "https://a.dev/done", "paste:https://a.dev/done"],
  ])("oa1 %s, %s", async (kind, host, label, value, shown, written) => {
    const draft = form();
    await pick("Redirect", kind);
    if (host) await fireEvent.click(screen.getByRole("radio", { name: host }));
    if (label) await type(label, value);
    await settle();
    expect(registered()).toBe(shown);
    // The guide beside the form says the same.
    expect(screen.getAllByText(shown, { selector: "bdi" })).toHaveLength(2);
    expect(draft.complete([])).toBe(true);
    expect(draft.request().redirect).toBe(written);
  });

  it.each([
    ["A fixed port of this computer", "Port", "80"],
    ["A link that opens Keyward", "Scheme", "https"],
    ["An address elsewhere, pasted", "Address of your page", "https://a.dev/done?x=1"],
    ["A free port of this computer", "Redirect path", "/a/../b"],
  ])("oa1 %s refuses %s %s", async (kind, label, value) => {
    const draft = form();
    await pick("Redirect", kind);
    const field = screen.getByLabelText(label, { exact: false });
    await fireEvent.input(field, { target: { value } });
    expect(draft.complete([])).toBe(false);
    draft.tried = true;
    await settle();
    expect(screen.getAllByRole("alert").length).toBeGreaterThan(0);
  });

  it("oa4 is what the catalogue says until another is chosen, with the grants of the entry alone", async () => {
    const draft = new AuthClientDraft();
    draft.choose(provider({ grants: ["device_code", "authorization_code"], redirect_uri: "http://localhost:53117/callback" }));
    draft.clientId = "c";
    render(AuthClientFields, { draft, taken: [] });
    const grants = [...screen.getByLabelText<HTMLSelectElement>("How tokens are got").options].map((one) => one.textContent);
    expect(grants).toEqual(["Authorization code with PKCE", "Device code"]);
    // The usual grant of the entry is its first.
    expect(draft.request()).toMatchObject({ grant: "device_code", redirect: null });
    await pick("How tokens are got", "Authorization code with PKCE");
    expect(registered()).toBe("http://localhost:53117/callback");
    expect(draft.request()).toMatchObject({ grant: "authorization_code", redirect: null, provider: "github" });
  });

  it("oa4 leaves to an entry that speaks OAuth 1.0a what it says: addresses, redirect and parameters", async () => {
    const draft = new AuthClientDraft();
    const subdomain = { name: "subdomain", title: "Subdomain", example: "acme", rule: "letters", choices: [], default: null };
    draft.choose(
      provider({
        id: "magento", protocol: "oauth1", grants: [], request_token_uri: "https://{subdomain}.a.dev/request", auth_uri: "https://{subdomain}.a.dev/authorize",
        token_uri: "https://{subdomain}.a.dev/access", redirect: "fixed-port", redirect_uri: "http://127.0.0.1:53117/callback", variables: [subdomain],
      }),
    );
    draft.clientId = "consumer";
    draft.variables["subdomain"] = "acme";
    render(AuthClientFields, { draft, taken: [] });
    await pick("Signature", "HMAC-SHA256");
    expect(registered()).toBe("http://127.0.0.1:53117/callback");
    expect(draft.complete([])).toBe(true);
    expect(draft.request()).toMatchObject({
      type: "oauth1", provider: "magento", variables: ["subdomain=acme"], request_token_uri: null, auth_uri: null, token_uri: null, redirect: null,
      signature_method: "HMAC-SHA256", client_id: "consumer", authorize_params: null,
    });
  });

  it("o41 proposes a path of its own where a server does not name itself, and none where it does", async () => {
    const found = { issuer: "https://sso.a.dev", auth_uri: "https://sso.a.dev/a", token_uri: "https://sso.a.dev/t", revocation_uri: null, device_uri: null, jwks_uri: null, warnings: [] };
    doorWith({ auth_client_discover: ({ issuer }) => ({ ...found, registers_clients: true, names_itself: issuer.includes("named") }) });
    const draft = form((fresh) => {
      fresh.way = "issuer";
      fresh.issuer = "sso.a.dev";
      fresh.clientId = "";
    });
    expect(draft.complete([])).toBe(false);
    await draft.discover();
    await settle();
    expect(registered()).toBe("http://127.0.0.1/callback/sso.a.dev");
    expect(draft.request()).toMatchObject({ redirect_path: "/callback/sso.a.dev", client_id: null });
    // It makes clients by itself (RFC 7591): no id is needed.
    expect(draft.complete([])).toBe(true);
    draft.issuer = "named.a.dev";
    draft.issuerChanged();
    await draft.discover();
    await settle();
    expect(registered()).toBe("http://127.0.0.1/callback");
  });
});
