import { fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Application } from "../src/host/bindings/Application";
import Applications from "../src/views/Applications.svelte";
import { applications } from "../src/state/applications.svelte";
import { authClients } from "../src/state/auth_clients.svelte";
import { connections } from "../src/state/connections.svelte";
import { find } from "../src/state/find.svelte";
import { secrets } from "../src/state/secrets.svelte";
import { connection, doorWith, settle } from "./rows";

const VALUE = "ghp_x8Wc2QmZ0Rk4Vt6Yb1Nd7Lf3";

const token = connection({
  id: "t1", key: "GITHUB_TOKEN", name: "CI token", application: "github", auth_client: null, auth_type: "access_token", expires_at: null,
  apply: "header:Authorization", value_version: 2, default: false, refresh_token: false,
});
const bot = connection({ id: "b1", key: "bot", name: "Bot", application: "github", default: true });
const github: Application = {
  key: "github", name: "GitHub", url: null, auth_clients: [], connections: ["GITHUB_TOKEN", "bot"], default: "bot", created_at: "2026-10-01T08:00:00Z",
};

let calls: { name: string; request: unknown }[] = [];

async function open(rows = [token, bot]): Promise<void> {
  calls = doorWith({
    application_list: () => (rows.length > 0 ? [github] : []),
    application_default: () => ({ ...github, default: "GITHUB_TOKEN" }),
    connection_list: () => rows,
    connection_create: (request) => ({ ...token, id: "new", key: request.key, name: request.name ?? request.key }),
    connection_disconnect: ({ connection: id }) => ({ connection: id, revocation: "no_tokens", error: null }),
    auth_client_list: () => [],
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

test("an empty environment offers the first credential", async () => {
  await open([]);
  expect(screen.getByText("Add your first app credential")).toBeTruthy();
});
