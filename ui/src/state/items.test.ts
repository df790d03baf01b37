import { describe, expect, it } from "vitest";
import type { Connection } from "../host/bindings/Connection";
import type { Secret } from "../host/bindings/Secret";
import { byAttention, connectionItem, grouped, neighbour, search, secretItem, sorted, startingWith, step, type Item, type Sort } from "./items";
import { keyFault, proposeKey } from "./naming";
import { reference } from "./references";
import { nearest } from "./search";
import { lifetime, standing } from "./standing";

const NOW = Date.parse("2026-11-22T10:53:00Z");

const byTime = (items: Item[], sort: Sort, month: (at: string | null) => string) => grouped(sorted(items, sort), sort, month);

function secret(key: string, over: Partial<Secret> = {}): Secret {
  return {
    id: key.toLowerCase(), key, name: key, description: "", tags: [], masked: true, environment: "default",
    version: 1, created_at: "2026-11-01T08:00:00Z", updated_at: "2026-11-20T08:00:00Z", notes: "", expires_at: null, rotate_every: null,
    rotation_due_at: null, favourite: false, value_changed_at: "2026-11-20T08:00:00Z", deleted_at: null, ...over,
  };
}

function connection(over: Partial<Connection> = {}): Connection {
  return {
    id: "c1", key: "google", name: "Google", environment: "default", application: null, auth_client: "google_client",
    auth_type: "oauth2", url: null, apply: null, value_version: null, kept: [], owner: "owner", account: null, state: "ready", error: null, scope: null,
    expires_at: "2026-11-22T11:34:00Z", obtained_at: "2026-11-22T10:34:00Z", next_refresh_at: "2026-11-22T11:29:00Z",
    refresh_token: true, renewed_by: "refresh_token", refresh_token_expires_at: null, default: true, created_at: "2026-10-01T08:00:00Z", ...over,
  };
}

describe("instant search", () => {
  it("finds every word in key, name, description or tags, in any case", () => {
    const items = [
      secretItem(secret("STRIPE_KEY", { name: "Live payments", tags: ["ci"] })),
      secretItem(secret("DB_URL", { description: "read replica" })),
    ];
    expect(search(items, "stripe PAY").map((item) => item.key)).toEqual(["STRIPE_KEY"]);
    expect(search(items, "replica").map((item) => item.key)).toEqual(["DB_URL"]);
    expect(search(items, "ci").map((item) => item.key)).toEqual(["STRIPE_KEY"]);
    expect(search(items, "  ")).toHaveLength(2);
    expect(search(items, "stripe test")).toEqual([]);
  });

  it("finds one of 5 000, and again after its row changed", () => {
    const items = Array.from({ length: 5000 }, (_, i) => secretItem(secret(`KEY_${i}`, { name: `Name of ${i}`, tags: ["payments"] })));
    expect(search(items, "key_4999 pay").map((item) => item.key)).toEqual(["KEY_4999"]);
    items[4999] = secretItem(secret("KEY_4999", { name: "Renamed", tags: [] }));
    expect(search(items, "key_4999 pay")).toEqual([]);
    expect(search(items, "renamed")).toHaveLength(1);
  });

  it("offers a near word and never the same one", () => {
    expect(nearest("strpe", ["stripe", "github"])).toBe("stripe");
    expect(nearest("stripe", ["stripe"])).toBeNull();
    expect(nearest("zz", ["zy"])).toBeNull();
  });
});

describe("order", () => {
  const month = (at: string | null) => at?.slice(0, 7) ?? "never";
  const items = [
    secretItem(secret("OLD", { updated_at: "2026-09-01T00:00:00Z" })),
    secretItem(secret("NEW", { updated_at: "2026-11-21T00:00:00Z" })),
    secretItem(secret("ALSO_NEW", { updated_at: "2026-11-20T00:00:00Z" })),
  ];

  it("groups by month, newest first", () => {
    const lines = byTime(items, "changed", month);
    expect(lines.map((line) => (line.kind === "head" ? line.text : line.key))).toEqual(["2026-11", "NEW", "ALSO_NEW", "2026-09", "OLD"]);
  });

  it("has no heads by name", () => {
    expect(byTime(items, "name", month).map((line) => line.id)).toEqual(["also_new", "new", "old"]);
  });

  it("puts connections that need a person first", () => {
    const rows = [
      connection({ id: "a", name: "A" }),
      connection({ id: "b", name: "B", state: "needs_consent" }),
      connection({ id: "c", name: "C", refresh_token: false, renewed_by: null }),
      connection({ id: "d", name: "D", state: "disconnected" }),
    ].map((row) => connectionItem(row));
    const lines = byAttention(rows, NOW, (of) => of);
    expect(lines.map((line) => line.id)).toEqual(["head:needs", "b", "c", "head:fresh", "a", "head:off", "d"]);
  });
});

describe("moving in the list", () => {
  const lines = byTime([secretItem(secret("AWS")), secretItem(secret("AZURE")), secretItem(secret("STRIPE"))], "changed", () => "November");

  it("steps past heads and stops at the ends", () => {
    expect(step(lines, null, 1)).toBe("aws");
    expect(step(lines, "aws", 1)).toBe("azure");
    expect(step(lines, "aws", -1)).toBe("aws");
    expect(step(lines, "aws", 99)).toBe("stripe");
    expect(step(lines, "gone", 1)).toBe("aws");
    expect(step([], null, 1)).toBeNull();
  });

  it("goes to the next row after a delete, else to the one above", () => {
    expect(neighbour(lines, "aws")).toBe("azure");
    expect(neighbour(lines, "stripe")).toBe("azure");
  });

  it("follows what is typed", () => {
    expect(startingWith(lines, "aws", "a")).toBe("azure");
    expect(startingWith(lines, "azure", "a")).toBe("aws");
    expect(startingWith(lines, "azure", "az")).toBe("azure");
    expect(startingWith(lines, null, "st")).toBe("stripe");
    expect(startingWith(lines, null, "x")).toBeNull();
  });
});

describe("keys", () => {
  it("are proposed as the vault proposes them", () => {
    expect(proposeKey("Stripe live key")).toBe("STRIPE_LIVE_KEY");
    expect(proposeKey("Bob’s Büro (Łódź)")).toBe("BOBS_BUERO_LODZ");
    expect(proposeKey("2nd key")).toBe("_2ND_KEY");
    expect(proposeKey("  ")).toBe("");
    expect(proposeKey("x".repeat(200))).toHaveLength(128);
  });

  it("are judged by the rule of a key", () => {
    expect(keyFault("", [])).toBe("empty");
    expect(keyFault("1A", [])).toBe("start");
    expect(keyFault("A B", [])).toBe("letters");
    expect(keyFault("Bad.Key", [])).toBe("letters");
    expect(keyFault("A".repeat(129), [])).toBe("long");
    expect(keyFault("Db", ["DB"])).toBe("taken");
    expect(keyFault("DB-2", ["DB"])).toBeNull();
  });
});

describe("references", () => {
  const text = (format: Parameters<typeof reference>[2]) => reference("staging", "DB", format);

  it("follow the grammar of CLI.md", () => {
    expect(text("reference")).toBe("{vault.DB}");
    expect(text("uri")).toBe("keyward://staging/DB");
    expect(text("dotenv")).toBe("DB=keyward://staging/DB");
    expect(text("shell")).toContain("keyward get keyward://staging/DB");
    expect(text("curl")).toContain("$(keyward get keyward://staging/DB)");
  });
});

describe("a connection stands", () => {
  it.each([
    [{}, "fresh"],
    [{ refresh_token: false, renewed_by: null }, "expiring"],
    [{ refresh_token: false, renewed_by: null, expires_at: "2026-11-22T10:00:00Z" }, "reconnect"],
    [{ expires_at: "2026-11-22T10:00:00Z" }, "expiring"],
    [{ expires_at: null }, "fresh"],
    [{ state: "needs_consent" }, "reconnect"],
    [{ state: "awaiting_consent" }, "waiting"],
    [{ state: "error" }, "error"],
    [{ state: "disconnected" }, "disconnected"],
  ] as const)("%o as %s", (over, expected) => {
    expect(standing(connection(over), NOW)).toBe(expected);
  });

  it("on its lifetime bar", () => {
    const bar = lifetime(connection(), NOW);
    expect(bar?.now).toBeCloseTo(19 / 60);
    expect(bar?.refresh).toBeCloseTo(55 / 60);
    expect(lifetime(connection({ expires_at: null }), NOW)).toBeNull();
    expect(lifetime(connection(), NOW + 3_600_000)?.expired).toBe(true);
  });
});
