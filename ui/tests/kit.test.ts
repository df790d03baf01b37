/** Behaviour of the kit: focus of dialogs, the well, buttons, fields, toasts. */

import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { createRawSnippet, flushSync, tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Button from "../src/kit/Button.svelte";
import Prose from "../src/kit/Prose.svelte";
import SecretInput from "../src/kit/SecretInput.svelte";
import Segmented from "../src/kit/Segmented.svelte";
import TagInput from "../src/kit/TagInput.svelte";
import TextArea from "../src/kit/TextArea.svelte";
import Tile from "../src/kit/Tile.svelte";
import Toast from "../src/kit/Toast.svelte";
import Well from "../src/kit/Well.svelte";
import { announcer } from "../src/kit/announce.svelte";
import { toaster } from "../src/kit/toaster.svelte";
import Probe from "./Probe.svelte";

const words = (text: string) => createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));
const dom = () => document.documentElement.outerHTML;

describe("Dialog", () => {
  it("moves focus in, closes on Esc and gives focus back to its opener", async () => {
    render(Probe);
    const opener = document.getElementById("opener")!;
    opener.focus();
    await fireEvent.click(opener);
    const dialog = await screen.findByRole("dialog");
    await waitFor(() => expect(document.activeElement).toBe(within(dialog).getByLabelText("Name")));
    expect(dialog.getAttribute("aria-labelledby")).toBeTruthy();
    await fireEvent.keyDown(document.activeElement!, { key: "Escape" });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(opener));
  });

  it("ties an error to its field", async () => {
    render(Probe);
    await fireEvent.click(document.getElementById("opener")!);
    const field = await screen.findByLabelText("Name");
    await fireEvent.input(field, { target: { value: "x" } });
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(document.getElementById(field.getAttribute("aria-describedby")!)?.textContent).toContain("No.");
  });
});

describe("AlertDialog", () => {
  it("focuses the safe button and acts only by the other one", async () => {
    const onconfirm = vi.fn();
    render(Probe, { onconfirm });
    await fireEvent.click(document.getElementById("asker")!);
    const dialog = await screen.findByRole("alertdialog");
    await waitFor(() => expect(document.activeElement?.textContent).toContain("Keep it"));
    expect(onconfirm).not.toHaveBeenCalled();
    await fireEvent.click(within(dialog).getByRole("button", { name: "Delete secret" }));
    expect(onconfirm).toHaveBeenCalledOnce();
  });
});

describe("Well", () => {
  const value = "sk_live_51N8vQ2LrT-canary";

  it("UI.md §11.3: a hidden value is not in the DOM, not even its length", async () => {
    const { rerender } = render(Well, { state: "revealed", value, of: "KEY", left: 30 });
    expect(document.body.textContent).toContain(value);
    await rerender({ state: "hidden", value, of: "KEY" });
    expect(dom()).not.toContain("canary");
    expect(dom()).not.toContain("sk_live");
    expect(screen.getByText("••••••••••••")).toBeTruthy();
    expect(screen.getByRole("group", { name: "Value of KEY, hidden" })).toBeTruthy();
  });

  it("never puts the value into an attribute", () => {
    render(Well, { state: "revealed", value, of: "KEY", onhide: () => undefined, oncopy: () => undefined });
    for (const element of document.querySelectorAll("*")) for (const attribute of element.attributes) expect(attribute.value).not.toContain("canary");
  });

  it("says shown and hidden, and no tick in between", async () => {
    const { rerender } = render(Well, { state: "hidden", of: "KEY" });
    await rerender({ state: "revealed", value, left: 30 });
    flushSync();
    expect(announcer.text.trim()).toBe("Value shown for 30 seconds");
    await rerender({ left: 29 });
    expect(announcer.text.trim()).toBe("Value shown for 30 seconds");
    await rerender({ state: "hidden", value: undefined });
    flushSync();
    expect(announcer.text.trim()).toBe("Hidden");
  });

  it("colours digits and symbols and keeps the text whole", () => {
    render(Well, { state: "revealed", value: "ab-12_c", of: "KEY" });
    expect([...document.querySelectorAll(".well b")].map((b) => b.textContent)).toEqual(["12"]);
    expect([...document.querySelectorAll(".well i")].map((b) => b.textContent)).toEqual(["-", "_"]);
    expect(document.querySelector(".well .v")?.textContent).toBe("ab-12_c");
  });
});

describe("Button", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("does nothing while disabled but stays focusable", async () => {
    const onclick = vi.fn();
    render(Button, { disabled: true, reason: "Type both groups first", onclick, children: words("Continue") });
    const button = screen.getByRole("button");
    button.focus();
    await fireEvent.click(button);
    expect(onclick).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute("aria-disabled")).toBe("true");
  });

  it("shows its spinner and busy label after 150 ms, and takes no second click", async () => {
    const onclick = vi.fn();
    render(Button, { busy: true, busyLabel: "Saving", onclick, children: words("Save") });
    expect(screen.getByRole("button").textContent).toContain("Save");
    vi.advanceTimersByTime(160);
    await tick();
    expect(screen.getByRole("button").textContent).toContain("Saving");
    await fireEvent.click(screen.getByRole("button"));
    expect(onclick).not.toHaveBeenCalled();
  });
});

it("draws its keys without making them part of its name", () => {
  render(Button, { kbd: ["Ctrl", "R"], children: words("Reveal") });
  expect(screen.getByRole("button").textContent?.trim()).toBe("Reveal");
  expect(document.querySelectorAll("kbd").length).toBe(2);
});

describe("secret fields", () => {
  it("UI.md §11.4: are masked, without autofill and spelling, until the eye is pressed", async () => {
    render(SecretInput, { value: "canary-pass", label: "Passphrase" });
    const field = screen.getByLabelText<HTMLInputElement>("Passphrase");
    expect(field.type).toBe("password");
    expect(field.getAttribute("autocomplete")).toBe("off");
    expect(field.getAttribute("spellcheck")).toBe("false");
    expect(dom()).not.toContain("canary-pass");
    await fireEvent.click(screen.getByRole("button"));
    expect(field.type).toBe("text");
  });

  it("masks several lines too", () => {
    render(TextArea, { masked: true, value: "canary" });
    const area = document.querySelector("textarea")!;
    expect(area.classList.contains("masked")).toBe(true);
    expect(area.getAttribute("spellcheck")).toBe("false");
    expect(area.getAttribute("autocomplete")).toBe("off");
  });
});

it("Segmented moves with the arrows", async () => {
  const onchange = vi.fn();
  render(Segmented, { value: "a", label: "Format", options: [{ value: "a", label: "A" }, { value: "b", label: "B" }], onchange });
  await fireEvent.keyDown(screen.getByRole("radio", { name: "A" }), { key: "ArrowRight" });
  expect(onchange).toHaveBeenCalledWith("b");
  expect(document.activeElement).toBe(screen.getByRole("radio", { name: "B" }));
});

it("TagInput adds on comma and takes the last away on Backspace", async () => {
  render(TagInput, { tags: ["ci"] });
  const field = screen.getByRole("textbox");
  await fireEvent.input(field, { target: { value: "payments" } });
  await fireEvent.keyDown(field, { key: "," });
  expect(document.querySelectorAll(".chip").length).toBe(2);
  await fireEvent.keyDown(field, { key: "Backspace" });
  expect(document.querySelectorAll(".chip").length).toBe(1);
});

it.each([
  ["Google Workspace", "Gw"],
  ["github_app", "Ga"],
  ["x", "X"],
  ["", ""],
  ["école", "Éc"],
])("Tile writes %j as %j", (name, monogram) => {
  render(Tile, { name });
  expect(document.querySelector(".tile")?.textContent?.trim()).toBe(monogram);
});

it.each([
  ["the vault is damaged: page 41", "The vault is damaged: page 41."],
  ["Connect it again.", "Connect it again."],
  ["stripe.com did not answer", "stripe.com did not answer."],
  ["run `keyward doctor` now", "Run keyward doctor now."],
])("Prose turns %j into a sentence", (text, sentence) => {
  render(Prose, { text });
  expect(document.body.textContent?.trim()).toBe(sentence);
});

describe("Toast", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    toaster.dismiss();
    vi.useRealTimers();
  });

  it("shows one at a time, counts down, leaves, and can be undone once", async () => {
    const run = vi.fn();
    render(Toast);
    toaster.show({ text: "First" });
    toaster.show({ text: "STRIPE_SECRET_KEY deleted", seconds: 10, ring: true, action: { label: "Undo", run } });
    await tick();
    expect(document.querySelectorAll(".toast").length).toBe(1);
    vi.advanceTimersByTime(4000);
    expect(toaster.now?.left).toBe(6);
    await fireEvent.click(screen.getByRole("button", { name: "Undo" }));
    expect(run).toHaveBeenCalledOnce();
    expect(toaster.now).toBeNull();
  });

  it("goes by itself and on Esc", async () => {
    render(Toast);
    toaster.show({ text: "Saved", seconds: 2 });
    vi.advanceTimersByTime(2000);
    expect(toaster.now).toBeNull();
    toaster.show({ text: "Stays" });
    await tick();
    await fireEvent.keyDown(window, { key: "Escape" });
    expect(toaster.now).toBeNull();
  });
});
