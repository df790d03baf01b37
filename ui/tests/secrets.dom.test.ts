/** The life of a Secret on screen: facts, favourite, history, notes, old versions, copies elsewhere, two environments side by side. */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import DuplicateSecret from "../src/parts/secrets/DuplicateSecret.svelte";
import EditSecret from "../src/parts/secrets/EditSecret.svelte";
import Facts from "../src/parts/secrets/Facts.svelte";
import MoveSecrets from "../src/parts/secrets/MoveSecrets.svelte";
import NewSecret from "../src/parts/secrets/NewSecret.svelte";
import NewValue from "../src/parts/secrets/NewValue.svelte";
import SecretDetail from "../src/parts/secrets/SecretDetail.svelte";
import EditEnvironment from "../src/parts/shell/EditEnvironment.svelte";
import { dayText, dayTyped, rotations } from "../src/state/care";
import { clock } from "../src/state/clock.svelte";
import { environments } from "../src/state/environments.svelte";
import { secrets } from "../src/state/secrets.svelte";
import Compare from "../src/views/Compare.svelte";
import { doorWith, secret, settle, VALUE } from "./rows";

const DAY = 24 * 3600;
const html = () => document.documentElement.outerHTML;
const plain = () => document.body.textContent ?? "";
const nothing = () => undefined;
const pane = { hue: "--env-prod", taken: ["STRIPE_KEY"], elsewhere: ["staging", "production"], ondelete: nothing, onback: nothing, onduplicated: nothing, onmoved: nothing };

async function shown(): Promise<void> {
  await settle();
  await tick();
  flushSync();
}

beforeEach(() => {
  secrets.environment = "default";
});

describe("a value's life", () => {
  it("reads a day as it is typed, and refuses what is none", () => {
    expect(dayTyped("")).toBe("");
    expect(dayText(dayTyped("2027-1-5"))).toBe("2027-01-05");
    for (const bad of ["tomorrow", "2027-02-30", "2027-13-01", "01.02.2027", "2027", "0999-01-01"]) expect(dayTyped(bad), bad).toBeNull();
    expect(rotations(45 * DAY)).toContain(45 * DAY);
    expect(rotations(null)[0]).toBe(0);
  });

  it("says what is overdue and what has ended", async () => {
    const now = clock.now;
    const at = (days: number) => new Date(now + days * DAY * 1000).toISOString();
    const { rerender } = render(Facts, { secret: secret({ rotation_due_at: at(-12.5), expires_at: at(-1) }) });
    expect(plain()).toContain("12 days overdue");
    expect(plain()).toContain("ended");
    await rerender({ secret: secret({ rotation_due_at: at(40), expires_at: null }) });
    expect(plain()).toContain("remind in");
    expect(plain()).toContain("Never");
  });

  it("is edited: end, rotation and notes go along; an untouched end stays as it is", async () => {
    const calls = doorWith({ secret_update: () => secret() });
    const props = { open: true, secret: secret({ expires_at: "2027-01-31T16:30:00Z", rotate_every: 45 * DAY, notes: "old" }), onsaved: nothing };
    render(EditSecret, props);
    await shown();
    await fireEvent.input(screen.getByLabelText(/^Notes/), { target: { value: "new" } });
    await fireEvent.click(screen.getByRole("radio", { name: "90 days" }));
    await fireEvent.click(screen.getByRole("button", { name: /^Save/ }));
    await shown();
    expect(calls[0]?.request).toMatchObject({ notes: "new", rotate_every: 90 * DAY });
    expect(calls[0]?.request).not.toHaveProperty("expires_at");
  });

  it("is not saved with an end that is no day; an empty one clears it", async () => {
    const calls = doorWith({ secret_update: () => secret() });
    render(EditSecret, { open: true, secret: secret({ expires_at: "2027-01-31T16:30:00Z" }), onsaved: nothing });
    await shown();
    await fireEvent.input(screen.getByLabelText(/^Expires/), { target: { value: "soon" } });
    await fireEvent.click(screen.getByRole("button", { name: /^Save/ }));
    await shown();
    expect(calls).toEqual([]);
    expect(plain()).toContain("Write year, month and day");
    await fireEvent.input(screen.getByLabelText(/^Expires/), { target: { value: "" } });
    await fireEvent.click(screen.getByRole("button", { name: /^Save/ }));
    await shown();
    expect(calls[0]?.request).toMatchObject({ expires_at: "" });
  });
});

describe("the detail", () => {
  const versions = [
    { number: 2, note: "", current: true, revoked: false, created_at: "2026-11-20T10:00:00Z" },
    { number: 1, note: "", current: false, revoked: false, created_at: "2026-03-04T09:58:00Z" },
  ];

  it("makes it a favourite and takes it off", async () => {
    const calls = doorWith({ secret_history: () => [], secret_update: () => secret({ favourite: true }) });
    render(SecretDetail, { ...pane, secret: secret() });
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: "Make STRIPE_KEY a favourite" }));
    await shown();
    expect(calls.at(-1)?.request).toMatchObject({ favourite: true, name: null, tags: null });
  });

  it("has a history in words, and notes", async () => {
    doorWith({
      secret_history: () => [],
      item_events: () => [
        { seq: 9, at: "2026-11-20T10:00:00Z", actor: "owner (window)", action: "secret.reveal", subject: "secret default/STRIPE_KEY", outcome: "ok" },
        { seq: 8, at: "2026-11-19T10:00:00Z", actor: "owner (x)", action: "reference.resolve", subject: "default/STRIPE_KEY", outcome: "denied" },
      ],
    });
    render(SecretDetail, { ...pane, secret: secret({ notes: "ask Priya" }) });
    await shown();
    await fireEvent.click(screen.getByRole("tab", { name: /^History/ }));
    await shown();
    expect(plain()).toContain("Value revealed");
    expect(plain()).toContain("Refused: denied");
    await fireEvent.click(screen.getByRole("tab", { name: /^Notes/ }));
    await shown();
    expect(plain()).toContain("ask Priya");
  });

  it("reveals an old version on its own, and drops it with another tab", async () => {
    const calls = doorWith({ secret_history: () => versions, secret_reveal: () => ({ value: VALUE }) });
    render(SecretDetail, { ...pane, secret: secret() });
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: "Reveal version 1" }));
    await shown();
    expect(calls.at(-1)).toMatchObject({ name: "secret_reveal", request: { version: 1 } });
    expect(plain()).toContain(VALUE);
    await fireEvent.click(screen.getByRole("tab", { name: /^Notes/ }));
    await shown();
    expect(html()).not.toContain("51N8");
  });
});

describe("elsewhere", () => {
  it("duplicates under a key that is free", async () => {
    const calls = doorWith({ secret_duplicate: () => secret({ id: "s2", key: "STRIPE_KEY_2" }) });
    const onduplicated = vi.fn();
    render(DuplicateSecret, { open: true, secret: secret(), taken: ["STRIPE_KEY"], onduplicated });
    await shown();
    const field = screen.getByLabelText<HTMLInputElement>("New key");
    expect(field.value).toBe("STRIPE_KEY_2");
    await fireEvent.input(field, { target: { value: "stripe_key" } });
    await fireEvent.click(screen.getByRole("button", { name: /^Duplicate/ }));
    expect(calls).toEqual([]);
    await fireEvent.input(field, { target: { value: "OTHER" } });
    await fireEvent.click(screen.getByRole("button", { name: /^Duplicate/ }));
    await shown();
    expect(calls[0]?.request).toEqual({ environment: "default", secret: "s1", key: "OTHER" });
    expect(onduplicated).toHaveBeenCalledOnce();
  });

  it("copies unless a move is chosen; a conflict stays in the dialog", async () => {
    const calls = doorWith({
      secret_move: () => {
        throw { code: "conflict", message: "The key “STRIPE_KEY” is taken in environment “staging”.", hint: "" };
      },
    });
    const onmoved = vi.fn();
    render(MoveSecrets, { open: true, all: [secret()], elsewhere: ["staging"], onmoved });
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: /^Copy to Staging/ }));
    await shown();
    expect(calls[0]?.request).toEqual({ environment: "default", secrets: ["s1"], to: "staging", copy: true });
    expect(plain()).toContain("is taken in environment");
    expect(onmoved).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByRole("radio", { name: "Move" }));
    await fireEvent.click(screen.getByRole("button", { name: /^Move to Staging/ }));
    await shown();
    expect(calls[1]?.request).toMatchObject({ copy: false });
  });
});

describe("a value out of a file", () => {
  it("shows name and size alone, and is stored by its number", async () => {
    const calls = doorWith({
      value_choose_file: () => ({ file: { id: 7, name: "key.pem", size: 1704 } }),
      secret_create_from_file: () => secret(),
    });
    render(NewSecret, { open: true, environment: "default", taken: [], onadded: nothing });
    await shown();
    await fireEvent.input(screen.getByLabelText("Key"), { target: { value: "PEM" } });
    await fireEvent.click(screen.getByRole("button", { name: /^From a file/ }));
    await shown();
    expect(plain()).toContain("key.pem, 1.7 KiB");
    await fireEvent.click(screen.getByRole("button", { name: /^Add secret/ }));
    await shown();
    expect(calls.at(-1)).toMatchObject({ name: "secret_create_from_file", request: { file: 7, request: { key: "PEM", value: "" } } });
  });

  it("says why a file was refused", async () => {
    doorWith({
      value_choose_file: () => {
        throw { code: "usage", message: "key is larger than 1 MiB; nothing was stored.", hint: "A value has from 1 byte to 1 MiB." };
      },
    });
    render(NewValue, { open: true, secret: secret(), onstored: nothing });
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: /^From a file/ }));
    await shown();
    expect(plain()).toContain("larger than 1 MiB");
  });
});

describe("a new value", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  it.each([
    [true, "This is the current value"],
    [false, "Differs from the current value"],
  ])("is compared in the vault: same is %s", async (same, words) => {
    doorWith({ secret_is_current: () => ({ same }) });
    render(NewValue, { open: true, secret: secret(), onstored: nothing });
    await shown();
    await fireEvent.input(screen.getByLabelText("New value"), { target: { value: VALUE } });
    vi.advanceTimersByTime(300);
    await shown();
    expect(plain()).toContain(words);
  });
});

describe("environments", () => {
  const rows = [
    { name: "default", production: false, items: 2, created_at: "", colour: null },
    { name: "staging", production: false, items: 0, created_at: "", colour: "teal" },
  ];

  it("get a colour and are treated as production; one with items is not deleted", async () => {
    const calls = doorWith({ environment_list: () => rows, environment_update: () => ({ ...rows[0]!, production: true }) });
    await environments.read();
    render(EditEnvironment, { open: true });
    await shown();
    await fireEvent.click(screen.getByRole("radio", { name: "Amber" }));
    await fireEvent.click(screen.getByRole("switch", { name: "Treat as production" }));
    expect(screen.getByRole("button", { name: /^Delete/ }).getAttribute("aria-disabled")).toBe("true");
    await fireEvent.click(screen.getByRole("button", { name: /^Save/ }));
    await shown();
    expect(calls.at(-1)).toEqual({ name: "environment_update", request: { name: "default", production: true, colour: "amber" } });
    expect(environments.production).toBe(true);
  });

  it("are compared: what is missing, what differs, and a copy where one is missing", async () => {
    const calls = doorWith({
      environment_list: () => rows,
      environment_compare: () => [
        { key: "BOTH", first: "secret", second: "secret", same: true },
        { key: "HERE", first: "secret", second: null, same: null },
        { key: "OTHER", first: "secret", second: "secret", same: false },
      ],
      secret_move: () => [],
    });
    await environments.read();
    render(Compare);
    await shown();
    expect(plain()).toContain("HERE");
    expect(plain()).not.toContain("BOTH");
    expect(plain()).toContain("1 key missing on one side, 1 with another value");
    await fireEvent.click(screen.getByLabelText("Only differences"));
    expect(plain()).toContain("BOTH");
    await fireEvent.click(screen.getByRole("button", { name: "Copy HERE to Staging" }));
    await shown();
    expect(calls.some((call) => call.name === "secret_move")).toBe(true);
  });
});
