/** A Connection in full: its refreshes, claims, scopes, the ends of its refresh token, and what its list cannot show. */

import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Alarm } from "../src/host/bindings/Alarm";
import type { Connection } from "../src/host/bindings/Connection";
import type { RefreshAttempt } from "../src/host/bindings/RefreshAttempt";
import type { TokenFacts } from "../src/host/bindings/TokenFacts";
import Alarms from "../src/parts/connections/Alarms.svelte";
import ConnectionDetail from "../src/parts/connections/ConnectionDetail.svelte";
import { announcer } from "../src/kit/announce.svelte";
import { toaster } from "../src/kit/toaster.svelte";
import { alarms } from "../src/state/alarms.svelte";
import { connections } from "../src/state/connections.svelte";
import { masked, scopesOf } from "../src/state/token_facts.svelte";
import { connection, doorWith, settle } from "./rows";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  connections.clear();
  alarms.rows = [];
});

function facts(over: Partial<TokenFacts> = {}): TokenFacts {
  return {
    asked: [], claims: [], refresh_token_end: null, consented_at: null, failures: 0, retry_at: null, clock_skew: null, unsaved: false, revocations: [], ...over,
  };
}

interface World {
  row?: Partial<Connection>;
  known?: Partial<TokenFacts>;
  attempts?: RefreshAttempt[];
  invalidated?: Partial<Connection>;
}

async function open({ row, known, attempts = [], invalidated }: World = {}) {
  const shown = connection(row);
  const calls = doorWith({
    connection_list: () => [shown],
    connection_facts: () => facts(known),
    connection_refreshes: () => attempts,
    connection_invalidate: () => ({ ...shown, ...invalidated }),
    connection_why: () => ({ connection: shown, causes: [], consented_at: null }),
  });
  await connections.open("default");
  const nothing = () => undefined;
  render(ConnectionDetail, {
    connection: shown, authClientName: "Google", authClientHref: "#", hue: "--env-1", ending: null, onconnect: nothing, ondeleted: nothing, onback: nothing,
  });
  await settle();
  await settle();
  return calls;
}

describe("refreshes", () => {
  it("are told with time, result, cause and duration, the newest first, and all when asked", async () => {
    // The oldest is of before durations were counted.
    const attempts = [3, 2, 1, 0].map((hour) => ({
      at: `2026-11-22T1${hour}:00:00Z`, outcome: hour === 2 ? "invalid_client" : "ok", took_ms: [null, 87, 1_260, 999][hour] ?? null,
    }));
    await open({ attempts, known: { failures: 2, retry_at: "2026-11-22T14:00:00Z" } });
    const list = screen.getByRole("list", { name: "Last 4 refreshes" });
    expect(within(list).getAllByRole("listitem")).toHaveLength(3);
    expect(within(list).getByText("The provider refuses the client ID or secret")).toBeTruthy();
    expect(within(list).getByText("invalid_client")).toBeTruthy();
    expect(within(list).getAllByText(/ m?s$/).map((took) => took.textContent)).toEqual(["999 ms", "1.3 s", "87 ms"]);
    expect(screen.getByText("3 worked")).toBeTruthy();
    expect(screen.getByText("1 failed")).toBeTruthy();
    expect(screen.getByText(/^2 failures in a row, next try at/)).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Show all 4" }));
    expect(within(list).getAllByRole("listitem")).toHaveLength(4);
    expect(within(list).getAllByText(/ m?s$/)).toHaveLength(3);
    expect(screen.getByText("Typical 999 ms")).toBeTruthy();
    // The oldest stands on the left, and the typical one is half as high as there is room.
    expect([...document.querySelectorAll<HTMLElement>(".bar")].map((bar) => parseFloat(bar.style.height))).toEqual([6, 6, expect.closeTo(20.2, 1), 16]);
  });
});

describe("claims", () => {
  it("of a person are masked, and shown for as long as a revealed value", async () => {
    vi.useFakeTimers();
    await open({
      known: {
        claims: [
          { name: "iss", value: "https://accounts.google.com" },
          { name: "email", value: "ada@acme.dev" },
          { name: "iat", value: "1000000000" },
        ],
      },
    });
    expect(screen.getByText("https://accounts.google.com")).toBeTruthy();
    expect(screen.getByText("a••@acme.dev")).toBeTruthy();
    expect(screen.getByText(/9 Sep 2001/)).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Reveal" }));
    expect(screen.getByText("ada@acme.dev")).toBeTruthy();
    expect(announcer.text).toContain("Value shown for 30 seconds");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(screen.queryByText("ada@acme.dev")).toBeNull();
    for (const away of [() => fireEvent.blur(window), () => fireEvent.keyDown(document.body, { key: "Escape" })]) {
      await fireEvent.click(screen.getByRole("button", { name: "Reveal" }));
      expect(screen.getByText("ada@acme.dev")).toBeTruthy();
      await away();
      expect(screen.queryByText("ada@acme.dev")).toBeNull();
      expect(announcer.text).toContain("Hidden");
    }
  });

  it.each([
    ["118409241850913", "1184••••0913"],
    ["ada@acme.dev", "a••@acme.dev"],
    ["Ada", "A••••"],
  ])("%s is masked as %s", (value, shown) => expect(masked(value)).toBe(shown));
});

describe("scopes", () => {
  it("that were asked for and not granted are named (O-14)", async () => {
    await open({ row: { scope: "openid email" }, known: { asked: ["openid", "drive"] } });
    expect(screen.getByText("2 of 3 granted")).toBeTruthy();
    expect(within(screen.getByText("drive").closest("li")!).getByText("not granted")).toBeTruthy();
    expect(scopesOf(null, ["a"])).toEqual([{ name: "a", granted: true }]);
  });
});

describe("the refresh token", () => {
  it("oa9 ends of idleness, or whatever is done", async () => {
    await open({ known: { refresh_token_end: { at: "2027-05-01T00:00:00Z", idle: true } } });
    expect(screen.getByText(/^Ends 1 May 2027 if nobody uses it/)).toBeTruthy();
    cleanup();
    await open({ known: { refresh_token_end: { at: "2027-05-01T00:00:00Z", idle: false } } });
    expect(screen.getByText(/^Ends 1 May 2027, whatever is done/)).toBeTruthy();
  });

  it("o52 of before that waits to be revoked is told", async () => {
    const queued = { queued_at: "2026-11-22T10:00:00Z", tries: 3, retry_at: "2026-11-22T12:00:00Z" };
    await open({ row: { state: "disconnected", refresh_token: false, renewed_by: null }, known: { revocations: [queued] } });
    expect(screen.getByText("Waiting to be revoked")).toBeTruthy();
    expect(screen.getByText(/3 tries since/)).toBeTruthy();
  });

  it("o72 that could not be saved is told at once", async () => {
    await open({ known: { unsaved: true } });
    expect(screen.getByRole("alert").textContent).toContain("in memory alone");
  });
});

describe("a refused token", () => {
  async function invalidate(): Promise<string> {
    const said = vi.spyOn(toaster, "show");
    await fireEvent.click(screen.getByRole("button", { name: "More for Google" }));
    await fireEvent.click(await screen.findByRole("menuitem", { name: "Invalidate token" }));
    await settle();
    const text = said.mock.lastCall?.[0].text ?? "";
    said.mockRestore();
    return text;
  }

  it("oa14 is replaced, and the window names no token", async () => {
    const calls = await open({ invalidated: { obtained_at: "2026-11-22T11:00:00Z" } });
    expect(await invalidate()).toContain("has another token");
    const asked = calls.filter((call) => call.name === "connection_invalidate").map((call) => call.request);
    expect(asked).toEqual([{ environment: "default", connection: "c1", access_token: null }]);
  });

  it("oa14 that is only seconds old stays, and that is said", async () => {
    await open();
    expect(await invalidate()).toContain("only seconds old");
  });

  it("oa2 is renewed by an auth client that asks by itself, without a refresh token", async () => {
    await open({ row: { refresh_token: false, renewed_by: "auth_client" } });
    expect(screen.getByText("None needed: the auth client asks for tokens by itself.")).toBeTruthy();
    expect(screen.queryByText("No refresh token.")).toBeNull();
  });

  it("cannot be replaced where nothing renews it", async () => {
    await open({ row: { refresh_token: false, renewed_by: null } });
    await fireEvent.click(screen.getByRole("button", { name: "More for Google" }));
    await screen.findByRole("menuitem", { name: /Delete connection/ });
    expect(screen.queryByRole("menuitem", { name: "Invalidate token" })).toBeNull();
  });
});

describe("OAuth 1.0a", () => {
  it("oa2 can be connected again, and speaks of no refresh", async () => {
    await open({ row: { auth_type: "oauth1", refresh_token: false, renewed_by: null, expires_at: null, next_refresh_at: null } });
    expect(screen.getByRole("button", { name: "Reconnect" })).toBeTruthy();
    for (const gone of ["Refresh token", "Claims", "Scopes", "Why, and what mends it"]) expect(screen.queryByText(gone)).toBeNull();
  });
});

describe("above the list", () => {
  const ending = (id: string, name: string, day: number): Alarm => ({ id, name, kind: "ending", at: `2026-12-0${day}T08:00:00Z` });

  async function above(rows: Alarm[]) {
    doorWith({ connection_list: () => [connection()], connection_alarms: () => rows });
    await connections.open("default");
    const onshow = vi.fn();
    render(Alarms, { onshow });
    await settle();
    return onshow;
  }

  it("oa9 sign-ins that end soon are announced, the first by its day", async () => {
    const onshow = await above([ending("c2", "Xero", 5), ending("c1", "Google", 3), ending("c3", "Box", 6)]);
    const notice = screen.getByRole("status");
    expect(notice.textContent).toContain("The sign-ins of Google, Xero and 1 more end, the first 3 Dec 2026.");
    await fireEvent.click(within(notice).getByRole("button", { name: "Show" }));
    expect(onshow).toHaveBeenCalledWith("c1");
  });

  it("o72 tokens that could not be saved come before", async () => {
    await above([ending("c1", "Google", 3), { id: "c2", name: "Xero", kind: "unsaved", at: null }]);
    expect(screen.getByRole("alert").textContent).toContain("New tokens of Xero could not be saved.");
    expect(screen.queryByRole("status")).toBeNull();
  });

  it("nothing stands where nothing is wrong", async () => {
    await above([]);
    expect(screen.queryByRole("status")).toBeNull();
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
