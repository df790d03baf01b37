/** The lists without a window: order, filters, selection, the palette's search, Health's state. */

import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { Finding } from "../src/host/bindings/Finding";
import { m as lists } from "../src/messages/lists";
import { period } from "../src/messages/time";
import { kindsOf } from "../src/state/bulk";
import { choices, EVERYTHING, filtered, tagCounts } from "../src/state/filters";
import { find } from "../src/state/find.svelte";
import { cut, Haystack } from "../src/state/fuzzy";
import { Health } from "../src/state/health.svelte";
import { connectionItem, grouped, secretItem, sorted } from "../src/state/items";
import { Listing } from "../src/state/listing.svelte";
import { Selection } from "../src/state/selection.svelte";
import { daysLeft } from "../src/state/trash.svelte";
import { UsageLog } from "../src/state/usage.svelte";
import { connection, doorWith, secret, settle } from "./rows";

const NOW = new Date(2026, 10, 22, 12, 0).getTime();
const ago = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

describe("order by last use", () => {
  const items = [
    secretItem(secret({ id: "never", key: "NEVER" })),
    secretItem(secret({ id: "old", key: "OLD" }), ago(24 * 60)),
    secretItem(secret({ id: "now", key: "NOW" }), ago(1)),
    connectionItem(connection({ id: "week" }), ago(50)),
  ];
  const lines = () => grouped(sorted(items, "used"), "used", (at) => lists.head("used", at, NOW));

  it("stands under today, this week, a month, and never at the end", () => {
    expect(lines().map((line) => (line.kind === "head" ? line.text : line.id))).toEqual([
      "Used today", "now", "Earlier this week", "week", "September 2026", "old", "Not used within a year", "never",
    ]);
  });

  it("begins a day at midnight, and a week is seven days", () => {
    expect(period(new Date(2026, 10, 22, 0, 0).toISOString(), NOW)).toBe("today");
    expect(period(new Date(2026, 10, 21, 23, 59).toISOString(), NOW)).toBe("week");
    expect(period(ago(7 * 24), NOW)).toBe("month");
  });

  it("falls back to the last change until anything was used", () => {
    let used: string | null = null;
    const listing = new Listing({ items: () => [secretItem(secret(), used)], query: () => "", now: () => NOW, head: lists.head });
    expect(listing.order).toBe("changed");
    used = ago(1);
    const other = new Listing({ items: () => [secretItem(secret(), used)], query: () => "", now: () => NOW, head: lists.head });
    expect(other.order).toBe("used");
  });

  it("sorts, filters and groups 10 000 items (P14)", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => secretItem(secret({ id: `${n}`, key: `KEY_${n}`, tags: [n % 2 ? "odd" : "even"] }), ago(n)));
    const odd = filtered(sorted(many, "used"), { ...EVERYTHING, tag: "odd" }, NOW);
    const lines = grouped(odd, "used", (at) => lists.head("used", at, NOW));
    expect(lines.filter((line) => line.kind !== "head")).toHaveLength(5_000);
    expect(lines.filter((line) => line.kind === "head").length).toBeLessThan(20);
  });

  it("finds a page at a keystroke, and the rest when typing pauses (P14)", () => {
    vi.useFakeTimers();
    try {
      const many = Array.from({ length: 10_000 }, (_, n) => secretItem(secret({ id: `${n}`, key: `KEY_${n}` }), ago(n)));
      const listing = new Listing({ items: () => many, query: () => find.text, now: () => NOW, head: lists.head });
      const type = (text: string) => {
        find.text = text;
        flushSync();
        return listing.rest();
      };
      expect(listing.found).toHaveLength(10_000);
      type("key")();
      expect([listing.found.length, listing.isWhole]).toEqual([200, false]);
      // What is done to all of them is done to all of them.
      expect(listing.ids).toHaveLength(10_000);
      type("key_");
      vi.advanceTimersByTime(1000);
      expect([listing.found.length, listing.isWhole]).toEqual([10_000, true]);
      type("key_9999")();
      expect([listing.found.length, listing.isWhole]).toEqual([1, true]);
      type("")();
      expect([listing.found.length, listing.isWhole]).toEqual([10_000, true]);
    } finally {
      find.clear();
      vi.useRealTimers();
    }
  });

  it("asks for a head a few times, however many items stand under it (P14)", () => {
    const many = sorted(Array.from({ length: 10_000 }, (_, n) => secretItem(secret({ id: `${n}`, key: `KEY_${n}` }), ago(n))), "used");
    let asked = 0;
    const lines = grouped(many, "used", (at) => {
      asked += 1;
      return lists.head("used", at, NOW);
    });
    const plain: string[] = [];
    for (const item of many) {
      const head = lists.head("used", item.used, NOW);
      if (!plain.includes(head)) plain.push(head);
      plain.push(item.id);
    }
    expect(lines.map((line) => (line.kind === "head" ? line.text : line.id))).toEqual(plain);
    expect(asked).toBeLessThan(500);
  });
});

describe("filters", () => {
  const items = [
    secretItem(secret({ id: "a", tags: ["ci", "web"], favourite: true })),
    secretItem(secret({ id: "b", tags: ["ci"], expires_at: ago(-24 * 20) })),
    secretItem(secret({ id: "c", tags: [], rotation_due_at: ago(1) })),
    connectionItem(connection({ id: "d", application: "github", state: "needs_consent" })),
  ];
  const ids = (over: Partial<typeof EVERYTHING>) => filtered(items, { ...EVERYTHING, ...over }, NOW).map((item) => item.id);

  it("narrow by kind, application, tag and status, and all together", () => {
    expect(ids({})).toEqual(["a", "b", "c", "d"]);
    expect(ids({ kind: "connection" })).toEqual(["d"]);
    expect(ids({ application: "github" })).toEqual(["d"]);
    expect(ids({ tag: "ci" })).toEqual(["a", "b"]);
    expect(ids({ status: "expiring" })).toEqual(["b"]);
    expect(ids({ status: "overdue" })).toEqual(["c"]);
    expect(ids({ status: "reconnect" })).toEqual(["d"]);
    expect(ids({ tag: "ci", status: "favourite" })).toEqual(["a"]);
    expect(ids({ tag: "ci", kind: "connection" })).toEqual([]);
  });

  it("are offered only where they can change something", () => {
    expect(choices(items, NOW)).toEqual({ kinds: ["secret", "connection"], applications: ["github"], tags: ["ci", "web"], statuses: ["favourite", "expiring", "overdue", "reconnect"] });
    expect(choices([secretItem(secret({ tags: [] }))], NOW)).toEqual({ kinds: [], applications: [], tags: [], statuses: [] });
  });

  it("count tags, the most used first", () => {
    expect(tagCounts(items)).toEqual([["ci", 2], ["web", 1]]);
  });
});

describe("a selection", () => {
  const order = ["a", "b", "c", "d", "e"];
  const ids = (selection: Selection) => order.filter((id) => selection.ids.has(id));

  it("starts with what was open, when another is added to it", () => {
    const selection = new Selection();
    selection.toggle("c", "a");
    expect([selection.active, ids(selection)]).toEqual([true, ["a", "c"]]);
    selection.toggle("a", "a");
    expect(ids(selection)).toEqual(["c"]);
  });

  it("starts with the one alone, when that was open itself", () => {
    const selection = new Selection();
    selection.toggle("a", "a");
    expect(ids(selection)).toEqual(["a"]);
  });

  it("extends from where the last pick was, both ways, and shrinks again", () => {
    const selection = new Selection();
    selection.toggle("c");
    selection.extend(order, "c", "e");
    expect(ids(selection)).toEqual(["c", "d", "e"]);
    selection.extend(order, "e", "b");
    expect(ids(selection)).toEqual(["b", "c"]);
    selection.extend(order, "b", "c");
    expect(ids(selection)).toEqual(["c"]);
  });

  it("takes all and none, and forgets what is gone", () => {
    const selection = new Selection();
    selection.toggleAll(order);
    expect(ids(selection)).toEqual(order);
    selection.keep((id) => id !== "b");
    expect(ids(selection)).toEqual(["a", "c", "d", "e"]);
    selection.toggleAll(order);
    selection.toggleAll(order);
    expect(ids(selection)).toEqual([]);
    selection.clear();
    expect(selection.active).toBe(false);
  });

  it("is counted by kind", () => {
    expect(kindsOf([secretItem(secret()), secretItem(secret()), connectionItem(connection())])).toEqual({ secret: 2, connection: 1 });
    expect(lists.kinds_in({ secret: 3, connection: 1 }, "Production")).toBe("3 secrets and 1 connection, in Production");
  });
});

describe("the palette's search", () => {
  const stack = new Haystack(["STRIPE_SECRET_KEY Stripe live", "DATABASE_URL Orders database", "GITHUB_TOKEN", "ÄNDERUNG geändert"], (text) => text);
  const found = (query: string) => stack.find(query, 10).map((hit) => hit.of);

  it("finds parts of words, in any order, with one letter wrong", () => {
    expect(found("str")).toEqual(["STRIPE_SECRET_KEY Stripe live"]);
    expect(found("live stripe")).toEqual(["STRIPE_SECRET_KEY Stripe live"]);
    expect(found("databse")).toEqual(["DATABASE_URL Orders database"]);
    expect(found("githb")).toEqual(["GITHUB_TOKEN"]);
    expect(found("änder")).toEqual(["ÄNDERUNG geändert"]);
    expect(found("zzz")).toEqual([]);
    expect(found("\\ [ ( * ")).toEqual([]);
  });

  it("says what matched, so that it can be underlined", () => {
    const [hit] = stack.find("str", 1);
    expect(cut("STRIPE_SECRET_KEY", hit!.marks)).toEqual([{ text: "STR", hit: true }, { text: "IPE_SECRET_KEY", hit: false }]);
    expect(cut("short", [[2, 99]])).toEqual([{ text: "sh", hit: false }, { text: "ort", hit: true }]);
    expect(cut("short", [[7, 9]])).toEqual([{ text: "short", hit: false }]);
  });

  it("finds one of 10 000 (P14)", () => {
    const many = new Haystack(Array.from({ length: 10_000 }, (_, n) => `KEY_${n} Name of number ${n} payments`), (text) => text);
    expect(many.find("key_9999 pay", 50)).toHaveLength(1);
    expect(many.find("pay", 50)).toHaveLength(50);
  });
});

describe("what was used", () => {
  it("is known by key for a year, and asked anew for 30 days", async () => {
    const row = { environment: "default", key: "KEY", reads: 3, last_read_at: ago(1), programs: [] };
    const calls = doorWith({ usage_list: () => [row] });
    const log = new UsageLog();
    await log.open("default");
    expect(log.lastRead("KEY")).toBe(row.last_read_at);
    expect((await log.lately()).get("KEY")?.reads).toBe(3);
    expect(calls.map((call) => call.request)).toEqual([{ environment: "default", days: 365 }, { environment: "default", days: 30 }]);
    log.clear();
    expect(log.lastRead("KEY")).toBeNull();
  });

  it("leaves the list as it is when the log cannot be read", async () => {
    doorWith({
      usage_list: () => {
        throw { code: "corrupt", message: "the activity log was changed", hint: "" };
      },
    });
    const log = new UsageLog();
    await log.open("default");
    expect(log.rows.size).toBe(0);
    await expect(log.lately()).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is said in words: how often, when, by whom", () => {
    const usage = (reads: number, ...programs: string[]) => ({
      environment: "default", key: "KEY", reads, last_read_at: ago(2), programs: programs.map((program) => ({ program, reads: 1, last_read_at: ago(2) })),
    });
    expect(lists.used(usage(12, "ci-runner"), NOW)).toBe("read 12 times, last 2 h ago, by ci-runner");
    expect(lists.used(usage(1, "window"), NOW)).toBe("read once, 2 h ago, by you, in this window");
    expect(lists.used(usage(3, "node", "curl", "keyward"), NOW)).toBe("read 3 times, last 2 h ago, by node and 2 others");
    expect(lists.unused(ago(24 * 41), NOW)).toBe("not read for 41 days");
    expect(lists.unused(null, NOW)).toBe("not read within a year");
  });
});

describe("Health", () => {
  const finding = (id: string, outcome: Finding["outcome"] = "warn"): Finding => ({
    id, outcome, message: "", hint: "", at: null, others: [], place: { kind: "secret", item: id, environment: "default", key: id.toUpperCase(), field: null },
  });

  it("keeps what the last check said of values while ends and ages are read again", async () => {
    doorWith({
      health_list: () => [finding("expired", "fail")],
      health_check: () => ({ findings: [finding("reused"), finding("expiring")], left_out: 0, checked: 9, unread: 0 }),
    });
    const health = new Health();
    await health.look();
    expect([health.urgent, health.stale]).toEqual([1, false]);
    await health.check(NOW);
    expect([health.urgent, health.of("reused").length, health.checked?.checked]).toEqual([0, 1, 9]);
    await health.look();
    expect(health.findings.map((one) => one.id)).toEqual(["expired", "reused"]);
    expect(health.stale).toBe(true);
  });

  it("says why it failed, and forgets everything when locked", async () => {
    doorWith({
      health_check: () => {
        throw { code: "corrupt", message: "damaged", hint: "restore" };
      },
    });
    const health = new Health();
    await health.check(NOW);
    expect([health.error?.hint, health.checking]).toEqual(["restore", false]);
    health.clear();
    flushSync();
    expect([health.error, health.findings, health.checked]).toEqual([null, [], null]);
  });

  it("drops an answer that comes after the vault was locked", async () => {
    let answer: (findings: Finding[]) => void = () => undefined;
    doorWith({ health_list: () => new Promise((done) => (answer = done)) });
    const health = new Health();
    const looking = health.look();
    await settle();
    health.clear();
    answer([finding("expired", "fail")]);
    await looking;
    expect(health.findings).toEqual([]);
  });
});

it("the trash keeps 30 days", () => {
  expect(daysLeft(secret({ deleted_at: ago(0) }), NOW)).toBe(30);
  expect(daysLeft(secret({ deleted_at: ago(24 * 29.5) }), NOW)).toBe(1);
  expect(daysLeft(secret({ deleted_at: ago(24 * 31) }), NOW)).toBe(0);
});
