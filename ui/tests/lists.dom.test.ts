/** The lists, what is done to several items, the palette and Health as a person meets them: keys, focus, typed confirmation, no value in the DOM. */

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Finding } from "../src/host/bindings/Finding";
import type { Secret } from "../src/host/bindings/Secret";
import type { Usage } from "../src/host/bindings/Usage";
import DeleteItems from "../src/parts/items/DeleteItems.svelte";
import FilterBar from "../src/parts/items/FilterBar.svelte";
import Palette from "../src/parts/palette/Palette.svelte";
import { environments } from "../src/state/environments.svelte";
import { find } from "../src/state/find.svelte";
import type { HealthReport } from "../src/host/bindings/HealthReport";
import { works } from "../src/state/works.svelte";
import { health } from "../src/state/health.svelte";
import { secretItem } from "../src/state/items";
import { Listing } from "../src/state/listing.svelte";
import { opening } from "../src/state/opening.svelte";
import { palette } from "../src/state/palette.svelte";
import { route } from "../src/state/route.svelte";
import { secrets } from "../src/state/secrets.svelte";
import { trash } from "../src/state/trash.svelte";
import Health from "../src/views/Health.svelte";
import Trash from "../src/views/Trash.svelte";
import { connections } from "../src/state/connections.svelte";
import { doorWith, secret, settle, VALUE } from "./rows";

const nothing = () => undefined;
const plain = () => document.body.textContent ?? "";
const html = () => document.documentElement.outerHTML;
const keyed = (key: string, over: Partial<Secret> = {}) => secret({ id: key.toLowerCase(), key, name: key, ...over });

async function shown(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await settle();
    await tick();
    flushSync();
  }
}

beforeEach(() => {
  environments.rows = [
    { name: "default", production: false, items: 3, colour: null, created_at: "" },
    { name: "staging", production: false, items: 1, colour: null, created_at: "" },
  ];
});
afterEach(() => {
  // What is mounted would read again what is cleared here.
  cleanup();
  palette.close();
  secrets.clear();
  connections.clear();
  trash.clear();
  health.clear();
  environments.clear();
  find.clear();
  route.reset("items");
});

describe("deleting several (AM12)", () => {
  const items = ["USED", "ALSO_USED", "IDLE"].map((key) => secretItem(keyed(key)));
  const usage = (key: string): Usage => ({
    environment: "default", key, reads: 12, last_read_at: new Date().toISOString(), programs: [{ program: "ci-runner", reads: 12, last_read_at: new Date().toISOString() }],
  });

  async function asked(used: string[], ondeleted = vi.fn()) {
    const calls = doorWith({ usage_list: () => used.map(usage), secret_delete: ({ secrets: ids }) => items.flatMap((item) => (item.kind === "secret" && ids.includes(item.id) ? [item.secret] : [])) });
    secrets.environment = "default";
    render(DeleteItems, { open: true, items, environment: "default", ondeleted });
    await shown();
    return { calls: () => calls.filter((call) => call.name === "secret_delete").map((call) => call.request), ondeleted };
  }
  const confirm = () => screen.getByRole("button", { name: "Delete 3 items" });

  it("is one click when nothing was used in 30 days", async () => {
    const { calls, ondeleted } = await asked([]);
    expect(screen.queryByRole("textbox")).toBeNull();
    await fireEvent.click(confirm());
    await shown();
    expect(calls()).toEqual([{ environment: "default", secrets: ["used", "also_used", "idle"] }]);
    expect(ondeleted).toHaveBeenCalledOnce();
  });

  it("names who used what first, and waits for the typed number", async () => {
    const { calls } = await asked(["USED", "ALSO_USED"]);
    expect(plain()).toContain("2 of these are in use.");
    const rows = [...document.querySelectorAll(".items li")].map((row) => row.textContent ?? "");
    expect(rows[0]).toContain("read 12 times");
    expect(rows[0]).toContain("by ci-runner");
    expect(rows[2]).toContain("IDLE");
    expect(rows[2]).toContain("not read");
    expect(confirm().getAttribute("aria-disabled")).toBe("true");
    const field = screen.getByLabelText("Type delete 3 to confirm");
    expect(document.activeElement).toBe(field);
    for (const wrong of ["delete", "delete 2", "3", "delete 33"]) {
      await fireEvent.input(field, { target: { value: wrong } });
      await fireEvent.click(confirm());
      await fireEvent.submit(field.closest("form")!);
    }
    expect(calls()).toEqual([]);
    await fireEvent.input(field, { target: { value: " Delete 3 " } });
    await fireEvent.click(confirm());
    await shown();
    expect(calls()).toHaveLength(1);
  });

  it("deletes only what is not in use without typing", async () => {
    const { calls } = await asked(["USED", "ALSO_USED"]);
    await fireEvent.click(screen.getByRole("button", { name: "Delete only the 1 not in use" }));
    await shown();
    expect(calls()).toEqual([{ environment: "default", secrets: ["idle"] }]);
  });

  it("asks for the number too when nobody can say what is in use", async () => {
    doorWith({
      usage_list: () => {
        throw { code: "corrupt", message: "the activity log was changed", hint: "" };
      },
    });
    render(DeleteItems, { open: true, items, environment: "default", ondeleted: nothing });
    await shown();
    expect(plain()).toContain("The activity log could not be read");
    expect(confirm().getAttribute("aria-disabled")).toBe("true");
  });

  it("stays open and says why when it is refused", async () => {
    doorWith({
      usage_list: () => [],
      secret_delete: () => {
        throw { code: "not_found", message: "USED was not found", hint: "It changed meanwhile." };
      },
    });
    render(DeleteItems, { open: true, items, environment: "default", ondeleted: nothing });
    await shown();
    await fireEvent.click(confirm());
    await shown();
    expect(screen.getByRole("alert").textContent).toContain("USED was not found It changed meanwhile.");
  });
});

it("a filter that could change nothing is not drawn; one that narrows has an x", async () => {
  const rows = [keyed("A", { tags: ["ci"] }), keyed("B", { favourite: true })];
  const listing = new Listing({ items: () => rows.map((row) => secretItem(row)), query: () => "", now: () => 0, head: () => "" });
  render(FilterBar, { listing });
  expect([...document.querySelectorAll(".fchip")].map((chip) => chip.textContent?.trim())).toEqual(["Status", "Tag"]);
  listing.narrow({ tag: "ci" });
  flushSync();
  expect(listing.ids).toEqual(["a"]);
  await fireEvent.click(screen.getByRole("button", { name: "Remove the filter Tag: ci" }));
  expect(listing.ids).toHaveLength(2);
});

describe("the palette", () => {
  async function open(text = "") {
    const calls = doorWith({
      secret_list: ({ environment }) => (environment === "staging" ? [keyed("STRIPE_KEY", { id: "staged", environment: "staging", name: "Stripe" })] : []),
      credential_list: () => [],
      connection_list: () => [],
      secret_copy: () => ({ seconds: 30 }),
      reference_copy: () => ({}),
      secret_reveal: () => ({ value: VALUE }),
    });
    secrets.environment = "default";
    secrets.rows = [keyed("STRIPE_KEY", { name: "Stripe live", tags: ["payments"] }), keyed("DATABASE_URL", { name: "Orders" })];
    render(Palette, { onnewenvironment: nothing });
    palette.show(text);
    await shown();
    return calls;
  }
  const field = () => screen.getByRole<HTMLInputElement>("combobox");
  const rows = () => screen.queryAllByRole("option").map((row) => row.textContent?.replace(/\s+/g, " ").trim() ?? "");
  const chosen = () => document.querySelector('[role="option"][aria-selected="true"]');
  const press = (key: string, over: object = {}) => fireEvent.keyDown(field(), { key, ...over });

  it("has the focus in its field, and finds items here before those elsewhere", async () => {
    await open();
    expect(document.activeElement).toBe(field());
    await fireEvent.input(field(), { target: { value: "strip" } });
    await shown();
    expect(rows()[0]).toContain("STRIPE_KEY");
    expect(rows()[1]).toContain("in Staging");
    expect(chosen()?.id).toBe(field().getAttribute("aria-activedescendant"));
    expect([...document.querySelectorAll("u")][0]?.textContent).toBe("STRIP");
  });

  it("moves with the arrows and opens with Enter, also in another environment", async () => {
    await open("strip");
    const opened = vi.spyOn(opening, "open").mockImplementation(nothing);
    await press("ArrowDown");
    await press("Enter");
    await shown();
    expect(opened).toHaveBeenCalledWith("staging", "staged");
    expect(palette.open).toBe(false);
    opened.mockRestore();
  });

  it("copies the value in Rust and the reference, and no value comes into the document (UI.md §11)", async () => {
    const calls = await open("strip");
    await press("c", { ctrlKey: true });
    await shown();
    expect(calls.filter((call) => call.name === "secret_copy").map((call) => call.request)).toEqual([{ environment: "default", secret: "stripe_key" }]);
    expect(html()).not.toContain(VALUE);
    expect(calls.some((call) => call.name === "secret_reveal")).toBe(false);
    palette.show("strip");
    await shown();
    await press("ArrowDown");
    await press("C", { ctrlKey: true, shiftKey: true });
    await shown();
    expect(calls.filter((call) => call.name === "reference_copy").map((call) => call.request)).toEqual([{ environment: "staging", key: "STRIPE_KEY", format: "uri" }]);
  });

  it("leaves Ctrl C to a selection in its field", async () => {
    const calls = await open("strip");
    field().setSelectionRange(0, 5);
    await press("c", { ctrlKey: true });
    expect(calls.some((call) => call.name === "secret_copy")).toBe(false);
  });

  it("lists what else can be done with the right arrow, and comes back with the left", async () => {
    await open("strip");
    field().setSelectionRange(5, 5);
    await press("ArrowRight");
    await shown();
    expect(rows().map((row) => row.split(" Ctrl")[0])).toEqual(expect.arrayContaining([expect.stringContaining("Open"), expect.stringContaining("Copy value"), expect.stringContaining("Store a new value")]));
    expect(rows()).toHaveLength(6);
    await press("ArrowLeft");
    await shown();
    expect(rows()[0]).toContain("STRIPE_KEY");
  });

  it("limits itself to commands, applications or tags", async () => {
    await open(">");
    expect(rows().some((row) => row.includes("STRIPE"))).toBe(false);
    expect(rows().some((row) => row.includes("Switch to Staging"))).toBe(true);
    palette.text = "#pay";
    await shown();
    expect(rows()).toEqual([expect.stringContaining("payments")]);
    await press("Enter");
    await shown();
    expect([route.name, route.of]).toEqual(["tagged", "payments"]);
    palette.show("@none");
    await shown();
    expect(rows()).toEqual([]);
    expect(plain()).toContain("Nothing matches “none”");
  });

  it("forgets everything when it closes", async () => {
    await open("strip");
    palette.close();
    await shown();
    expect([palette.text, rows(), plain().includes("STRIPE")]).toEqual(["", [], false]);
  });
});

describe("Health on screen", () => {
  const finding = (id: string, key: string, over: Partial<Finding> = {}): Finding => ({
    id, outcome: "warn", message: "", hint: "", at: "2026-01-01T00:00:00Z", others: [], place: { kind: "secret", item: key.toLowerCase(), environment: "staging", key, field: null }, ...over,
  });

  it("looks by itself, puts the urgent first, and has one act a finding", async () => {
    doorWith({
      health_check: () => ({ findings: [finding("overdue", "OLD_KEY", { outcome: "fail" }), finding("reused", "TWIN", { at: null, others: [finding("reused", "OTHER_TWIN").place] })], left_out: 0, checked: 7, unread: 1 }),
    });
    const opened = vi.spyOn(opening, "open").mockImplementation(nothing);
    render(Health);
    await shown();
    const rules = screen.getAllByRole("radio").map((rule) => rule.getAttribute("aria-label"));
    expect(rules.slice(0, 3)).toEqual(["Overdue for rotation, 1", "Reused values, 1", "Expired, 0"]);
    expect(plain()).toContain("1 to act on now.");
    expect(plain()).toContain("The other one can wait.");
    expect(plain()).toContain("1 value could not be read");
    await fireEvent.click(screen.getByRole("button", { name: "Store a new value for OLD_KEY" }));
    expect(opened).toHaveBeenCalledWith("staging", "old_key", "new_value");
    await fireEvent.keyDown(screen.getByRole("radio", { name: "Overdue for rotation, 1" }), { key: "ArrowDown" });
    await shown();
    expect(plain()).toContain("also staging/OTHER_TWIN");
    opened.mockRestore();
  });

  it("leads to what holds the value: a login, a client, a variable", async () => {
    const place = (kind: string, key: string, field: string | null = null) => ({ kind, item: key.toLowerCase(), environment: "staging", key, field });
    doorWith({
      health_check: () => ({
        findings: [
          finding("weak", "LOGIN", { at: null, place: place("connection", "LOGIN", "password") }),
          finding("weak", "google", { at: null, place: place("auth_client", "google") }),
          finding("weak", "DB", { at: null, place: place("credential", "DB", "password") }),
        ],
        left_out: 0, checked: 3, unread: 0,
      }),
      health_list: () => [],
    });
    const opened = vi.spyOn(opening, "open").mockImplementation(nothing);
    render(Health);
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: "Enter new values for LOGIN" }));
    await fireEvent.click(screen.getByRole("button", { name: "Edit google, client secret" }));
    await fireEvent.click(screen.getByRole("button", { name: "Edit DB.password" }));
    expect(opened.mock.calls).toEqual([["staging", "login", "new_value"], ["staging", "google", null, "auth-clients"], ["staging", "db"]]);
    // What a look without values cannot know stays until the next check.
    await health.look();
    expect(health.findings).toHaveLength(3);
    opened.mockRestore();
  });

  it("says how far a long check is", async () => {
    let end: (report: HealthReport) => void = nothing;
    doorWith({
      health_check: () => new Promise<HealthReport>((done) => (end = done)),
      work_status: ({ work }) => (work === "health_check" ? { running: true, done: 512, total: 8_010 } : { running: false, done: 0, total: 0 }),
    });
    render(Health);
    await works.read();
    await shown();
    expect(screen.getByRole("progressbar").getAttribute("aria-valuetext")).toBe("512 of 8010 values");
    end({ findings: [], left_out: 0, checked: 8_010, unread: 0 });
    await shown();
    expect(screen.queryByRole("progressbar")).toBeNull();
    works.clear();
  });

  it("says that everything is well, or why it could not look", async () => {
    doorWith({ health_check: () => ({ findings: [], left_out: 0, checked: 7, unread: 0 }) });
    const { unmount } = render(Health);
    await shown();
    expect(plain()).toContain("7 values looked at, nothing to mend.");
    unmount();
    health.clear();
    doorWith({
      health_check: () => {
        throw { code: "corrupt", message: "The vault is damaged.", hint: "Restore a copy." };
      },
    });
    render(Health);
    await shown();
    expect(plain()).toContain("Restore a copy.");
  });
});

describe("the trash on screen", () => {
  const gone = keyed("GONE", { deleted_at: new Date().toISOString() });

  it("restores one, and says why it cannot", async () => {
    let taken = false;
    doorWith({
      secret_trash: () => [gone], credential_trash: () => [],
      secret_restore: () => {
        if (taken) throw { code: "conflict", message: "The key “GONE” is taken.", hint: "Rename it." };
        return gone;
      },
    });
    render(Trash);
    await shown();
    taken = true;
    await fireEvent.click(screen.getByRole("button", { name: "Restore GONE" }));
    await shown();
    expect(screen.getByRole("button", { name: "Restore GONE" })).toBeTruthy();
    taken = false;
    await fireEvent.click(screen.getByRole("button", { name: "Restore GONE" }));
    await shown();
    expect(plain()).toContain("The trash is empty");
  });

  it("deletes for good only after asking", async () => {
    const calls = doorWith({ secret_trash: () => [gone], credential_trash: () => [], secret_delete: () => [gone], secret_empty_trash: () => ({ purged: 1 }) });
    render(Trash);
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: "Delete GONE for good" }));
    await shown();
    expect(calls.map((call) => call.name)).toEqual(["secret_trash", "credential_trash"]);
    expect(document.activeElement?.textContent).toContain("Cancel");
    await fireEvent.click(screen.getByRole("button", { name: "Delete for good" }));
    await shown();
    expect(calls.at(-1)).toEqual({ name: "secret_delete", request: { environment: "default", secrets: ["gone"] } });
  });

  it("is emptied of every kind, whatever came into it since it was listed", async () => {
    const calls = doorWith({ secret_trash: () => [gone], credential_trash: () => [], secret_empty_trash: () => ({ purged: 1 }), credential_empty_trash: () => ({ purged: 2 }) });
    render(Trash);
    await shown();
    expect(await trash.empty()).toBe(3);
    expect(calls.slice(2)).toEqual(["secret_empty_trash", "credential_empty_trash"].map((name) => ({ name, request: { environment: "default" } })));
    expect(trash.rows).toEqual([]);
  });
});
