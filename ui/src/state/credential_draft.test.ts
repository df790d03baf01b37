import { describe, expect, it } from "vitest";
import type { Credential } from "../host/bindings/Credential";
import { CredentialDraft } from "./credential_draft.svelte";

const stored: Credential = {
  id: "c1", key: "DB", name: "Database", description: "", environment: "default", owner: "owner", request_status: "none", access_type: "owner",
  created_at: "2026-11-01T08:00:00Z", changed_at: "2026-11-01T08:00:00Z", deleted_at: null,
  variables: ["host", "port", "password"].map((name) => ({ id: `id-${name}`, name, description: "", masked: name === "password", version: 1, bytes: 4, file: null })),
};

describe("am11: a credential while it is edited", () => {
  it("names what changed, and asks for nothing while nothing did", () => {
    const draft = new CredentialDraft(stored);
    expect(draft.count).toBe(0);
    draft.rows[2]!.value = "new";
    draft.rows[0]!.masked = true;
    draft.name = "Shop";
    expect(draft.changes).toEqual({ name: true, description: false, order: false, variables: ["host", "password"] });
    draft.rows[0]!.masked = false;
    draft.name = " Database ";
    draft.move("id-port", -1);
    draft.remove("id-password");
    expect(draft.changes).toEqual({ name: false, description: false, order: true, variables: ["password"] });
    expect(draft.move("id-port", -1)).toBeNull();
    draft.reset(stored);
    expect(draft.count).toBe(0);
  });

  it("says of every variable what becomes of it", () => {
    const draft = new CredentialDraft(stored);
    draft.remove("id-port");
    draft.add({ name: "region", value: "eu" });
    const request = draft.updateRequest();
    expect(request.removed).toEqual(["id-port"]);
    expect(request.variables?.map(({ id, name, value, masked }) => ({ id, name, value, masked }))).toEqual([
      { id: "id-host", name: "host", value: null, masked: false },
      { id: "id-password", name: "password", value: null, masked: true },
      { id: null, name: "region", value: "eu", masked: true },
    ]);
  });

  it("points out names and values that are missing or twice", () => {
    const draft = new CredentialDraft(null);
    const faults = () => draft.rows.map((row) => draft.fault(row));
    const row = draft.add({ name: "host" });
    draft.add({ name: "HOST", value: "x" });
    draft.add({ name: "a b", value: "x" });
    draft.add({ value: "" });
    expect(faults()).toEqual(["twice", "twice", "letters", "empty"]);
    draft.rows = [draft.rows[0]!];
    expect(faults()).toEqual(["value"]);
    expect(draft.complete).toBe(false);
    draft.rows[0]!.file = { name: "ca.pem", bytes: 3, value: { base64: "AAEC" } };
    expect(draft.complete).toBe(true);
    expect(draft.createRequest().variables[0]).toMatchObject({ name: "host", value: { base64: "AAEC" }, file: "ca.pem" });
    expect(row.stored).toBeNull();
  });

  it("fills rows from pasted lines; those there keep their masking", () => {
    const draft = new CredentialDraft(stored);
    draft.fill([{ name: "password", value: "p" }, { name: "host", value: "h" }, { name: "user", value: "u" }], false);
    expect(draft.rows.map(({ name, value, masked }) => [name, value, masked])).toEqual([
      ["host", "h", false], ["port", null, false], ["password", "p", true], ["user", "u", false],
    ]);
  });

  it("proposes the key from the name until it is typed, and never for one that is stored", () => {
    const draft = new CredentialDraft(null);
    draft.name = "Warehouse database";
    expect(draft.key).toBe("WAREHOUSE_DATABASE");
    draft.typedKey = "warehouse_db";
    expect(draft.createRequest()).toMatchObject({ key: "warehouse_db", name: "Warehouse database", description: null });
    expect(new CredentialDraft(stored).key).toBe("DB");
  });
});
