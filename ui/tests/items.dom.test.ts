/** What is in the DOM: a value only while it is revealed (UI.md §11, §12.4), steps of a Consent, the words of ends. */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Cause } from "../src/host/bindings/Cause";
import type { Consent } from "../src/host/bindings/Consent";
import AuthClientTable from "../src/parts/auth_clients/AuthClientTable.svelte";
import ConnectionDetail from "../src/parts/connections/ConnectionDetail.svelte";
import ConsentPanel from "../src/parts/consents/ConsentPanel.svelte";
import NewSecret from "../src/parts/secrets/NewSecret.svelte";
import NewValue from "../src/parts/secrets/NewValue.svelte";
import SecretDetail from "../src/parts/secrets/SecretDetail.svelte";
import ValueWell from "../src/parts/secrets/ValueWell.svelte";
import { secrets } from "../src/state/secrets.svelte";
import { consents } from "../src/state/consents.svelte";
import { ConnectDraft } from "../src/state/connect_draft.svelte";
import { HOSTILE } from "./hostile";
import { authClient, connection, consent, doorWith, secret, settle, VALUE } from "./rows";

const html = () => document.documentElement.outerHTML;
const plain = () => document.body.textContent ?? "";
const nothing = () => undefined;
const PANE = { taken: [], elsewhere: ["staging"], ondelete: nothing, onback: nothing, onduplicated: nothing, onmoved: nothing };

async function shown(): Promise<void> {
  await settle();
  await tick();
  flushSync();
}

describe("a value", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
    doorWith({ secret_reveal: () => ({ value: VALUE }), secret_copy: () => ({ seconds: 30 }), secret_history: () => [] });
  });
  afterEach(() => vi.useRealTimers());

  async function revealed() {
    const drawn = render(ValueWell, { secret: secret() });
    expect(html()).not.toContain(VALUE);
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(plain()).toContain(VALUE);
    return drawn;
  }

  it("is in the DOM only while revealed, and gone after hide", async () => {
    await revealed();
    await fireEvent.click(screen.getByRole("button", { name: /^Hide/ }));
    expect(plain()).not.toContain(VALUE);
    expect(html()).not.toContain("51N8");
  });

  it.each([
    ["Esc", () => fireEvent.keyDown(window, { key: "Escape" })],
    ["the window losing the focus", () => fireEvent.blur(window)],
    ["30 seconds", () => vi.advanceTimersByTime(30_000)],
  ])("is gone after %s", async (_name, act) => {
    await revealed();
    await act();
    await tick();
    flushSync();
    expect(plain()).not.toContain(VALUE);
  });

  it("counts down, and stays for 29 seconds", async () => {
    await revealed();
    vi.advanceTimersByTime(29_000);
    flushSync();
    expect(plain()).toContain("Visible for 1 s");
    expect(plain()).toContain(VALUE);
  });

  it("is gone when another version is stored", async () => {
    const { rerender } = await revealed();
    await rerender({ secret: secret({ version: 3 }) });
    expect(plain()).not.toContain(VALUE);
  });

  it("stays when the row is read again unchanged", async () => {
    const { rerender } = await revealed();
    await rerender({ secret: secret({ description: "changed elsewhere" }) });
    expect(plain()).toContain(VALUE);
  });

  it("is gone with its component, and in no attribute at any time", async () => {
    const { unmount } = await revealed();
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) expect(value.includes(VALUE), name).toBe(false);
    }
    unmount();
    expect(html()).not.toContain("51N8");
  });

  it("does not appear when the answer comes after it was hidden", async () => {
    let answer: (revealed: { value: string }) => void = nothing;
    doorWith({ secret_reveal: () => new Promise((done) => (answer = done)) });
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await fireEvent.blur(window);
    answer({ value: VALUE });
    await shown();
    expect(html()).not.toContain("51N8");
  });

  it("is copied by Rust, never by the window", async () => {
    const calls = doorWith({ secret_copy: () => ({ seconds: 30 }) });
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Copy/ }));
    await shown();
    expect(calls.map((call) => call.name)).toEqual(["secret_copy"]);
    expect(screen.getByRole("button", { name: "Copied" })).toBeTruthy();
  });

  it("that is not text is named, not shown", async () => {
    doorWith({ secret_reveal: () => ({ value: { base64: "AAEC/w==" } }) });
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(plain()).toContain("4 bytes");
    expect(html()).not.toContain("AAEC");
  });

  it("shows that a read could not be logged (L-10) and that it came too fast (W-08)", async () => {
    doorWith({ secret_reveal: () => ({ value: VALUE, notice: "This read is not in the log." }) });
    const { unmount } = render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(plain()).toContain("This read is not in the log.");
    unmount();
    doorWith({
      secret_reveal: () => {
        throw { code: "denied", message: "One reveal a second.", hint: "Wait a moment." };
      },
    });
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(plain()).toContain("One reveal a second.");
  });
});

describe("secret screens", () => {
  it("detail: key, reference, facts and versions, without a value", async () => {
    doorWith({
      secret_history: () => [
        { number: 2, note: "", current: true, revoked: false, created_at: "2026-11-20T10:00:00Z" },
        { number: 1, note: "", current: false, revoked: false, created_at: "2026-03-04T09:58:00Z" },
      ],
    });
    render(SecretDetail, { secret: secret(), hue: "--env-prod", ...PANE });
    await shown();
    expect(plain()).toContain("{vault.STRIPE_KEY}");
    await fireEvent.click(screen.getByRole("radio", { name: "URI" }));
    expect(plain()).toContain("keyward://default/STRIPE_KEY");
    await fireEvent.click(screen.getByRole("radio", { name: "Reference" }));
    expect(screen.getByRole("button", { name: "Restore version 1" })).toBeTruthy();
    expect(plain()).toContain("First value");
  });

  it("new secret: proposes the key, sends what was typed, forgets the value", async () => {
    const calls = doorWith({ secret_create: () => secret() });
    secrets.environment = "default";
    const added = vi.fn();
    render(NewSecret, { open: true, environment: "default", taken: ["DB"], onadded: added });
    await shown();
    await fireEvent.input(screen.getByLabelText("Name"), { target: { value: "Stripe key" } });
    expect(screen.getByLabelText<HTMLInputElement>("Key").value).toBe("STRIPE_KEY");
    await fireEvent.input(screen.getByLabelText("Value"), { target: { value: VALUE } });
    expect(screen.getByLabelText<HTMLInputElement>("Value").type).toBe("password");
    await fireEvent.click(screen.getByRole("button", { name: /^Add secret/ }));
    await shown();
    expect(calls[0]?.request).toMatchObject({ key: "STRIPE_KEY", name: "Stripe key", value: VALUE, masked: true });
    expect(added).toHaveBeenCalledOnce();
    expect([...document.querySelectorAll("input")].some((field) => field.value === VALUE)).toBe(false);
  });

  it("new secret: says what is wrong with a key and sends nothing", async () => {
    const calls = doorWith({});
    render(NewSecret, { open: true, environment: "default", taken: ["DB"], onadded: nothing });
    await shown();
    await fireEvent.input(screen.getByLabelText("Key"), { target: { value: "db" } });
    await fireEvent.input(screen.getByLabelText("Value"), { target: { value: "x" } });
    await fireEvent.click(screen.getByRole("button", { name: /^Add secret/ }));
    await shown();
    expect(plain()).toContain("This key is taken");
    expect(calls).toEqual([]);
  });

  it("new value: names the version it will be; a line copied with its end loses the end, lines stay lines", async () => {
    const calls = doorWith({ secret_set_value: () => secret({ version: 3 }) });
    render(NewValue, { open: true, secret: secret(), onstored: nothing });
    await shown();
    const store = screen.getByRole("button", { name: /^Store version 3/ });
    const paste = async (text: string) => {
      const field = screen.getByLabelText("New value");
      const event = new Event("paste", { bubbles: true, cancelable: true });
      Object.assign(event, { clipboardData: { getData: () => text } });
      field.dispatchEvent(event);
      await shown();
    };
    await paste("one-line\n");
    expect(screen.getByLabelText<HTMLInputElement>("New value").value).toBe("one-line");
    await fireEvent.input(screen.getByLabelText("New value"), { target: { value: "" } });
    await paste("-----BEGIN KEY-----\nabc\n-----END KEY-----\n");
    expect(plain()).toContain("3 lines");
    await fireEvent.click(store);
    await shown();
    expect(calls[0]?.request).toMatchObject({ value: "-----BEGIN KEY-----\nabc\n-----END KEY-----\n", note: null });
  });
});

describe("connection screens", () => {
  const draw = (over: Parameters<typeof connection>[0]) =>
    render(ConnectionDetail, {
      connection: connection(over), authClientName: "Acme SSO", authClientHref: "#/auth-clients/acme", hue: "--env-prod", ending: null,
      onconnect: nothing, ondeleted: nothing, onback: nothing,
    });

  it.each([
    [{}, "Fresh", "left"],
    [{ refresh_token: false, renewed_by: null, next_refresh_at: null }, "Expiring", "No refresh token."],
    [{ state: "needs_consent" as const, error: { code: "invalid_grant", message: "Acme ended this sign-in.", hint: "Connect again." } }, "Reconnect", "invalid_grant"],
    [{ state: "awaiting_consent" as const, expires_at: null }, "Waiting", "Nobody has signed in yet"],
    [{ state: "error" as const, error: { code: "provider", message: "The provider is down.", hint: "" } }, "Error", "The provider is down."],
    [{ state: "disconnected" as const, expires_at: null }, "Disconnected", "The tokens are gone"],
  ])("draws %o as %s", (over, chip, words) => {
    draw(over);
    expect([...document.querySelectorAll(".dhead .chip")].map((one) => one.textContent?.trim())).toContain(chip);
    expect(plain()).toContain(words);
  });

  it("says why it ended, and offers the one act that mends it (OA10)", async () => {
    const cause = (id: string, title: string): Cause => ({ id, title, why: `${title}, because.`, fix: "Do this.", act: "edit_auth_client", command: null });
    const calls = doorWith({
      connection_why: () => ({ connection: connection(), causes: [cause("one", "The client secret was rotated"), cause("two", "Something else")], consented_at: null }),
    });
    const error = { code: "invalid_client", message: "Acme refuses the client.", hint: "" };
    const drawn = draw({ state: "error", error });
    await shown();
    expect(plain()).toContain("The client secret was rotated, because.");
    expect(screen.getByRole("link", { name: "Edit auth client" }).getAttribute("href")).toBe("#/auth-clients/acme");
    expect(plain()).toContain("It may also be another cause");
    // Drawn again with the same trouble, nobody is asked again.
    await drawn.rerender({ connection: connection({ state: "error", error, name: "Another name" }) });
    await shown();
    expect(calls.filter((call) => call.name === "connection_why")).toHaveLength(1);
    drawn.unmount();
    draw({});
    await shown();
    expect(calls.filter((call) => call.name === "connection_why")).toHaveLength(1);
  });

  it("offers no refresh where there is no refresh token", () => {
    draw({ refresh_token: false, renewed_by: null });
    expect(screen.queryByRole("button", { name: "Refresh now" })).toBeNull();
  });
});

describe("the Connect panel", () => {
  const NOW = Date.now();
  const end = (state: Consent["state"], over: Partial<Consent> = {}) =>
    consent({ state, steps: consent().steps.map((step) => (step.id === "wait" ? { ...step, state: "error", seconds: 31 } : step)), ...over });
  const draw = async (of: Consent) => {
    doorWith({ connection_connect: () => of, consent_status: () => new Promise(nothing) });
    await consents.begin(new ConnectDraft(null, authClient()).request("default"));
    return render(ConsentPanel, { consent: of, now: NOW, redirect: "http://127.0.0.1/callback", ontryagain: nothing, onaskagain: nothing, ondone: nothing });
  };

  it("oa1 takes the address of a page elsewhere at once, and never asks what is missing", async () => {
    await draw(consent({ listening: "https://a.dev/done", seconds_left: 100 }));
    const calls = doorWith({ connection_paste: () => consent() });
    expect(screen.getByRole("heading", { name: "Waiting for you in the browser" })).toBeTruthy();
    await fireEvent.input(screen.getByLabelText("Final address"), { target: { value: "https://a.dev/done?code=c" } });
    await fireEvent.click(screen.getByRole("button", { name: "Use this address" }));
    expect(calls.map((call) => call.name)).toEqual(["connection_paste"]);
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it.each([
    ["waiting", consent(), "Waiting for you in the browser"],
    ["no browser", consent({ browser: null }), "Open the link in a browser"],
    ["nobody is asked", consent({ browser: null, link: "", listening: "" }), "Asking the provider"],
    ["no answer after 90 s", consent({ seconds_left: 200 }), "Nothing has come back yet"],
    ["denied", end("denied", { error: { code: "denied", message: "access_denied", hint: "" } }), "The provider’s page said no"],
    ["timed out", end("timed_out"), "Nobody answered in time"],
    ["cancelled", end("cancelled"), "Stopped"],
    ["failed", end("failed", { error: { code: "provider", message: "invalid_client", hint: "" } }), "The provider didn’t accept the client secret"],
    ["done", consent({ state: "done", result: connection() }), "Connected"],
    ["without refresh token", consent({ state: "done_without_refresh_token", result: connection({ refresh_token: false, renewed_by: null }) }), "Connected, but only until"],
  ])("%s", async (_name, of, heading) => {
    await draw(of);
    expect(document.querySelector("h2")?.textContent).toContain(heading);
    expect(document.querySelectorAll(".stp")).toHaveLength(of.link === "" ? 4 : 6);
  });

  it("shows a device code with its address, to copy, and asks for nothing to be pasted", async () => {
    const copied = vi.fn(() => Promise.resolve());
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: copied } });
    await draw(consent({ user_code: "WDJB-MJHT", link: "https://sso.acme.dev/device", listening: "", browser: null, seconds_left: 100 }));
    expect(document.querySelector("h2")?.textContent).toContain("Type the code in on any device");
    expect(document.querySelector(".code-big")?.textContent).toBe("WDJB-MJHT");
    expect(plain()).toContain("https://sso.acme.dev/device");
    expect(plain()).not.toContain("Paste the final address");
    [...document.querySelectorAll("button")].find((button) => button.textContent?.includes("Copy code"))?.click();
    await shown();
    expect(copied).toHaveBeenCalledWith("WDJB-MJHT");
  });

  it("shows the raw code in mono, folded", async () => {
    await draw(end("failed", { error: { code: "provider", message: "the provider refused: invalid_client", hint: "" } }));
    const details = document.querySelector("details");
    expect(details?.open).toBe(false);
    expect(details?.querySelector("pre")?.textContent).toContain("invalid_client");
  });

  it("hands in a pasted address (O-36), says why one is refused, and keeps none", async () => {
    await draw(consent());
    const calls = doorWith({
      connection_paste: ({ address }) => {
        if (address.includes("bad")) throw { code: "usage", message: "That address belongs to another attempt.", hint: "" };
        return consent({ revision: 2, state: "finishing" });
      },
    });
    await fireEvent.click(screen.getByRole("button", { name: "Paste the final address" }));
    const field = screen.getByLabelText<HTMLInputElement>("Final address");
    await fireEvent.input(field, { target: { value: "http://127.0.0.1/callback?bad" } });
    await fireEvent.submit(field.form!);
    await shown();
    expect(plain()).toContain("That address belongs to another attempt.");
    await fireEvent.input(field, { target: { value: "http://127.0.0.1/callback?code=abc" } });
    await fireEvent.submit(field.form!);
    await shown();
    expect(calls).toHaveLength(2);
    expect(screen.queryByLabelText("Final address")).toBeNull();
    expect(consents.current?.state).toBe("finishing");
  });
});

describe("W-10: text from elsewhere is text", () => {
  const SOME = HOSTILE.filter((_, at) => at % 20 === 7);

  function inert(text: string): void {
    expect(document.body.querySelector("script, iframe, object, embed, base, meta, link, style, template, img, video, audio, marquee"), text).toBeNull();
    for (const element of document.body.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        expect(name.startsWith("on"), `${text} became ${name}`).toBe(false);
        if (name === "href") expect(value.startsWith("#"), text).toBe(true);
      }
    }
  }

  it("in the table of auth clients, 500 rows", () => {
    const clients = HOSTILE.map((text, n) => authClient({ id: `a${n}`, key: `k${n}`, name: text, application: text, client_id: text, scopes: [text] }));
    render(AuthClientTable, { clients, marked: null, use: () => ({ all: 1, broken: 0, withoutRefresh: 0 }), onconnect: nothing, onedit: nothing, ondelete: nothing });
    inert("the table");
  }, 30_000);

  it.each(SOME)("in the details and the panel: %s", async (text) => {
    doorWith({ secret_history: () => [{ number: 1, note: text, current: true, revoked: false, created_at: text }] });
    const error = { code: text, message: text, hint: text };
    render(SecretDetail, { secret: secret({ name: text, description: text, tags: [text] }), hue: "--env-prod", ...PANE });
    render(ConnectionDetail, {
      connection: connection({ name: text, account: text, application: text, scope: text, state: "needs_consent", error }),
      authClientName: text, authClientHref: "#/auth-clients/acme", hue: "--env-prod", ending: null, onconnect: nothing, ondeleted: nothing, onback: nothing,
    });
    const failed = consent({ state: "failed", browser: text, listening: text, error: { code: "provider", message: text, hint: text } });
    render(ConsentPanel, { consent: failed, now: Date.now(), redirect: text, ontryagain: nothing, onaskagain: nothing, ondone: nothing });
    await shown();
    inert(text);
  });
});
