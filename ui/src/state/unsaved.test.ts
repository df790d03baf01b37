import { afterEach, describe, expect, it } from "vitest";
import { route } from "./route.svelte";
import { unsaved } from "./unsaved";

describe("changes that are not saved", () => {
  let leave: (() => void) | null = null;
  let stop = () => undefined as void;
  const guard = () => (stop = unsaved.guard((go) => (leave = go)));
  afterEach(() => {
    stop();
    leave = null;
    route.reset("items");
  });

  it.each<[string, () => void, string]>([
    ["another view", () => route.go("secrets"), "secrets"],
    ["another item in its place", () => route.replace("credentials", "other"), "credentials"],
    ["going back", () => route.back(), "items"],
  ])("are asked about before %s", (_what, act, name) => {
    route.reset("items");
    route.go("credentials", "one");
    guard();
    act();
    expect([route.name, route.id, location.hash]).toEqual(["credentials", "one", "#/credentials/one"]);
    leave?.();
    expect(route.name).toBe(name);
    expect(route.id).not.toBe("one");
  });

  it("are no matter once they are saved", () => {
    route.reset("credentials");
    guard();
    stop();
    route.go("secrets");
    expect(route.name).toBe("secrets");
    expect(leave).toBeNull();
  });
});
