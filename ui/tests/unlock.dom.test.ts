/** The unlock screen's way in by recovery key, with a passphrase forgotten or a keychain that fails (SECURITY.md §b.2). */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { install, type Door } from "../src/host";
import type { Mode } from "../src/host/bindings/Mode";
import type { VaultStatus } from "../src/host/bindings/VaultStatus";
import { toaster } from "../src/kit/toaster.svelte";
import { m as backup } from "../src/messages/backup";
import { exact } from "../src/messages/time";
import { m } from "../src/messages/unlock";
import { vault } from "../src/state/vault.svelte";
import Unlock from "../src/views/Unlock.svelte";
import { settle } from "./rows";

const KEY = "0k3d 91xz 4m2p 7qrs tvwx 5n6b 8c0d e1f2";
const status: VaultStatus = { version: "0.1.0", home: "/h", vault: "default", exists: true, mode: "passphrase", locked: true, host: null, freshness: "none", recovery: null };

/** The screen over a vault that KEY alone opens; answers what was sent. */
async function locked(mode: Mode, refreshing = false): Promise<(string | null)[]> {
  const sent: (string | null)[] = [];
  const call = async (name: string, request: { passphrase?: string | null }) => {
    if (name === "vault_list") return [];
    if (name === "vault_ways") return { keychain: mode === "keychain", keychain_lost: false, passphrase: null, recovery: true };
    if (name === "keychain_probe") return { usable: true, name: "the keychain", reason: "", truth: "" };
    if (name !== "vault_unlock") return { ...status, mode, refreshing };
    const given = request.passphrase ?? null;
    sent.push(given);
    if (given === KEY) return { ...status, mode, locked: false };
    throw mode === "keychain"
      ? { code: "keychain", message: "No Secret Service is running in this session.", hint: "" }
      : { code: "locked", message: "that key does not open this vault", hint: "" };
  };
  install({ call, listen: async () => () => undefined } as unknown as Door);
  await vault.read();
  render(Unlock);
  return sent;
}

async function shown(): Promise<void> {
  await settle();
  flushSync();
}

async function type(text: string): Promise<void> {
  const field = screen.getByLabelText<HTMLInputElement>(m.recovery_key());
  await fireEvent.input(field, { target: { value: text } });
  await fireEvent.submit(field.closest("form")!);
  await shown();
}

beforeEach(() => {
  vault.status = null;
  vault.tries = 0;
  vault.waitUntil = 0;
});
afterEach(() => (vault.status = null));

describe("the recovery key", () => {
  it("is asked for instead of the passphrase, masked and mono; a new way in is chosen before anything is sent", async () => {
    const sent = await locked("passphrase");
    await fireEvent.click(screen.getByText(m.use_recovery()));
    const field = screen.getByLabelText<HTMLInputElement>(m.recovery_key());
    expect([field.type, document.activeElement === field]).toEqual(["password", true]);
    expect(field.closest(".inp.mono")).not.toBeNull();
    expect(screen.queryByLabelText(m.passphrase())).toBeNull();
    await type(KEY);
    expect(screen.getByText(m.anew_title())).toBeTruthy();
    expect(sent).toEqual([]);
  });

  it("is not sent when the text cannot be one", async () => {
    const sent = await locked("passphrase");
    await fireEvent.click(screen.getByText(m.use_recovery()));
    await type("0k3d 91xz");
    expect(sent).toEqual([]);
    const field = screen.getByLabelText(m.recovery_key());
    expect(field.getAttribute("aria-invalid")).toBe("true");
    await fireEvent.input(field, { target: { value: "0k3d 91xz 4" } });
    expect(field.getAttribute("aria-invalid")).toBeNull();
  });

  it("leads back to the passphrase with an empty field", async () => {
    await locked("passphrase");
    await fireEvent.click(screen.getByText(m.use_recovery()));
    await fireEvent.input(screen.getByLabelText(m.recovery_key()), { target: { value: "0k3d" } });
    await fireEvent.click(screen.getByText(m.use_passphrase()));
    expect(screen.getByLabelText<HTMLInputElement>(m.passphrase()).value).toBe("");
  });

  it("is the way in when the keychain fails", async () => {
    const sent = await locked("keychain");
    await fireEvent.click(screen.getByText(m.unlock_keychain()));
    await shown();
    expect(screen.getByText(m.keychain_title())).toBeTruthy();
    await fireEvent.click(screen.getByText(m.use_recovery()));
    await type(KEY);
    expect(screen.getByText(m.anew_title())).toBeTruthy();
    expect(sent).toEqual([null]);
  });
});

describe("O-71: the locked screen", () => {
  it("says that connections stay fresh", async () => {
    await locked("keychain", true);
    expect(screen.getByText(m.refreshing())).toBeTruthy();
  });

  it("says that they are not refreshed", async () => {
    await locked("passphrase");
    expect(screen.getByText(m.not_refreshing())).toBeTruthy();
  });
});

describe("a damaged vault file", () => {
  const copy = { name: "2026-11-22T090000Z-daily.db", path: "/h/backups/2026-11-22T090000Z-daily.db", made_at: "2026-11-22T09:00:00Z", reason: "daily", size: 1_468_006 };

  /** The screen over a vault whose file does not open; answers what was asked. */
  async function damaged(copies: unknown[]): Promise<[string, unknown][]> {
    const asked: [string, unknown][] = [];
    const call = async (name: string, request: unknown) => {
      asked.push([name, request]);
      if (name === "vault_list") return [];
      if (name === "vault_ways") return { keychain: true, keychain_lost: false, passphrase: null, recovery: true };
      if (name === "backup_list") return copies;
      if (name === "backup_compare") return { mode: "keychain", comparison: null };
      if (name === "backup_restore") return { records: 3, replaced: null, doubtful: 0 };
      if (name === "vault_unlock") throw { code: "corrupt", message: "The vault is damaged: the header does not fit.", hint: "Put the newest copy back." };
      return { ...status, mode: "keychain" };
    };
    install({ call, listen: async () => () => undefined } as unknown as Door);
    await vault.read();
    render(Unlock);
    await shown();
    await fireEvent.click(screen.getByText(m.unlock_keychain()));
    await shown();
    return asked;
  }

  it("shows the last copy with its date, and restores it by the key that it needs (ST4)", async () => {
    const asked = await damaged([{ ...copy, name: "kept", reason: "replaced", made_at: "2026-11-23T09:00:00Z" }, copy]);
    expect(screen.getByText(m.damaged_title())).toBeTruthy();
    expect(screen.getByText(m.copy(exact(copy.made_at))), "not the damaged one that was replaced").toBeTruthy();
    await fireEvent.click(screen.getByText(m.restore(), { selector: "button" }));
    await shown();
    expect(document.body.textContent).toContain(backup.unopened());
    await fireEvent.input(screen.getByLabelText(backup.passphrase()), { target: { value: "its own passphrase" } });
    await fireEvent.submit(document.querySelector("#restore")!);
    await shown();
    expect(asked).toContainEqual(["backup_restore", { copy: copy.name, passphrase: "its own passphrase" }]);
    expect(toaster.now?.text).toBe(backup.restored(3));
  });

  it("offers a file where there is no copy, and tries again", async () => {
    const asked = await damaged([]);
    expect(screen.getByText(m.no_copy())).toBeTruthy();
    expect(screen.queryByText(m.restore(), { selector: "button" })).toBeNull();
    expect(screen.getByText(m.restore_file())).toBeTruthy();
    const tries = () => asked.filter(([name]) => name === "vault_unlock").length;
    await fireEvent.click(screen.getByText(m.try_again()));
    await shown();
    expect(tries()).toBe(2);
  });

  it("writes a report that names version, vault, fault and copies", () => {
    expect(m.report_vault(status.version, status.vault, status.home)).toBe("Keyward 0.1.0, vault default in /h");
    expect([m.report_copies(copy.path), m.report_copies("")]).toEqual([`Copies: ${copy.path}`, "Copies: none"]);
  });
});
