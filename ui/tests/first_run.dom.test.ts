/** The first run from nothing to an open vault: three steps, the last of which leads to Import or is skipped (UI.md §6). */

import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import { fixture } from "../dev/fixture";
import App from "../src/App.svelte";
import { install } from "../src/host";
import { route } from "../src/state/route.svelte";
import { vault } from "../src/state/vault.svelte";

afterEach(() => route.reset("items"));

async function toTheThirdStep(): Promise<void> {
  install(fixture(new URLSearchParams("stage=create&empty")));
  render(App);
  expect(await screen.findByText("Step 1 of 3")).toBeTruthy();
  const on = await screen.findByRole("button", { name: "Continue" });
  await waitFor(() => expect(on.getAttribute("aria-disabled")).toBeNull());
  await fireEvent.click(on);
  expect(await screen.findByText("Step 2 of 3")).toBeTruthy();
  await fireEvent.click(await screen.findByRole("button", { name: "Not now" }));
  expect(await screen.findByText("Step 3 of 3")).toBeTruthy();
  expect(document.activeElement?.textContent).toBe("Bring in your secrets");
}

it("leads to Import", async () => {
  await toTheThirdStep();
  await fireEvent.click(screen.getByRole("button", { name: "Choose what to import" }));
  await waitFor(() => expect(vault.stage).toBe("open"));
  await waitFor(() => expect(route.name).toBe("import"));
  expect(await screen.findByText("Import and export", { selector: "h1" })).toBeTruthy();
});

it("is skipped, and the empty vault offers it again", async () => {
  await toTheThirdStep();
  await fireEvent.click(screen.getByRole("button", { name: "Start empty" }));
  await waitFor(() => expect(vault.stage).toBe("open"));
  await fireEvent.click(await screen.findByRole("button", { name: "Import" }));
  await waitFor(() => expect(route.name).toBe("import"));
});
