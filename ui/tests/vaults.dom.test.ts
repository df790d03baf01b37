/** Several vaults in the window (AM14), and the section Backup of the settings (ST4). */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { install, type Commands, type Door } from "../src/host";
import type { Vault } from "../src/host/bindings/Vault";
import { toaster } from "../src/kit/toaster.svelte";
import { m as backup } from "../src/messages/backup";
import { m } from "../src/messages/vaults";
import BackupSettings from "../src/parts/backup/BackupSettings.svelte";
import DeleteVault from "../src/parts/vaults/DeleteVault.svelte";
import NameVault from "../src/parts/vaults/NameVault.svelte";
import OtherVaults from "../src/parts/vaults/OtherVaults.svelte";
import { vaultNameFault, vaults } from "../src/state/vaults.svelte";
import { settle } from "./rows";

type Answers = Partial<{ [K in keyof Commands]: (request: Commands[K][0]) => Commands[K][1] | Promise<Commands[K][1]> }>;

/** A door that answers these, and what was asked of it. */
function door(answers: Answers): [string, unknown][] {
  const asked: [string, unknown][] = [];
  const call = async (name: keyof Commands, request: never) => {
    asked.push([name, request]);
    const answer = answers[name] as ((request: never) => unknown) | undefined;
    if (!answer) throw new Error(`${name} was not expected`);
    return answer(request);
  };
  install({ call, listen: async () => () => undefined } as unknown as Door);
  return asked;
}

async function shown(): Promise<void> {
  await settle();
  flushSync();
}

const row = (name: string): Vault => ({ name, mode: "keychain", locked: true });

beforeEach(() => (vaults.rows = []));

describe("names of vaults", () => {
  it.each([
    ["", "empty"],
    ["work", null],
    ["_1-a", null],
    ["1a", "form"],
    ["a b", "form"],
    ["a/b", "form"],
    ["a".repeat(129), "form"],
    ["Personal", "taken"],
  ])("%j is %j", (name, fault) => expect(vaultNameFault(name, ["personal"])).toBe(fault));
});

describe("naming a vault", () => {
  it("sends nothing that is no name, and shows why one was refused", async () => {
    const given: string[] = [];
    door({});
    vaults.rows = [row("default")];
    render(NameVault, {
      open: true,
      ondone: async (name: string) => {
        given.push(name);
        throw { code: "conflict", message: "Vault work is in use.", hint: "Try again." };
      },
    });
    await shown();
    const field = screen.getByLabelText<HTMLInputElement>(m.name());
    await fireEvent.input(field, { target: { value: "Default" } });
    await fireEvent.submit(field.closest("form")!);
    expect([given, screen.getByRole("alert").textContent?.trim()]).toEqual([[], m.faults.taken()]);
    await fireEvent.input(field, { target: { value: "work" } });
    await fireEvent.submit(field.closest("form")!);
    await shown();
    expect(given).toEqual(["work"]);
    expect(screen.getByRole("alert").textContent).toContain("in use. Try again.");
  });
});

describe("deleting a vault", () => {
  it("needs its name, exactly", async () => {
    const asked = door({ vault_delete: () => ({ keys_left: null }), vault_list: () => [] });
    render(DeleteVault, { open: true, name: "work" });
    await shown();
    const field = screen.getByLabelText<HTMLInputElement>(m.remove_field("work"));
    for (const typed of ["", "wor", "Work", "work "]) {
      await fireEvent.input(field, { target: { value: typed } });
      await fireEvent.submit(field.closest("form")!);
    }
    expect(asked).toEqual([]);
    await fireEvent.input(field, { target: { value: "work" } });
    await fireEvent.submit(field.closest("form")!);
    await shown();
    expect(asked[0]).toEqual(["vault_delete", { name: "work" }]);
  });
});

describe("the way to another vault", () => {
  it("is not drawn where there is none", async () => {
    door({ vault_list: () => [row("default")] });
    render(OtherVaults, { current: "default" });
    await shown();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("names the only other one and shows it", async () => {
    const asked = door({ vault_list: () => [row("default"), row("work")], vault_select: () => ({}) as never });
    render(OtherVaults, { current: "default" });
    await shown();
    await fireEvent.click(screen.getByText(m.back_to("work")));
    expect(asked.at(-1)).toEqual(["vault_select", { name: "work" }]);
  });
});

describe("backups", () => {
  const copy = { name: "2026-11-22T090000Z-daily.db", path: "/b", made_at: "2026-11-22T09:00:00Z", reason: "daily" as const, size: 1_468_006 };

  it("lists the copies, says what a restore takes away, and restores the one that was chosen", async () => {
    const asked = door({
      backup_list: () => [copy],
      backup_compare: () => ({ mode: "keychain", comparison: { lost: ["MADE_SINCE"], older: [], back: ["GONE"] } }),
      backup_restore: () => ({ records: 12, replaced: null, doubtful: 0 }),
    });
    render(BackupSettings);
    await shown();
    expect(screen.getByText(backup.newest_text(copy.size))).toBeTruthy();
    await fireEvent.click(screen.getByText(backup.restore(), { selector: "button" }));
    await shown();
    expect(document.body.textContent).toContain(backup.lost(1));
    expect(document.body.textContent).toContain("MADE_SINCE");
    expect(document.body.textContent).toContain(backup.back(1));
    expect(screen.queryByLabelText(backup.passphrase())).toBeNull();
    await fireEvent.submit(document.querySelector("#restore")!);
    await shown();
    expect(asked).toContainEqual(["backup_restore", { copy: copy.name, passphrase: null }]);
  });

  it("asks for the passphrase of a file with other keys, and keeps what was refused on screen", async () => {
    const asked = door({
      backup_list: () => [],
      backup_choose: () => ({ name: "old.db" }),
      backup_compare: () => ({ mode: "passphrase", comparison: null }),
      backup_restore: () => {
        throw { code: "locked", message: "That key does not open this vault.", hint: "Check Caps Lock." };
      },
    });
    render(BackupSettings);
    await shown();
    await fireEvent.click(screen.getByText(backup.choose()));
    await shown();
    const field = screen.getByLabelText<HTMLInputElement>(backup.passphrase());
    expect(field.type).toBe("password");
    await fireEvent.input(field, { target: { value: "its own passphrase" } });
    await fireEvent.submit(document.querySelector("#restore")!);
    await shown();
    expect(asked.at(-1)).toEqual(["backup_restore", { copy: null, passphrase: "its own passphrase" }]);
    expect(document.body.textContent).toContain("Check Caps Lock.");
    expect(field.value, "a passphrase stays in the field").toBe("");
  });

  it("asks for the key of a copy that the keychain does not open", async () => {
    let tries = 0;
    const asked = door({
      backup_list: () => [copy],
      backup_compare: () => ({ mode: "keychain", comparison: { lost: [], older: [], back: [] } }),
      backup_restore: () => {
        tries += 1;
        if (tries === 1) throw { code: "keychain", message: "The keychain holds no key for this vault.", hint: "" };
        return { records: 12, replaced: null, doubtful: 0 };
      },
    });
    render(BackupSettings);
    await shown();
    await fireEvent.click(screen.getByText(backup.restore(), { selector: "button" }));
    await shown();
    await fireEvent.submit(document.querySelector("#restore")!);
    await shown();
    expect(document.body.textContent).toContain("holds no key");
    await fireEvent.input(screen.getByLabelText(backup.passphrase()), { target: { value: "its own passphrase" } });
    await fireEvent.submit(document.querySelector("#restore")!);
    await shown();
    expect(asked).toContainEqual(["backup_restore", { copy: copy.name, passphrase: "its own passphrase" }]);
    expect(toaster.now?.text).toBe(backup.restored(12));
  });

  it("draws nothing of a dialog that was closed without a file", async () => {
    door({ backup_list: () => [], backup_choose: () => null });
    render(BackupSettings);
    await shown();
    await fireEvent.click(screen.getByText(backup.choose()));
    await shown();
    expect(document.querySelector("#restore")).toBeNull();
    expect(screen.getByText(backup.none())).toBeTruthy();
  });
});
