import { fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Application } from "../src/host/bindings/Application";
import Applications from "../src/views/Applications.svelte";
import { applications } from "../src/state/applications.svelte";
import { authClients } from "../src/state/auth_clients.svelte";
import { connections } from "../src/state/connections.svelte";
import { find } from "../src/state/find.svelte";
import { route } from "../src/state/route.svelte";
import { secrets } from "../src/state/secrets.svelte";
import { authClient, connection, doorWith, settle } from "./rows";

const VALUE = "ghp_x8Wc2QmZ0Rk4Vt6Yb1Nd7Lf3";

const token = connection({
  id: "t1", key: "GITHUB_TOKEN", name: "CI token", application: "github", auth_client: null, auth_type: "access_token", expires_at: null,
  apply: "header:Authorization", value_version: 2, default: false, refresh_token: false, renewed_by: null,
});
const bot = connection({ id: "b1", key: "bot", name: "Bot", application: "github", default: true });
const github: Application = {
  key: "github", name: "GitHub", url: null, auth_clients: [], connections: ["GITHUB_TOKEN", "bot"], default: "bot", created_at: "2026-10-01T08:00:00Z",
};

let calls: { name: string; request: unknown }[] = [];

const keys = authClient({ id: "k1", key: "gh_keys", name: "GitHub API", type: "api_key", url: "https://api.github.example", apply: "header:X-Token", client_id: null });

async function open(rows = [token, bot], clients = rows.length > 2 ? [keys] : []): Promise<void> {
  calls = doorWith({
    application_list: () => (rows.length > 0 ? [github] : []),
    application_update: (request) => ({ ...github, name: request.name ?? github.name, url: request.url }),
    application_default: () => ({ ...github, default: "GITHUB_TOKEN" }),
    connection_list: () => rows,
    connection_create: (request) => ({ ...token, id: "new", key: request.key, name: request.name ?? request.key }),
    connection_disconnect: ({ connection: id }) => ({ connection: id, revocation: "no_tokens", error: null }),
    auth_client_list: () => clients,
    secret_list: () => [],
  });
  for (const list of [applications, connections, authClients, secrets]) await list.open("default");
  render(Applications);
  await settle();
}

beforeEach(() => vi.useFakeTimers({ now: Date.parse("2026-11-22T11:00:00Z"), shouldAdvanceTime: true }));
afterEach(() => {
  vi.useRealTimers();
  for (const list of [applications, connections, authClients, secrets]) list.clear();
  find.clear();
});

const called = (name: string) => calls.filter((call) => call.name === name).map((call) => call.request);

test("am5 a group folds with Left and unfolds with Right, and says what is inside", async () => {
  await open();
  const head = screen.getByRole("button", { name: /Hide the credentials of GitHub, 2 credentials/ });
  expect(screen.getByText("CI token")).toBeTruthy();
  await fireEvent.keyDown(head, { key: "ArrowLeft" });
  expect(screen.queryByText("CI token")).toBeNull();
  expect(screen.getByText("Access token")).toBeTruthy();
  await fireEvent.keyDown(screen.getByRole("button", { name: /Show the credentials/ }), { key: "ArrowRight" });
  expect(screen.getByText("CI token")).toBeTruthy();
});

test("am9 the star makes another credential the default", async () => {
  await open();
  const star = screen.getByRole("button", { name: "Make CI token the default for GitHub" });
  expect(star.getAttribute("aria-pressed")).toBe("false");
  expect(screen.getByRole("button", { name: "Bot is the default for GitHub" }).getAttribute("aria-pressed")).toBe("true");
  await fireEvent.click(star);
  expect(called("application_default")).toEqual([{ environment: "default", application: "github", connection: "t1" }]);
});

test("am6 Disconnect asks, and says that the values are destroyed", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "Disconnect CI token" }));
  await settle();
  const asked = await screen.findByRole("alertdialog");
  expect(asked.textContent).toContain("destroys the values");
  expect(called("connection_disconnect")).toEqual([]);
  await fireEvent.click(within(asked).getByRole("button", { name: "Disconnect" }));
  expect(called("connection_disconnect")).toEqual([{ environment: "default", connection: "t1" }]);
});

test("am8 a new credential asks for what its type needs and forgets the value", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "New app credential" }));
  const dialog = await screen.findByRole("dialog");
  const field = (label: string | RegExp) => within(dialog).getByLabelText<HTMLInputElement>(label);
  const choose = (type: string) => fireEvent.click(dialog.querySelector(`input[type=radio][value=${type}]`)!);
  await choose("basic");
  expect(within(dialog).queryByLabelText("Access token", { selector: "input[type=password]" })).toBeNull();
  expect(field("User name")).toBeTruthy();
  await choose("access_token");
  await fireEvent.click(within(dialog).getByRole("button", { name: "Store credential" }));
  expect(called("connection_create")).toEqual([]);
  await fireEvent.input(field("Application"), { target: { value: "Git Lab" } });
  await fireEvent.input(field("Credential name"), { target: { value: "Deploy token" } });
  await fireEvent.input(within(dialog).getByLabelText("Access token", { selector: "input[type=password]" }), { target: { value: VALUE } });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Store credential" }));
  await settle();
  expect(called("connection_create")).toEqual([
    {
      environment: "default", key: "DEPLOY_TOKEN", name: "Deploy token", auth_type: "access_token", application: "git-lab",
      application_name: "Git Lab", auth_client: null, url: null, apply: "header:Authorization",
      values: [{ name: "access_token", value: VALUE }], default: null,
    },
  ]);
  expect(document.documentElement.outerHTML).not.toContain(VALUE);
});

test("el8 OAuth without an auth client says to create one first", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "New app credential" }));
  const dialog = await screen.findByRole("dialog");
  await fireEvent.click(within(dialog).getByRole("radio", { name: "OAuth 2.0" }));
  expect(within(dialog).getByText("Create an auth client first")).toBeTruthy();
  expect(within(dialog).getByRole("button", { name: "Continue to consent" }).getAttribute("aria-disabled")).toBe("true");
});

const old = authClient({ id: "o1", key: "old", name: "Old API", type: "oauth1", request_token_uri: "https://old.example/request", signature_method: "HMAC-SHA1" });

test.each([
  { clients: [old], card: "OAuth 1.0a", what: "You approve once in the browser. The token has no end.", through: "Through the auth client Old API.", to: "with:old" },
  {
    clients: [old, authClient()], card: "OAuth", what: "You approve once in the browser. Tokens stay fresh, or have no end.",
    through: "You choose one of 2 auth clients on the next page.", to: null,
  },
])("el8 OAuth 1.0a auth clients are offered as $card", async ({ clients, card, what, through, to }) => {
  await open([token, bot], clients);
  const went = vi.spyOn(route, "go").mockReturnValue(undefined);
  await fireEvent.click(screen.getByRole("button", { name: "New app credential" }));
  const dialog = await screen.findByRole("dialog");
  await fireEvent.click(within(dialog).getByRole("radio", { name: card }));
  expect(within(dialog).getByText(what)).toBeTruthy();
  expect(within(dialog).getByText(through)).toBeTruthy();
  await fireEvent.click(within(dialog).getByRole("button", { name: "Continue to consent" }));
  expect(went).toHaveBeenCalledWith("connect", to);
  went.mockRestore();
});

test("am5 the name and the address of an application are changed, its key is not", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "Edit the application GitHub" }));
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByLabelText<HTMLInputElement>("Key").readOnly).toBe(true);
  await fireEvent.input(within(dialog).getByLabelText("Name"), { target: { value: "GitHub Enterprise" } });
  await fireEvent.input(within(dialog).getByLabelText(/^URL/), { target: { value: "http://git.example" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(within(dialog).getByText(/starts with https/)).toBeTruthy();
  expect(called("application_update")).toEqual([]);
  await fireEvent.input(within(dialog).getByLabelText(/^URL/), { target: { value: "https://git.example" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  await settle();
  expect(called("application_update")).toEqual([
    { environment: "default", application: "github", name: "GitHub Enterprise", url: "https://git.example" },
  ]);
  expect(screen.getByText("GitHub Enterprise")).toBeTruthy();
});

test("the auth type narrows the list and is taken away again", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "Auth type" }));
  await fireEvent.click(await screen.findByRole("menuitem", { name: "Access token" }));
  await settle();
  expect(screen.queryByRole("link", { name: "Bot" })).toBeNull();
  expect(screen.getByRole("link", { name: "CI token" })).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Auth type: Access token. Remove this filter" }));
  expect(screen.getByRole("link", { name: "Bot" })).toBeTruthy();
});

test("am7 a credential takes address and way of sending from the auth client that is chosen", async () => {
  await open([token, bot, connection({ id: "x", key: "x", name: "X", application: "github", default: false })]);
  await fireEvent.click(screen.getByRole("button", { name: "New app credential" }));
  const dialog = await screen.findByRole("dialog");
  await fireEvent.click(dialog.querySelector("input[type=radio][value=basic]")!);
  expect(within(dialog).queryByLabelText("Auth client")).toBeNull();
  await fireEvent.click(dialog.querySelector("input[type=radio][value=api_key]")!);
  const client = within(dialog).getByLabelText<HTMLSelectElement>("Auth client");
  client.selectedIndex = 1;
  await fireEvent.change(client);
  expect(within(dialog).getByText("It says where requests go: https://api.github.example")).toBeTruthy();
  await fireEvent.input(within(dialog).getByLabelText("Application"), { target: { value: "GitHub" } });
  await fireEvent.input(within(dialog).getByLabelText("Credential name"), { target: { value: "Deploy" } });
  await fireEvent.input(within(dialog).getByLabelText("Value", { selector: "input[type=password]" }), { target: { value: VALUE } });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Store credential" }));
  await settle();
  expect(called("connection_create")).toMatchObject([{ auth_type: "api_key", auth_client: "gh_keys", url: null, apply: "header:X-Token" }]);
});

test("am11 several variables are a custom credential, made on its own page", async () => {
  await open();
  await fireEvent.click(screen.getByRole("button", { name: "New app credential" }));
  const dialog = await screen.findByRole("dialog");
  await fireEvent.click(within(dialog).getByRole("button", { name: /^Custom/ }));
  expect([route.name, route.id]).toEqual(["credentials", "new"]);
  route.reset("items");
});

test("an empty environment offers the first credential", async () => {
  await open([]);
  expect(screen.getByText("Add your first app credential")).toBeTruthy();
});
