/** State of the window: route, keys, environments, recovery groups, waiting after wrong passphrases; and its words. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { install, type Commands, type Door } from "../src/host";
import type { VaultStatus } from "../src/host/bindings/VaultStatus";
import { m as firstRun } from "../src/messages/first_run";
import { m as shell } from "../src/messages/shell";
import { m as unlock } from "../src/messages/unlock";
import { groupsOf, typedGroup } from "../src/state/recovery_groups";
import { environmentFault, environmentHue, environments } from "../src/state/environments.svelte";
import { caps, listenToKeys, run, SHORTCUTS } from "../src/state/keys.svelte";
import { format, parse, Route } from "../src/state/route.svelte";
import { Vault } from "../src/state/vault.svelte";

const status: VaultStatus = { version: "0.1.0", home: "/h", vault: "default", exists: true, mode: "passphrase", locked: true, host: null, freshness: "none", recovery: null };
function door(answers: Partial<{ [K in keyof Commands]: (request: Commands[K][0]) => Commands[K][1] }>): Door {
  return {
    call: async (name, request) => {
      const answer = answers[name];
      if (!answer) throw new Error(`${name} was not expected`);
      return answer(request);
    },
    listen: async () => () => undefined,
  };
}

describe("route", () => {
  it.each([
    ["#/items", "items", null],
    ["#/secrets/0198", "secrets", "0198"],
    ["#/connections/a%2Fb", "connections", "a/b"],
    ["#/nowhere/x", "items", null],
    ["#/secrets/%E0%A4%A", "secrets", null],
    ["", "items", null],
  ])("reads %j", (hash, name, id) => expect(parse(hash)).toMatchObject({ name, id }));

  it("writes what it reads", () => {
    for (const id of ["x", "ä/%", "<b>"]) expect(parse(format("secrets", id))).toMatchObject({ name: "secrets", id });
  });

  it("goes back and forward, and stays where a guard says so", () => {
    const route = new Route();
    route.go("secrets", "a");
    route.go("connections");
    expect(route.canBack).toBe(true);
    route.back();
    expect([route.name, route.id]).toEqual(["secrets", "a"]);
    route.forward();
    expect(route.name).toBe("connections");
    route.guard = () => false;
    route.go("items");
    expect(route.name).toBe("connections");
    route.guard = null;
    route.reset("items");
    expect(route.canBack).toBe(false);
  });

  it("follows a link at once, and leaves those that go elsewhere or into a window of their own", () => {
    const route = new Route();
    const stop = route.start();
    const link = document.createElement("a");
    document.body.append(link);
    const press = (href: string, how: MouseEventInit = {}) => {
      link.setAttribute("href", href);
      const event = new MouseEvent("click", { bubbles: true, cancelable: true, ...how });
      link.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(press("#/credentials")).toBe(true);
    expect(route.name).toBe("credentials");
    expect(route.canBack).toBe(true);
    expect(press("#/secrets", { ctrlKey: true })).toBe(false);
    expect(press("https://example.org/#/secrets")).toBe(false);
    expect(route.name).toBe("credentials");
    stop();
    expect(press("#/secrets")).toBe(false);
    link.remove();
  });
});

describe("keys", () => {
  it("has one row an act, no key twice, and no single letter (WCAG 2.1.4)", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys.map((key) => key.toLowerCase()));
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(SHORTCUTS.map((shortcut) => shortcut.act)).size).toBe(SHORTCUTS.length);
    const anywhere = SHORTCUTS.filter((shortcut) => !shortcut.inList).flatMap((shortcut) => shortcut.keys);
    for (const key of anywhere) expect(key.toLowerCase()).toMatch(/\+|^f\d+$|^delete$/);
  });

  it("names each act and its caps", () => {
    for (const { act } of SHORTCUTS) {
      expect(shell.act(act)).not.toBe("");
      expect(caps(act).every((cap) => cap !== "")).toBe(true);
    }
    expect(caps("copy_reference")).toEqual(["Ctrl", "⇧", "C"]);
  });

  it("keeps the browser from reloading or printing, and leaves text fields their own copy", () => {
    const stop = listenToKeys(window);
    const press = (key: string, target: Element = document.body) => {
      const event = new KeyboardEvent("keydown", { key, code: `Key${key.toUpperCase()}`, ctrlKey: true, bubbles: true, cancelable: true });
      target.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(press("r")).toBe(true);
    expect(press("p")).toBe(true);
    const field = document.body.appendChild(document.createElement("input"));
    expect(press("c", field)).toBe(false);
    stop();
    expect(press("r")).toBe(false);
    expect(run("edit")).toBe(false);
  });
});

describe("environments", () => {
  it("judges names as the vault does", () => {
    expect(environmentFault("", [])).toBe("empty");
    for (const bad of ["Prod", "2prod", "-p", "a_b", "."]) expect(environmentFault(bad, []), bad).toBe("letters");
    expect(environmentFault("e".repeat(33), [])).toBe("long");
    expect(environmentFault("prod", ["prod"])).toBe("taken");
    expect(environmentFault("prod-2", ["prod"])).toBeNull();
  });

  it("is red by its property, not by its name", () => {
    expect(environmentHue({ name: "anything", production: true })).toBe("--env-prod");
    expect(environmentHue({ name: "production", production: false })).toBe("--env-personal");
    expect(environmentHue({ name: "staging", production: false, colour: "teal" })).toBe("--c1");
    expect(environmentHue({ name: "staging", production: true, colour: "teal" })).toBe("--env-prod");
    expect(environmentHue({ name: "staging", production: false, colour: null })).toBe("--env-staging");
  });

  it("shows the default one until another is chosen", async () => {
    const row = (name: string) => ({ name, production: false, items: 0, created_at: "", colour: null });
    install(door({ environment_list: () => [row("a"), row("default")], environment_create: ({ name }) => row(name) }));
    await environments.read();
    expect(environments.current).toBe("default");
    await environments.create("b");
    expect(environments.current).toBe("b");
    environments.clear();
    expect(environments.current).toBe("default");
  });
});

describe("recovery key", () => {
  const key = "K7QM-X2FD-9TRE-HV4B-3NWA-PZ8C-6YJS-DM5K";
  it("has eight groups", () => expect(groupsOf(key)).toEqual(key.split("-")));
  it("is no key when something is missing", () => expect(groupsOf(key.slice(1))).toEqual([]));
  it.each([
    ["9tre", "9TRE"],
    [" 9 t r e ", "9TRE"],
    [key.toLowerCase(), "9TRE"],
    [key.replaceAll("-", " "), "9TRE"],
    ["9tr", "9TR"],
  ])("takes %j for group 3", (typed, group) => expect(typedGroup(typed, 2)).toBe(group));
  it("forgives look-alikes", () => expect(typedGroup("oil1", 0)).toBe("0111"));
});

describe("vault", () => {
  let vault: Vault;
  beforeEach(() => {
    vault = new Vault();
    vi.useFakeTimers({ now: 0 });
    return () => void vi.useRealTimers();
  });

  it("waits longer after each wrong passphrase from the fifth on", async () => {
    install(door({ vault_unlock: () => { throw { code: "locked", message: "that key does not open this vault", hint: "" }; } }));
    const waits: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      await vault.unlock("wrong");
      waits.push(vault.waitUntil / 1000);
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(vault.tries).toBe(12);
  });

  it("takes over a wait that others earned, without counting a try", async () => {
    install(door({ vault_unlock: () => { throw { code: "locked", message: "Too many wrong passphrases. Wait 16 s.", hint: "" }; } }));
    await vault.unlock("right");
    expect([vault.tries, vault.waitUntil]).toEqual([0, 16_000]);
  });

  it("does not count what is no wrong passphrase", async () => {
    install(door({ vault_unlock: () => { throw { code: "corrupt", message: "the vault is damaged", hint: "" }; } }));
    expect((await vault.unlock("right"))?.code).toBe("corrupt");
    expect(vault.tries).toBe(0);
  });

  it("stays on the recovery key after it was made, until that step ends", async () => {
    let now: VaultStatus = { ...status, exists: false };
    install(door({
      vault_status: () => now,
      vault_create: () => {
        now = { ...status, locked: false, recovery: false };
        return { recovery_key: "K", ask: [0, 1] };
      },
    }));
    await vault.read();
    expect(vault.stage).toBe("create");
    await vault.create("keychain", null, false);
    await vault.read();
    expect(vault.stage).toBe("recovery");
    await vault.endRecovery();
    expect([vault.stage, vault.lacksRecovery]).toEqual(["open", true]);
  });

  it("is locked when the vault is locked, whatever was shown", async () => {
    install(door({ vault_status: () => status }));
    vault.confirming = true;
    await vault.read();
    expect([vault.stage, vault.confirming]).toEqual(["locked", false]);
  });

  it("says why it cannot be read", async () => {
    install(door({ vault_status: () => { throw { code: "internal", message: "storage failed", hint: "" }; } }));
    await vault.read();
    expect([vault.stage, vault.error?.message]).toEqual(["failed", "storage failed"]);
  });
});

describe("words", () => {
  /** Every message with arguments that fit its shape; nested tables too. */
  function all(table: object): string[] {
    return Object.values(table).flatMap((message: unknown) => {
      if (typeof message !== "function") return all(message as object);
      const made: unknown = message.length === 0 ? message() : message("strong", 3);
      return typeof made === "string" ? [made] : [];
    });
  }
  it("are plain: no exclamation marks, no “please”, no “oops”", () => {
    const group = { ...firstRun, type_groups: () => firstRun.type_groups([3, 6]) };
    for (const text of [...all(group), ...all(unlock), ...all(shell)]) {
      expect(text).not.toMatch(/!|\bplease\b|\boops\b|\bsorry\b/i);
      expect(text).toBe(text.trim());
    }
  });
  it("count in words", () => {
    expect(unlock.tries(1)).toBe("One try so far.");
    expect(unlock.tries(2)).toBe("Two tries so far.");
    expect(shell.environment_items(1)).toBe("1 item");
    expect(shell.needs_you(2)).toBe("2 need you");
    expect(firstRun.type_groups([3, 6])).toBe("Type groups 3 and 6 to show that you saved it");
  });
});
