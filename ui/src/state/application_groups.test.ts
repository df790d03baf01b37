import { expect, test } from "vitest";
import { connection } from "../../tests/rows";
import type { Application } from "../host/bindings/Application";
import { groups, proposeApplication, types } from "./application_groups";

const NOW = Date.parse("2026-11-22T11:00:00Z");
const application = (key: string, name: string): Application => ({
  key, name, url: null, auth_clients: [], connections: [], default: null, created_at: "2026-10-01T08:00:00Z",
});
const key = (id: string, app: string | null, over = {}) =>
  connection({ id, key: id, name: id, application: app, auth_type: "api_key", auth_client: null, expires_at: null, default: false, ...over });

const apps = [application("github", "GitHub"), application("aws", "Amazon")];
const rows = [key("b", "github"), key("a", "github", { default: true }), key("loose", null), key("c", "aws", { state: "disconnected" }), key("d", "unknown")];

test("am5 credentials are grouped by application, those of none last, the default first in each", () => {
  const found = groups(apps, rows, "", "all", NOW);
  expect(found.map((group) => group.name)).toEqual(["Amazon", "GitHub", "unknown", ""]);
  expect(found[1]?.credentials.map((one) => one.id)).toEqual(["a", "b"]);
  expect([found[1]?.default?.id, found[0]?.default]).toEqual(["a", null]);
});

test("words narrow by the credential and by its application; parts by how it stands", () => {
  const ids = (query: string, part: "all" | "needs" | "off") =>
    groups(apps, rows, query, part, NOW).flatMap((group) => group.credentials.map((one) => one.id));
  expect(ids("amazon", "all")).toEqual(["c"]);
  expect(ids("github a", "all")).toEqual(["a"]);
  expect(ids("", "off")).toEqual(["c"]);
  expect(ids("", "needs")).toEqual([]);
  expect(ids("nothing", "all")).toEqual([]);
});

test("a folded group counts its types", () => {
  expect(types([key("a", null), key("b", null), connection()])).toEqual([
    { type: "api_key", count: 2 },
    { type: "oauth2", count: 1 },
  ]);
});

test("a name gives the key of an application", () => {
  expect(proposeApplication("GitHub Enterprise")).toBe("github-enterprise");
  expect(proposeApplication("  1Password / Größe ")).toBe("password-gro-e");
  expect(proposeApplication("äöü 42")).toBe("aou-42");
  expect(proposeApplication("42")).toBe("");
  expect(proposeApplication("x".repeat(80))).toHaveLength(64);
});
