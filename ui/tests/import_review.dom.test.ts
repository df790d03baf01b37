/** The review of an import on screen (08-import-review): what becomes of each row, choices, progress, no value anywhere. */

import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fixture } from "../dev/fixture";
import App from "../src/App.svelte";
import { install, type Commands, type Door } from "../src/host";
import { imports } from "../src/state/imports.svelte";
import { route } from "../src/state/route.svelte";
import { works } from "../src/state/works.svelte";

type Applied = Commands["import_apply"][0];
let applied: Applied[] = [];
let finish: () => void = () => undefined;

async function review(): Promise<HTMLElement> {
  const inner = fixture(new URLSearchParams("env=production"));
  applied = [];
  install({
    ...inner,
    call: async (name: keyof Commands, request: never) => {
      if (name === "import_apply") {
        applied.push(request);
        await new Promise<void>((done) => (finish = done));
      }
      if (name === "work_status") return { running: true, done: 3, total: 9 };
      return inner.call(name, request);
    },
  } as Door);
  render(App);
  route.go("import");
  await fireEvent.click(await screen.findByRole("button", { name: /^\.env/ }));
  return screen.findByRole("table");
}

// The table draws the rows that fit: nothing lays it out here, so it is told that all do.
class TallObserver {
  #heard: (entries: unknown[]) => void;
  constructor(heard: (entries: unknown[]) => void) {
    this.#heard = heard;
  }
  observe(target: Element): void {
    const height = target.firstElementChild?.getAttribute("role") === "row" ? 52 : 2_000;
    queueMicrotask(() => this.#heard([{ target, contentRect: { width: 1_000, height } }]));
  }
  unobserve(): void {}
  disconnect(): void {}
}

const view = document.defaultView as unknown as { ResizeObserver: unknown };
const before = view.ResizeObserver;

beforeEach(() => {
  works.clear();
  view.ResizeObserver = TallObserver;
  Object.defineProperty(HTMLElement.prototype, "offsetParent", { configurable: true, get: () => document.body });
});
afterEach(() => {
  view.ResizeObserver = before;
  Reflect.deleteProperty(HTMLElement.prototype, "offsetParent");
  imports.clear();
  works.clear();
  route.reset("items");
});

it("shows a row for each entry, and asks for what is taken", async () => {
  const table = await review();
  await waitFor(() => expect(within(table).getAllByRole("row").length - 1).toBe(imports.rows.length));
  const current = screen.getByText("Review").closest("li");
  expect(current?.getAttribute("aria-current")).toBe("step");
  // What needs a choice is left out until it is made.
  const undecided = imports.rows.filter((row) => row.action === "ask");
  expect(undecided.length).toBeGreaterThan(0);
  const taken = imports.taken;
  const select = within(table).getByRole("combobox", { name: new RegExp(undecided[0]!.found) }) as HTMLSelectElement;
  select.selectedIndex = [...select.options].findIndex((option) => option.textContent !== "Skip" && option.textContent !== select.selectedOptions[0]?.textContent);
  await fireEvent.change(select);
  await waitFor(() => expect(imports.taken).toBe(taken + 1));
  expect(screen.getByRole("button", { name: new RegExp(`Import ${taken + 1} `) })).toBeTruthy();
});

it("narrows the rows, stores them with the keyboard, and says how far it is", async () => {
  const table = await review();
  await fireEvent.click(screen.getByRole("radio", { name: /^New/ }));
  await waitFor(() => expect(within(table).getAllByRole("row").length - 1).toBe(imports.count("new")));
  await fireEvent.keyDown(window, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(applied).toHaveLength(1));
  expect(applied[0]?.on_conflict).toBe("skip");
  await works.read();
  await waitFor(() => expect(screen.getByRole("progressbar").getAttribute("aria-valuetext")).toBe("3 of 9 entries"));
  finish();
  expect(await screen.findByRole("button", { name: "Undo import" })).toBeTruthy();
});
