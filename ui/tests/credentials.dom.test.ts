/** The editable grid of a custom credential: keys, pasting, what is shown and what is saved (UI.md §5, §6, §11). */

import { fireEvent, render, screen, within } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Credential } from "../src/host/bindings/Credential";
import type { CredentialUpdate } from "../src/host/bindings/CredentialUpdate";
import CredentialEditor from "../src/parts/credentials/CredentialEditor.svelte";
import { credentials } from "../src/state/credentials.svelte";
import { unsaved } from "../src/state/unsaved";
import { HOSTILE } from "./hostile";
import { doorWith, settle, VALUE } from "./rows";

const html = () => document.documentElement.outerHTML;
const plain = () => document.body.textContent ?? "";

function credential(over: Partial<Credential> = {}): Credential {
  return {
    id: "c1", key: "DB", name: "Database", description: "", environment: "default", owner: "owner", request_status: "none", access_type: "owner",
    created_at: "2026-11-01T08:00:00Z", changed_at: "2026-11-01T08:00:00Z", deleted_at: null,
    variables: ["host", "port", "password"].map((name) => ({ id: `id-${name}`, name, description: "", masked: name === "password", version: 1, bytes: 4, file: null })),
    ...over,
  };
}

let calls: ReturnType<typeof doorWith>;
let saved: CredentialUpdate | null;

beforeEach(async () => {
  saved = null;
  calls = doorWith({
    credential_list: () => [credential()],
    credential_reveal: () => ({ value: VALUE }),
    credential_copy: () => ({ seconds: 30 }),
    credential_update: (request) => {
      saved = request;
      const variables = (request.variables ?? []).map((one) => ({ ...one, id: one.id ?? "made", version: 2, bytes: 4 }));
      return credential({ changed_at: "2026-11-02T08:00:00Z", variables });
    },
  });
  await credentials.open("default");
});
afterEach(() => credentials.clear());

async function shown(): Promise<void> {
  await settle();
  await tick();
  await settle();
  flushSync();
}

function draw(of: Credential | null = credential()) {
  return render(CredentialEditor, { credential: of, taken: ["DB", "OTHER"], onback: () => undefined, onsaved: () => undefined });
}

const cell = (row: number, column: number) => within(screen.getAllByRole("row")[row + 1]!).getAllByRole("gridcell")[column]!;
const names = () => screen.getAllByRole("row").slice(1, -1).map((row) => within(row).getAllByRole("gridcell")[0]!.textContent?.trim());

async function key(key: string, more: Partial<KeyboardEventInit> = {}): Promise<void> {
  await fireEvent.keyDown(document.activeElement ?? document.body, { key, bubbles: true, cancelable: true, ...more });
  await shown();
}

async function type(text: string): Promise<void> {
  const field = document.activeElement as HTMLInputElement;
  await fireEvent.input(field, { target: { value: text } });
  await shown();
}

async function paste(text: string): Promise<void> {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  (document.activeElement ?? document.body).dispatchEvent(event);
  await shown();
}

async function save(): Promise<void> {
  await fireEvent.click(screen.getByRole("button", { name: /^Save/ }));
  await shown();
}

describe("am11: the editable grid", () => {
  it("moves with arrows, edits with Enter, reverts with Esc", async () => {
    draw();
    cell(0, 0).focus();
    await key("ArrowDown");
    await key("ArrowRight");
    expect(document.activeElement).toBe(cell(1, 1));
    await key("Enter");
    await type("TCP");
    await key("Escape");
    expect(document.activeElement).toBe(cell(1, 1));
    expect(plain()).not.toContain("not saved");
    await key("Enter");
    await type("TCP");
    await key("Enter");
    expect(cell(1, 1).textContent).toContain("TCP");
    expect(plain()).toContain("1 change not saved: port");
  });

  it("leaves a row at its end to the next one, and adds in the last", async () => {
    draw();
    cell(2, 4).querySelector("button")!.focus();
    await fireEvent.click(cell(2, 3));
    await shown();
    expect(document.activeElement).toBe(cell(2, 3).querySelector("button"));
    await key("Tab");
    await key("Tab");
    expect(document.activeElement).toBe(cell(3, 0));
    await key("Enter");
    await type("region");
    await key("Tab");
    await key("Tab");
    await key("Enter");
    await type("eu");
    await key("Enter");
    expect(names()).toEqual(["host", "port", "password", "region"]);
    await save();
    expect(saved?.variables?.[3]).toEqual({ id: null, name: "region", description: "", masked: true, value: "eu", file: null });
    expect(saved?.removed).toEqual([]);
    expect(plain()).not.toContain("not saved");
  });

  it("moves rows with Alt and arrows", async () => {
    draw();
    cell(2, 0).focus();
    await key("ArrowUp", { altKey: true });
    expect(names()).toEqual(["host", "password", "port"]);
    expect(document.activeElement).toBe(cell(1, 0));
    expect(plain()).toContain("1 change not saved: order");
  });

  it("takes out what is crossed, and says so to the vault", async () => {
    draw();
    await fireEvent.click(screen.getByRole("button", { name: "Remove port" }));
    await shown();
    await save();
    expect(saved?.removed).toEqual(["id-port"]);
    expect(saved?.variables?.map((one) => one.name)).toEqual(["host", "password"]);
  });

  it("fills rows from pasted lines and asks once about masking", async () => {
    draw();
    cell(0, 0).focus();
    await paste(`# names\npassword=${VALUE}\nexport user='ada'\n`);
    expect(screen.getByRole("dialog").textContent).toContain("Fill 2 variables");
    expect(html()).not.toContain(VALUE);
    await fireEvent.click(screen.getByRole("radio", { name: "Leave them readable" }));
    await fireEvent.click(screen.getByRole("button", { name: "Fill 2 rows" }));
    await shown();
    expect(names()).toEqual(["host", "port", "password", "user"]);
    expect(plain()).toContain("ada");
    expect(html(), "it keeps its masking").not.toContain(VALUE);
    await save();
    expect(saved?.variables?.map(({ name, value, masked }) => [name, value, masked])).toEqual([
      ["host", null, false], ["port", null, false], ["password", VALUE, true], ["user", "ada", false],
    ]);
    expect(html()).not.toContain(VALUE);
  });

  it("takes one line in an open cell as its text, and many lines that are no names as one value", async () => {
    draw();
    cell(2, 2).focus();
    await key("Enter");
    await paste("A=1");
    expect(screen.queryByRole("dialog")).toBeNull();
    await key("Escape");
    await paste("-----BEGIN KEY-----\nMIIE\n-----END KEY-----\n");
    await key("Enter");
    expect(plain()).toContain("New value, 3 lines");
    await save();
    expect(saved?.variables?.[2]?.value).toBe("-----BEGIN KEY-----\nMIIE\n-----END KEY-----");
  });

  it("points out what is missing when Save is pressed, and stores nothing", async () => {
    draw();
    cell(3, 0).focus();
    await key("Enter");
    await type("HOST");
    await key("Enter");
    expect(cell(3, 0).dataset.tip).toContain("other spelling of capitals");
    await save();
    expect(saved).toBeNull();
    expect(document.activeElement).toBe(cell(0, 0));
  });
});

describe("w08: a stored value", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] }));
  afterEach(() => vi.useRealTimers());

  async function reveal(name: string): Promise<void> {
    await fireEvent.click(screen.getByRole("button", { name: `Show value of ${name}` }));
    await shown();
  }

  it("is not in the page before it is asked for, and one at a time", async () => {
    draw();
    await shown();
    expect(calls.some((call) => call.name === "credential_reveal")).toBe(false);
    await reveal("password");
    expect(plain().split(VALUE)).toHaveLength(2);
    await reveal("host");
    expect(plain().split(VALUE)).toHaveLength(2);
    expect(screen.getAllByRole("button", { name: /^Hide value of/ })).toHaveLength(1);
  });

  it.each([
    ["Esc", () => fireEvent.keyDown(window, { key: "Escape" })],
    ["the window losing the focus", () => fireEvent.blur(window)],
    ["30 seconds", () => vi.advanceTimersByTime(30_000)],
  ])("is gone after %s", async (_name, act) => {
    draw();
    await reveal("password");
    expect(plain()).toContain(VALUE);
    await act();
    await shown();
    expect(html()).not.toContain(VALUE);
  });

  it("is copied by Rust", async () => {
    draw();
    await fireEvent.click(screen.getByRole("button", { name: "Copy value of password" }));
    await shown();
    expect(calls.at(-1)).toMatchObject({ name: "credential_copy", request: { credential: "c1", variable: "id-password" } });
    expect(html()).not.toContain(VALUE);
  });
});

describe("leaving with changes", () => {
  it("asks; Discard leaves and forgets, Stay does neither", async () => {
    draw();
    const left = vi.fn();
    unsaved.before(left);
    expect(left).toHaveBeenCalledOnce();
    cell(2, 2).focus();
    await key("Enter");
    await type(VALUE);
    await key("Enter");
    unsaved.before(left);
    await shown();
    expect(left).toHaveBeenCalledOnce();
    await fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Stay" }));
    await shown();
    unsaved.before(left);
    await shown();
    await fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Discard" }));
    await shown();
    expect(left).toHaveBeenCalledTimes(2);
    expect(saved).toBeNull();
    expect(html()).not.toContain(VALUE);
  });

  it("saves first when that is the answer", async () => {
    draw();
    await fireEvent.click(screen.getByRole("switch", { name: "host is masked" }));
    await shown();
    const left = vi.fn();
    unsaved.before(left);
    await shown();
    await fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Save" }));
    await shown();
    expect(saved?.variables?.[0]?.masked).toBe(true);
    expect(left).toHaveBeenCalledOnce();
  });
});

it("w10: hostile names stay text", () => {
  for (const text of HOSTILE.slice(0, 40)) {
    const variable = { id: "v", name: text, description: text, masked: true, version: 2, bytes: 1, file: text };
    const { unmount } = draw(credential({ key: text, name: text, description: text, variables: [variable] }));
    expect(document.querySelector("script, img, iframe, svg[onload]")).toBeNull();
    unmount();
  }
});
