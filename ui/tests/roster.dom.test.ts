/** The import of auth clients and planned connections on screen (OA13): checked first, refused with reasons, taken keys by choice, then all of it. */

import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AuthClientImported } from "../src/host/bindings/AuthClientImported";
import type { RosterRow } from "../src/host/bindings/RosterRow";
import type { RosterImport } from "../src/host/desktop";
import { authClients } from "../src/state/auth_clients.svelte";
import { connections } from "../src/state/connections.svelte";
import { roster } from "../src/state/roster.svelte";
import { route } from "../src/state/route.svelte";
import AuthClients from "../src/views/AuthClients.svelte";
import { authClient, doorWith, settle } from "./rows";

const row = (place: string, kind: RosterRow["kind"], key: string, over: Partial<RosterRow> = {}): RosterRow => ({
  place, kind, key, taken: false, wants_client_secret: false, ...over,
});
const ROWS = [row("line 2", "auth_client", "crm"), row("line 3", "connection", "crm_emea"), row("line 4", "connection", "crm_apac")];

let asked: RosterImport[] = [];
let file: Omit<AuthClientImported, "written">;
let chosen: string | null;

async function open(rows: RosterRow[], complaints: AuthClientImported["complaints"] = []): Promise<HTMLElement> {
  file = { rows, complaints };
  asked = [];
  doorWith({
    auth_client_list: () => [authClient({ key: "crm", name: "CRM" })],
    connection_list: () => [],
    auth_client_choose_file: () => ({ name: chosen }),
    auth_client_import: (request) => {
      asked.push(request);
      const refused = file.complaints.length > 0 || (!request.skip_existing && file.rows.some((one) => one.taken));
      return { ...file, written: !request.dry_run && !refused };
    },
  });
  for (const list of [authClients, connections]) await list.open("staging");
  render(AuthClients);
  await settle();
  await fireEvent.click(screen.getByRole("button", { name: "Import file" }));
  const dialog = await screen.findByRole("dialog", { name: "Import auth clients" });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Choose file" }));
  await settle();
  return screen.getByRole("dialog");
}

const button = (name: RegExp | string) => within(screen.getByRole("dialog")).getByRole("button", { name });

beforeEach(() => {
  chosen = "clients.csv";
  route.reset("auth-clients");
});
afterEach(() => {
  for (const list of [authClients, connections]) list.clear();
  roster.clear();
});

test("oa13 the file is checked first, then imported whole, and leads to the queue", async () => {
  const dialog = await open(ROWS);
  expect(asked).toEqual([{ environment: "staging", skip_existing: false, dry_run: true }]);
  expect(within(dialog).getByText("Import clients.csv")).toBeTruthy();
  const lines = within(within(dialog).getByRole("table")).getAllByRole("row").slice(1);
  expect(lines.map((line) => within(line).getAllByRole("cell").map((cell) => cell.textContent?.trim()).join(" "))).toEqual([
    "crm Auth client line 2 new", "crm_emea Connection line 3 new", "crm_apac Connection line 4 new",
  ]);
  await fireEvent.click(button("Import 1 auth client and 2 planned connections"));
  await settle();
  expect(asked[1]).toEqual({ environment: "staging", skip_existing: false, dry_run: false });
  expect(await screen.findByText("Imported 1 auth client and 2 planned connections")).toBeTruthy();
  await fireEvent.click(button("Go through the consents"));
  expect(route.name).toBe("consents");
});

test("oa13 what is wrong is told with place, field and reason; nothing is imported, and the corrected file is checked again", async () => {
  const fault = { place: "line 3", field: "client_secret", reason: "it looks like a secret", hint: "Enter it after the import." };
  const dialog = await open(ROWS.slice(0, 1), [fault]);
  expect(within(dialog).getByRole("alert").textContent).toContain("1 error. Nothing is imported until it is corrected.");
  const told = within(dialog).getByRole("list", { name: "What is wrong" }).textContent ?? "";
  for (const part of ["line 3", "client_secret", "it looks like a secret.", "Enter it after the import."]) expect(told).toContain(part);
  expect(button(/^Import 1/).getAttribute("aria-disabled")).toBe("true");
  await fireEvent.click(button(/^Import 1/));
  expect(asked.length).toBe(1);
  file = { rows: ROWS, complaints: [] };
  await fireEvent.click(button("Check again"));
  await waitFor(() => expect(button(/^Import 1 auth client and 2/).getAttribute("aria-disabled")).toBeNull());
  expect(asked.map((one) => one.dry_run)).toEqual([true, true]);
});

test("oa13 keys that are taken hold everything up until the person keeps what is there", async () => {
  await open([row("line 2", "auth_client", "crm", { taken: true }), ...ROWS.slice(1)]);
  expect(screen.getByText("key is taken")).toBeTruthy();
  expect(button("Import 2 planned connections").getAttribute("aria-disabled")).toBe("true");
  const keeps = screen.getByLabelText("Keep what is there");
  keeps.focus();
  await fireEvent.click(keeps);
  await settle();
  expect(document.activeElement).toBe(keeps);
  expect(screen.getByText("kept as it is")).toBeTruthy();
  await fireEvent.click(button("Import 2 planned connections"));
  await settle();
  expect(asked[1]).toEqual({ environment: "staging", skip_existing: true, dry_run: false });
  expect(await screen.findByText("1 key was taken and stays as it is.")).toBeTruthy();
});

test("oa13 a key that was taken meanwhile is told, and nothing is imported", async () => {
  await open(ROWS);
  file = { rows: ROWS.map((one, at) => ({ ...one, taken: at === 0 })), complaints: [] };
  await fireEvent.click(button(/^Import 1 auth client/));
  expect(await screen.findByText("1 key is taken already.")).toBeTruthy();
  expect(screen.queryByText(/^Imported/)).toBeNull();
});

test("oa13 client secrets that are still missing are entered from the summary", async () => {
  await open([row("line 2", "auth_client", "crm", { wants_client_secret: true }), ROWS[1]!]);
  await fireEvent.click(button(/^Import 1 auth client/));
  await settle();
  await fireEvent.click(button("Enter client secret of crm"));
  expect(await screen.findByRole("dialog", { name: "Edit auth client" })).toBeTruthy();
});

test("oa13 a file that is no roster says why; closing the file dialog changes nothing", async () => {
  chosen = null;
  const dialog = await open([]);
  expect(asked).toEqual([]);
  chosen = "notes.txt";
  doorWith({
    auth_client_choose_file: () => ({ name: chosen }),
    auth_client_import: () => {
      throw { code: "usage", message: "notes.txt: it is empty.", hint: "A roster is JSON or CSV." };
    },
  });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Choose file" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("notes.txt: it is empty. A roster is JSON or CSV.");
  expect(button("Import").getAttribute("aria-disabled")).toBe("true");
  await fireEvent.keyDown(dialog, { key: "Escape" });
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(roster.step).toBe("file");
});
