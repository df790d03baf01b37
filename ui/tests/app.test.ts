/** The whole window over a door with invented answers: lock empties the document, unlock reads the lists again (UI.md §10, W-09). */

import { render, screen, waitFor } from "@testing-library/svelte";
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
