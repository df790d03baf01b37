/** The consent queue on screen (OA13): the banner, one after another, both ways to sign in, skipping, what failed and why, leaving. */

import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../src/host/bindings/Connection";
import type { ConnectionConnect } from "../src/host/bindings/ConnectionConnect";
import type { Consent } from "../src/host/bindings/Consent";
import type { ConsentDue } from "../src/host/bindings/ConsentDue";
import ConsentBanner from "../src/parts/consents/ConsentBanner.svelte";
import { authClients } from "../src/state/auth_clients.svelte";
import { connections } from "../src/state/connections.svelte";
import { consentQueue } from "../src/state/consent_queue.svelte";
import { consents } from "../src/state/consents.svelte";
import { route } from "../src/state/route.svelte";
import Connect from "../src/views/Connect.svelte";
import ConsentQueue from "../src/views/ConsentQueue.svelte";
import { authClient, connection, consent as newConsent, doorWith, settle } from "./rows";

type End = Partial<Consent>;

let due: ConsentDue[] = [];
let grant = "authorization_code";
let begun: ConnectionConnect[] = [];
let calls: { name: string; request: unknown }[] = [];
/** Ends the Consent that runs. */
let end: (how: End) => Promise<void> = async () => undefined;

function planned(key: string, over: Partial<ConsentDue> = {}): ConsentDue {
  return {
    connection: connection({ id: `id-${key}`, key, name: `Account ${key}`, auth_client: "acme", state: "awaiting_consent" }),
    urgency: "planned", at: "2026-11-20T10:00:00Z", login_hint: `${key}@acme.dev`, wants_client_secret: false,
    cause: { id: "not_connected_yet", title: "Nobody has signed in yet", why: "It was planned.", fix: "", act: "connect", command: null },
    ...over,
  };
}

const connected = (one: ConsentDue): Connection => ({ ...one.connection, state: "ready", account: one.login_hint });

async function open(queue: ConsentDue[]): Promise<void> {
  due = queue;
  begun = [];
  let running: Consent | null = null;
  let answer: (consent: Consent) => void = () => undefined;
  calls = doorWith({
    consent_list: () => due,
    connection_list: () => due.map((one) => one.connection),
    auth_client_list: () => [authClient({ grant, client_authentication: "client_secret_basic" })],
    auth_client_update: () => {
      due = due.map((one) => ({ ...one, wants_client_secret: false }));
      return authClient({ has_client_secret: true });
    },
    connection_connect: (request) => {
      begun.push(request);
      running = newConsent({ id: `consent-${begun.length}`, connection: request.connection, browser: request.browser === "link" ? null : "Firefox" });
      return running;
    },
    consent_status: () => new Promise<Consent>((done) => (answer = done)),
    connection_cancel: () => {
      answer({ ...running!, state: "cancelled", revision: 9 });
      return { ...running!, state: "cancelled", revision: 9 };
    },
    connection_copy_link: () => ({}),
  });
  end = async (how) => {
    await settle();
    answer({ ...running!, revision: 7, ...how });
    await settle();
  };
  for (const list of [authClients, connections]) await list.open("default");
}

async function walk(queue: ConsentDue[]): Promise<() => Promise<void>> {
  await open(queue);
  route.go("consents");
  const { unmount } = render(ConsentQueue);
  await settle();
  await settle();
  return async () => unmount();
}

const press = async (name: string | RegExp) => {
  await fireEvent.click(await screen.findByRole("button", { name }));
  await settle();
};

beforeEach(() => {
  grant = "authorization_code";
  route.reset("connections");
});
afterEach(() => {
  for (const list of [authClients, connections, consentQueue]) list.clear();
  consents.clear();
  route.guard = null;
});

test("oa13 the banner says how many connections need a person, and leads to the queue", async () => {
  await open([planned("a"), planned("b", { urgency: "dead" })]);
  let opened = 0;
  render(ConsentBanner, { onopen: () => (opened += 1) });
  expect(await screen.findByText("2 connections need a person")).toBeTruthy();
  await press("Go through");
  expect(opened).toBe(1);
  due = due.slice(0, 1);
  await connections.reload();
  expect(await screen.findByText("1 connection needs a person")).toBeTruthy();
  due = [];
  await connections.reload();
  await waitFor(() => expect(screen.queryByText(/needs? a person/)).toBeNull());
});

test("oa13 one after another: connected makes room for the next, one is skipped, one fails with cause and hint", async () => {
  await walk([planned("a"), planned("b"), planned("c")]);
  expect(screen.getByText("1 of 3")).toBeTruthy();
  expect(screen.getByText("Sign in as a@acme.dev")).toBeTruthy();
  await press(/^Open in browser/);
  expect(begun).toMatchObject([{ environment: "default", connection: "a", browser: "open", scopes: null, params: null }]);
  expect(screen.getByText("Waiting for you in the browser")).toBeTruthy();
  await end({ state: "done", result: connected(due[0]!) });
  expect(await screen.findByText("2 of 3")).toBeTruthy();
  // Enter would go on.
  await waitFor(() => expect(document.activeElement?.textContent).toContain("Open in browser"));
  await press(/^Open in browser/);
  await press("Skip");
  expect(calls.some((call) => call.name === "connection_cancel")).toBe(true);
  expect(await screen.findByText("3 of 3")).toBeTruthy();
  await press(/^Open in browser/);
  await end({ state: "failed", error: { code: "provider", message: "The provider refused: invalid_client", hint: "" } });
  await press("Next");

  expect(screen.getByRole("status").textContent).toBe("1 of 3 connected");
  const failed = screen.getByRole("region", { name: "Failed, 1" });
  expect(within(failed).getByText("Account c")).toBeTruthy();
  expect(within(failed).getByText("The provider didn’t accept the client secret")).toBeTruthy();
  expect(within(failed).getByText(/Compare client ID and secret/)).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "Skipped, 1" })).getByText("Account b")).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "Connected, 1" })).getByText("Account a")).toBeTruthy();
  // The rest once more.
  await press("Go through the 2 that are left");
  expect(screen.getByText("1 of 2")).toBeTruthy();
});

test("oa13 the link is carried to another browser profile: none is opened here, and it is copied in Rust", async () => {
  await walk([planned("a")]);
  await press("Copy link");
  expect(begun).toMatchObject([{ browser: "link" }]);
  await waitFor(() => expect(calls).toContainEqual({ name: "connection_copy_link", request: { consent: "consent-1" } }));
  expect(screen.getByText("Copied the link")).toBeTruthy();
  expect(screen.getByText(/browser profile where that account is signed in/)).toBeTruthy();
  expect(screen.queryByText(/No browser could be started/)).toBeNull();
  await end({ state: "done", result: connected(due[0]!) });
  expect((await screen.findByRole("status")).textContent).toBe("It is connected");
});

test("oa13 without a refresh token the person decides; asking again asks for offline access, the same way", async () => {
  await walk([planned("a"), planned("b")]);
  await press("Copy link");
  await end({ state: "done_without_refresh_token", result: { ...connected(due[0]!), refresh_token: false, renewed_by: null } });
  expect(screen.getByText("1 of 2")).toBeTruthy();
  await press("Ask again with offline access");
  expect(begun[1]).toMatchObject({ connection: "a", browser: "link", params: ["prompt=consent"] });
  expect(begun[1]?.scopes).toContain("offline_access");
  await end({ state: "done_without_refresh_token", result: { ...connected(due[0]!), refresh_token: false, renewed_by: null } });
  await press("Keep as it is");
  expect(await screen.findByText("2 of 2")).toBeTruthy();
});

test("oa13 nobody is sent to a consent that cannot succeed: the client secret is entered first", async () => {
  await walk([planned("a", { wants_client_secret: true })]);
  expect(screen.queryByRole("button", { name: /^Open in browser/ })).toBeNull();
  expect(screen.getByText(/Acme SSO has no client secret yet/)).toBeTruthy();
  await press("Enter client secret");
  const dialog = await screen.findByRole("dialog");
  await fireEvent.input(within(dialog).getByLabelText(/^New client secret/), { target: { value: "s3cret" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(await screen.findByRole("button", { name: /^Open in browser/ })).toBeTruthy();
  expect(begun).toEqual([]);
});

test("oa13 what could not begin is told, and can be tried again", async () => {
  await walk([planned("a")]);
  doorWith({
    consent_list: () => due,
    connection_connect: () => {
      throw { code: "network", message: "The issuer did not answer.", hint: "Try again later." };
    },
  });
  await press(/^Open in browser/);
  expect((await screen.findByRole("alert")).textContent).toContain("The issuer did not answer. Try again later.");
  expect(screen.getByRole("button", { name: /^Open in browser/ })).toBeTruthy();
});

test("oa13 Ctrl Enter begins, Escape closes; while one signs in it asks first, and stops it", async () => {
  await walk([planned("a"), planned("b")]);
  await fireEvent.keyDown(document.body, { key: "Enter", ctrlKey: true });
  await settle();
  expect(begun.length).toBe(1);
  await fireEvent.keyDown(document.body, { key: "Escape" });
  const asks = await screen.findByRole("alertdialog", { name: "Stop this sign-in?" });
  expect(route.name).toBe("consents");
  await fireEvent.click(within(asks).getByRole("button", { name: "Stop and leave" }));
  await waitFor(() => expect(route.name).toBe("connections"));
  expect(calls.filter((call) => call.name === "connection_cancel").length).toBe(1);
});

test("oa13 one who goes from the queue to Connect is asked there too before leaving", async () => {
  const leave = await walk([planned("a")]);
  route.go("connect", "id-a");
  // As the shell does it: the view that comes is made before the one that goes is taken away.
  render(Connect);
  await leave();
  await press(/^Sign in again/);
  route.go("items");
  expect(await screen.findByRole("alertdialog", { name: "Stop connecting?" })).toBeTruthy();
  expect(route.name).toBe("connect");
});

test("oa13 the walk begins with what is due now, not with what was read before", async () => {
  await open([planned("a"), planned("b")]);
  await consentQueue.look("default");
  due = due.slice(1);
  render(ConsentQueue);
  expect(await screen.findByText("1 of 1")).toBeTruthy();
  expect(screen.queryByText("Account a")).toBeNull();
});

test("oa13 rows that are read again leave the focus where the person put it", async () => {
  await walk([planned("a"), planned("b")]);
  await waitFor(() => expect(document.activeElement?.textContent).toContain("Open in browser"));
  screen.getByRole("button", { name: "Skip" }).focus();
  due = due.map((one) => ({ ...one }));
  await connections.reload();
  await settle();
  await settle();
  expect(document.activeElement?.textContent).toBe("Skip");
  await press("Skip");
  await waitFor(() => expect(document.activeElement?.textContent).toContain("Open in browser"));
});

test("oa13 one that asks nobody gets its tokens at once, and speaks of no browser", async () => {
  grant = "client_credentials";
  await walk([planned("a")]);
  expect(screen.queryByRole("button", { name: "Copy link" })).toBeNull();
  expect(screen.queryByText(/Sign in as/)).toBeNull();
  await press(/^Get tokens/);
  expect(begun).toMatchObject([{ connection: "a" }]);
});

test("oa13 user name and password are entered in Connect", async () => {
  grant = "password";
  await walk([planned("a")]);
  expect(screen.queryByRole("button", { name: /^Open in browser/ })).toBeNull();
  await press(/^Enter user name and password/);
  expect([route.name, route.id, begun.length]).toEqual(["connect", "id-a", 0]);
});

test("oa13 an empty queue says so, and Escape closes it", async () => {
  await walk([]);
  expect(await screen.findByText("No connection needs a person")).toBeTruthy();
  await fireEvent.keyDown(document.body, { key: "Escape" });
  expect(route.name).toBe("connections");
});

test("oa13 a queue that cannot be read says why, and is read again", async () => {
  await open([planned("a")]);
  const answers = { consent_list: () => { throw { code: "corrupt", message: "Page 4 is damaged.", hint: "" }; } };
  doorWith(answers);
  route.go("consents");
  render(ConsentQueue);
  expect(await screen.findByText(/Page 4 is damaged/)).toBeTruthy();
  doorWith({ consent_list: () => due });
  await press("Try again");
  expect(await screen.findByText("Sign in as a@acme.dev")).toBeTruthy();
});
