/** What happens while tokens are got, on screen: what is told depends on how the browser comes back, and whether one is asked at all (OA1, OA2). */

import { cleanup, render, screen, within } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import type { Consent } from "../src/host/bindings/Consent";
import ConsentPanel from "../src/parts/consents/ConsentPanel.svelte";
import { explain } from "../src/parts/consents/explain";
import { authClients } from "../src/state/auth_clients.svelte";
import { ASK_AFTER_SECONDS, consents } from "../src/state/consents.svelte";
import { authClient, consent, doorWith, settle } from "./rows";

afterEach(() => {
  consents.clear();
  authClients.clear();
});

async function shown(over: Partial<Consent>): Promise<void> {
  const running = consent(over);
  doorWith({ connection_connect: () => running, consent_status: () => new Promise<Consent>(() => undefined) });
  await consents.begin({
    environment: "default", connection: "google", name: null, auth_client: null, scopes: null, params: null, browser: "open", login: null, timeout_seconds: null,
  });
  const nothing = () => undefined;
  render(ConsentPanel, { consent: running, now: Date.now(), redirect: null, ontryagain: nothing, onaskagain: nothing, ondone: nothing });
  await settle();
}

it.each(["https://localhost/callback", "https://a.dev/done"])("oa1 the answer at %s is pasted, in one form: nothing listens there", async (listening) => {
  await shown({ listening });
  expect(screen.getAllByLabelText("Final address")).toHaveLength(1);
  expect(screen.queryByText("listening")).toBeNull();
  expect(screen.queryByText(/Browser on another computer/)).toBeNull();
});

it("oa1 a port of this computer listens, by https too", async () => {
  await shown({ listening: "https://localhost:8443/callback" });
  expect(screen.getByText("listening")).toBeTruthy();
  expect(screen.queryByLabelText("Final address")).toBeNull();
});

it("oa1 the address that is still waited on is named without its scheme", async () => {
  await shown({ listening: "https://localhost:8443/callback", seconds_left: 300 - ASK_AFTER_SECONDS });
  expect(screen.getByText("Still waiting on localhost:8443")).toBeTruthy();
});

const STEPS = () => within(screen.getByRole("list", { name: "Connect" })).getAllByRole("listitem").map((item) => item.textContent?.trim() ?? "");

it("oa2 where nobody is asked, no browser is spoken of", async () => {
  await shown({ link: "", listening: "", browser: null });
  expect(STEPS()).toHaveLength(4);
  expect(screen.getByText("Get tokens from the provider")).toBeTruthy();
  for (const gone of [/browser/i, /PKCE/, /Wait/]) expect(screen.queryByText(gone)).toBeNull();
});

it("oa2 PKCE is named where it is used, and OAuth 1.0a has none", async () => {
  await shown({});
  expect(STEPS()).toHaveLength(6);
  expect(screen.getByText("PKCE S256 and a one-time state")).toBeTruthy();
  cleanup();
  authClients.rows = [authClient({ type: "oauth1", grant: null })];
  await shown({});
  expect(STEPS()).toHaveLength(6);
  expect(screen.queryByText(/PKCE/)).toBeNull();
});

it("o33 a redirect address that the provider does not know is told as one, and another code by its own name", () => {
  const error = (message: string) => ({ code: "provider" as const, message, hint: "Look the code up in the provider's documentation." });
  const redirect = explain(error("The provider does not know the redirect address. It said: redirect_uri_mismatch."));
  expect(redirect.title).toBe("The redirect address is not registered");
  expect(redirect.code).toBe("redirect_uri_mismatch");
  const own = explain(error("The provider refused. It said: application_suspended."));
  expect(own.text).toContain("application_suspended");
  expect(own.fixes).toHaveLength(1);
});
