import { fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, expect, test } from "vitest";
import { g } from "../src/messages/grants";
import type { AuthClient } from "../src/host/bindings/AuthClient";
import AuthClients from "../src/views/AuthClients.svelte";
import { authClients } from "../src/state/auth_clients.svelte";
import { connections } from "../src/state/connections.svelte";
import { authClient, doorWith, settle } from "./rows";

let calls: { name: string; request: unknown }[] = [];

async function edit(client: AuthClient): Promise<HTMLElement> {
  calls = doorWith({
    auth_client_list: () => [client],
    auth_client_update: () => client,
    connection_list: () => [],
  });
  for (const list of [authClients, connections]) await list.open("default");
  render(AuthClients);
  await settle();
  await fireEvent.click(screen.getByRole("button", { name: `More for ${client.name}` }));
  await fireEvent.click(await screen.findByRole("menuitem", { name: "Edit" }));
  await settle();
  return screen.findByRole("dialog");
}

afterEach(() => {
  for (const list of [authClients, connections]) list.clear();
});

const updates = () => calls.filter((call) => call.name === "auth_client_update").map((call) => call.request);
const nothing = {
  visibility: null, client_id: null, client_secret: null, auth_uri: null, token_uri: null, revocation_uri: null, token_expires_in: null,
  redirect_path: null, authorize_params: null, scopes: null, url: null, apply: null, refresh_token_uri: null, refresh_window: null,
  token_params: null, refresh_params: null, resources: null,
};

test("el11 addresses of a client that nothing uses are changed, and only those that differ are sent", async () => {
  const dialog = await edit(authClient());
  const token = within(dialog).getByLabelText<HTMLInputElement>("Token address");
  await fireEvent.input(token, { target: { value: "http://sso.acme.dev/token" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([]);
  expect(within(dialog).getByText(/starts with https/)).toBeTruthy();
  await fireEvent.input(token, { target: { value: "https://sso.acme.dev/oauth/token" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([
    { ...nothing, auth_client: "a1", name: "Acme SSO", token_expires_in: 3600, token_uri: "https://sso.acme.dev/oauth/token" },
  ]);
});

test("el11 what connections rest on cannot be typed over", async () => {
  const dialog = await edit(authClient({ connections: 2 }));
  for (const label of ["Client ID", "Authorization address", "Token address"]) {
    expect(within(dialog).getByLabelText<HTMLInputElement>(label).readOnly).toBe(true);
  }
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toMatchObject([{ auth_uri: null, token_uri: null, client_id: null }]);
});

test("am7 the address and the way of sending of an API key's client are changed", async () => {
  const keys = authClient({ type: "api_key", client_id: null, auth_uri: null, token_uri: null, token_expires_in: null, url: "https://api.acme.dev", apply: "header:X-Key" });
  const dialog = await edit(keys);
  await fireEvent.input(within(dialog).getByLabelText("URL"), { target: { value: "https://api2.acme.dev" } });
  await fireEvent.click(within(dialog).getByRole("radio", { name: "Query" }));
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([{ ...nothing, auth_client: "a1", name: "Acme SSO", url: "https://api2.acme.dev", apply: "query:X-Key" }]);
});

test("oa2 a new private key keeps its lines", async () => {
  const dialog = await edit(authClient({ grant: "jwt_bearer", auth_uri: null }));
  expect(within(dialog).queryByLabelText("Authorization address")).toBeNull();
  await fireEvent.input(within(dialog).getByLabelText(/^New private key/), { target: { value: "-----BEGIN\nx\n" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([{ ...nothing, auth_client: "a1", name: "Acme SSO", token_expires_in: 3600, client_secret: "-----BEGIN\nx\n" }]);
});

test("oa2 a client of OAuth 1.0a has a new secret and no address to change", async () => {
  const dialog = await edit(authClient({ type: "oauth1", grant: null, token_expires_in: null }));
  expect(within(dialog).queryByLabelText("URL")).toBeNull();
  await fireEvent.input(within(dialog).getByLabelText(/^New client secret/), { target: { value: "s-2" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([{ ...nothing, auth_client: "a1", name: "Acme SSO", client_secret: "s-2" }]);
});

test("oa2 how a client signs in is changed, also while connections use it", async () => {
  const dialog = await edit(authClient({ connections: 2, client_authentication: "basic" }));
  const select = within(dialog).getByLabelText<HTMLSelectElement>(/^Client sign-in/);
  select.selectedIndex = [...select.options].findIndex((one) => one.textContent === g.authentication("post"));
  await fireEvent.change(select);
  await fireEvent.click(within(dialog).getByRole("button", { name: /Save changes/ }));
  expect(updates()).toEqual([{ ...nothing, auth_client: "a1", name: "Acme SSO", token_expires_in: 3600, client_authentication: "post" }]);
});
