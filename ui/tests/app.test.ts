/** The whole window over a door with invented answers: lock empties the document, unlock reads the lists again (UI.md §10, W-09). */

import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { expect, it } from "vitest";
import { fixture } from "../dev/fixture";
import App from "../src/App.svelte";
import { install, type Door } from "../src/host";
import { secrets } from "../src/state/secrets.svelte";
import { vault } from "../src/state/vault.svelte";

it("replaces everything on lock and reads the lists again on unlock", async () => {
  const asked: string[] = [];
  const inner = fixture(new URLSearchParams("env=production&mode=passphrase"));
  install({ ...inner, call: (name, request) => (asked.push(name), inner.call(name, request)) } as Door);
  render(App);
  await waitFor(() => expect(secrets.rows.length).toBe(11));
  expect(document.querySelector(".win.prod .sb")).not.toBeNull();
  const read = asked.filter((name) => name === "secret_list").length;

  await vault.lock();
  flushSync();
  expect(document.querySelector(".sb")).toBeNull();
  expect(document.body.textContent).not.toContain("STRIPE_SECRET_KEY");
  await waitFor(() => expect(secrets.rows.length).toBe(0));
  expect(await screen.findByLabelText("Passphrase")).toBeTruthy();

  expect((await vault.unlock("wrong"))?.code).toBe("locked");
  expect(await vault.unlock("correct horse")).toBeNull();
  await waitFor(() => expect(secrets.rows.length).toBe(11));
  expect(asked.filter((name) => name === "secret_list").length).toBeGreaterThan(read);
});

it("picks several with the keys alone, asks before deleting them, and brings them back", async () => {
  install(fixture(new URLSearchParams("env=production&unused")));
  render(App);
  await waitFor(() => expect(document.querySelector(".lh")?.textContent).toContain("24"));
  const list = await screen.findByRole("listbox");
  const head = () => document.querySelector(".list .lh")?.textContent ?? "";
  const press = async (key: string, over: object = {}) => {
    await fireEvent.keyDown(list, { key, code: key, ...over });
    flushSync();
  };
  list.focus();
  await press(" ");
  expect(head()).toContain("1 selected");
  await press("ArrowDown", { shiftKey: true });
  await press("ArrowDown", { shiftKey: true });
  expect(head()).toContain("3 selected");
  expect(list.getAttribute("aria-multiselectable")).toBe("true");
  await press("a", { ctrlKey: true, code: "KeyA" });
  expect(head()).toContain("24 selected");
  await press("Escape");
  expect(head()).toContain("All items");
  await press(" ");
  await press("ArrowDown");
  await press(" ");
  await press("Delete");
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog.textContent).toContain("Delete 2 items from Production?");
  const confirm = await screen.findByRole("button", { name: "Delete 2 items" });
  await waitFor(() => expect(confirm.getAttribute("aria-disabled")).toBeNull());
  await fireEvent.click(confirm);
  // One of them is a connection, which does not come back.
  await waitFor(() => expect(secrets.rows.length).toBe(10));
  await fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(secrets.rows.length).toBe(11));
});
