/** Import and export in the window: the file is Rust's affair, the plan the page's; no value in either. */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import type { ImportApply } from "../src/host/bindings/ImportApply";
import type { ImportPlanRequest } from "../src/host/bindings/ImportPlanRequest";
import type { ImportRow } from "../src/host/bindings/ImportRow";
import { m } from "../src/messages/exchange";
import ExportDialog from "../src/parts/exchange/ExportDialog.svelte";
import { actionsOf, Imports } from "../src/state/imports.svelte";
import { doorWith, settle } from "./rows";

function row(over: Partial<ImportRow> = {}): ImportRow {
  return {
    row: 0, found: "STRIPE_KEY", folder: "", kind: "secret", variables: [], environment: "default", key: "STRIPE_KEY", proposed: false,
    standing: "new", action: "add", next_version: null, remark: "", ...over,
  };
}

const ROWS = [
  row(),
  row({ row: 1, found: "B", key: "B", standing: "changed", action: "ask", next_version: 3 }),
  row({ row: 2, found: "C", key: "C", standing: "taken", action: "ask" }),
  row({ row: 3, found: "D", key: "D", standing: "same", action: "skip" }),
  row({ row: 4, found: "E", key: "", standing: "unusable", action: "skip", remark: "it holds no value" }),
];

function planned({ choices }: ImportPlanRequest) {
  const rows = ROWS.map((one) => {
    const choice = choices.find((decided) => decided.row === one.row);
    return { ...one, action: choice?.action ?? one.action, key: choice?.key ?? one.key };
  });
  return { total: rows.length, rows, environments: [], remarks: [] };
}

describe("an import", () => {
  const applied: ImportApply[] = [];
  beforeEach(() => void applied.splice(0));
  const door = (over = {}) =>
    doorWith({
      import_choose: () => ({ name: ".env" }),
      import_read: () => ({ import: "i1", entries: ROWS.length }),
      import_plan: planned,
      import_apply: (request) => {
        applied.push(request);
        return { added: 1, versions: 1, renamed: 0, skipped: 3, environments: [] };
      },
      import_undo: () => ({ trashed: 1 }),
      import_discard: () => ({}),
      ...over,
    });

  async function reviewed() {
    const imports = new Imports();
    await imports.choose("env", "default");
    expect(imports.step).toBe("review");
    return imports;
  }

  it("leaves out what was not chosen", async () => {
    door();
    const imports = await reviewed();
    expect(imports.taken).toBe(1);
    expect(imports.count("choice")).toBe(3);
    await imports.act(1, "version");
    expect(imports.taken).toBe(2);
    await imports.apply();
    expect(imports.step).toBe("done");
    expect(applied[0]).toEqual({
      import: "i1", environment: "default", on_conflict: "skip", choices: [{ row: 1, action: "version", key: null }],
    });
  });

  it("keeps a new key beside the act that was chosen", async () => {
    door();
    const imports = await reviewed();
    await imports.act(1, "rename");
    await imports.rename(1, "OTHER");
    await imports.apply();
    expect(applied[0]?.choices).toEqual([{ row: 1, action: "rename", key: "OTHER" }]);
  });

  it("decides for all taken keys at once, each as far as it can", async () => {
    door();
    const imports = await reviewed();
    await imports.actForTaken("version");
    expect(imports.rows.map((one) => one.action)).toEqual(["add", "version", "ask", "skip", "skip"]);
    await imports.actForTaken("rename");
    expect(imports.rows.map((one) => one.action)).toEqual(["add", "rename", "rename", "skip", "skip"]);
    await imports.takeAll(false);
    expect(imports.taken).toBe(0);
  });

  it("asks for a passphrase only when the file has one, and says when it is wrong", async () => {
    let asked = 0;
    door({
      import_read: ({ passphrase }: { passphrase: string | null }) => {
        asked += 1;
        if (passphrase !== "right") throw { code: "locked", message: "the passphrase is wrong", hint: "" };
        return { import: "i1", entries: 1 };
      },
    });
    const imports = new Imports();
    await imports.choose("kdbx", "default");
    expect([imports.sealed, imports.error, imports.step]).toEqual([true, null, "source"]);
    await imports.unseal("wrong");
    expect(imports.error?.message).toBe("the passphrase is wrong");
    await imports.unseal("right");
    expect([imports.sealed, imports.step, asked]).toEqual([false, "review", 3]);
  });

  it("does nothing when the dialog was closed, and says why a file is refused", async () => {
    door({ import_choose: () => ({ name: null }) });
    const imports = new Imports();
    await imports.choose("env", "default");
    expect([imports.step, imports.name]).toEqual(["source", ""]);
    door({
      import_read: () => {
        throw { code: "usage", message: ".env: line 2, column 3: …", hint: "Check the format." };
      },
    });
    await imports.choose("env", "default");
    expect(imports.error?.hint).toBe("Check the format.");
    expect(imports.step).toBe("source");
  });

  it("can be taken back once, and is gone when the vault is locked", async () => {
    door();
    const imports = await reviewed();
    await imports.apply();
    expect(await imports.undo()).toBe(1);
    expect([imports.step, imports.rows.length]).toEqual(["source", 0]);
    const other = await reviewed();
    other.clear();
    expect([other.step, other.plan, other.name]).toEqual(["source", null, ""]);
  });

  it("offers a new version only where there is one to follow", () => {
    expect(actionsOf(ROWS[1]!)).toContain("version");
    expect(actionsOf(ROWS[2]!)).not.toContain("version");
    expect(actionsOf(ROWS[4]!)).toEqual(["skip"]);
  });
});

describe("an export in plain text", () => {
  it("needs the sentence in full and the passphrase of the vault", async () => {
    const calls = doorWith({ export_save: () => ({ name: "all.json", items: 3, remarks: [] }) });
    render(ExportDialog, { open: true, shape: "plaintext", asks: true });
    await settle();
    const save = screen.getByRole("button", { name: m.export_save() });
    await fireEvent.click(save);
    expect(calls).toHaveLength(0);
    await fireEvent.input(screen.getByLabelText(m.export_type(m.export_word())), { target: { value: "export in plain" } });
    await fireEvent.input(screen.getByLabelText(m.export_vault_passphrase()), { target: { value: "correct horse" } });
    await fireEvent.click(save);
    expect(calls).toHaveLength(0);
    await fireEvent.input(screen.getByLabelText(m.export_type(m.export_word())), { target: { value: m.export_word() } });
    await fireEvent.click(save);
    await settle();
    expect(calls).toEqual([{ name: "export_save", request: { shape: "plaintext", passphrase: "correct horse" } }]);
  });
});
