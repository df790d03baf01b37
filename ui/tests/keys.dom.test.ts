/** What opens the vault: the unlock screen's ways in, the passphrase, the recovery key and a rekey, step by step. */

import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RekeyProgress as Progress } from "../src/host/bindings/RekeyProgress";
import type { VaultStatus } from "../src/host/bindings/VaultStatus";
import type { Ways } from "../src/host/bindings/Ways";
import RekeyProgress from "../src/parts/keys/RekeyProgress.svelte";
import VaultKey from "../src/parts/keys/VaultKey.svelte";
import { toaster } from "../src/kit/toaster.svelte";
import { rekey } from "../src/state/rekey.svelte";
import { vault } from "../src/state/vault.svelte";
import Unlock from "../src/views/Unlock.svelte";
import { doorWith, settle } from "./rows";

const KEY = "K7QM-X2FD-9TRE-HV4B-3NWA-PZ8C-6YJS-DM5K";
const NEXT = "000G-40R4-0M30-E209-185G-R38E-1W81-24G6";
const PASSPHRASE = "copper lantern drift";
const plain = () => document.body.textContent ?? "";
const html = () => document.documentElement.outerHTML;

const status = (over: Partial<VaultStatus> = {}): VaultStatus => ({
  version: "0.1.0", home: "/h", vault: "default", exists: true, mode: "keychain", locked: true, host: null, freshness: "none", recovery: null, ...over,
});
const ways = (over: Partial<Ways> = {}): Ways => ({ keychain: true, keychain_lost: false, passphrase: null, recovery: true, ...over });
const way = { device_secret: false, memory_mib: 256, passes: 3, lanes: 1 };
const probe = { usable: true, name: "Secret Service", reason: "", truth: "Any program of yours can open it." };
const refuse = (code: string, message: string, hint = "") => {
  throw { code, message, hint };
};

async function shown(): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    await settle();
    await tick();
    flushSync();
  }
}

async function press(name: string | RegExp): Promise<void> {
  await fireEvent.click(screen.getByRole("button", { name }));
  await shown();
}

async function type(label: string, text: string): Promise<void> {
  await fireEvent.input(screen.getByLabelText(label), { target: { value: text } });
  await shown();
}

/** Types back what the offer asks for. */
async function typeBack(key: string, ask: number[]): Promise<void> {
  for (const index of ask) await type(`Group ${index + 1}`, key.split("-")[index]!);
}

beforeEach(() => {
  vault.status = status();
  vault.ways = null;
  vault.tries = 0;
  vault.waitUntil = 0;
  rekey.clear();
});

describe("R-29 a keychain that fails", () => {
  it.each([
    ["both", ways({ passphrase: way }), true, true],
    ["the recovery key", ways(), false, true],
    ["nothing", ways({ recovery: false }), false, false],
  ])("names the other ways in: %s", async (_name, opens, passphrase, recovery) => {
    doorWith({ vault_ways: () => opens, vault_unlock: () => refuse("keychain", "The keychain did not answer in time.", "Log in again.") });
    render(Unlock);
    await shown();
    await press("Unlock with this computer");
    expect(plain()).toContain("The keychain didn’t answer");
    expect(screen.queryByRole("button", { name: "Unlock with passphrase" }) !== null).toBe(passphrase);
    expect(screen.queryByRole("button", { name: "Use the recovery key" }) !== null).toBe(recovery);
    expect(plain().includes("Only its keychain opens it")).toBe(!passphrase && !recovery);
  });

  it("opens with the passphrase", async () => {
    const given: unknown[] = [];
    doorWith({
      vault_ways: () => ways({ passphrase: way }),
      vault_unlock: ({ passphrase }) => {
        given.push(passphrase);
        return passphrase === null ? refuse("keychain", "The keychain holds no key for this vault.") : status({ locked: false, recovery: true });
      },
    });
    render(Unlock);
    await shown();
    await press("Unlock with this computer");
    expect(plain()).toContain("The keychain doesn’t have the key");
    await press("Unlock with passphrase");
    await type("Passphrase", PASSPHRASE);
    await press(/^Unlock/);
    expect(given).toEqual([null, PASSPHRASE]);
    expect(vault.stage).toBe("open");
  });
});

describe("ST2 the recovery key", () => {
  it("chooses a new way in, and changes nothing before the new key was typed back", async () => {
    const asked: unknown[] = [];
    const confirmed = vi.fn();
    let now = status();
    doorWith({
      vault_ways: () => ways(),
      vault_status: () => now,
      keychain_probe: () => probe,
      recovery_use: (request) => {
        asked.push(request);
        return request.recovery_key === KEY ? { recovery_key: NEXT, ask: [2, 5] } : refuse("locked", "That recovery key does not open this vault.");
      },
      vault_confirm_recovery: ({ groups }) => {
        confirmed(groups);
        now = status({ locked: false, recovery: true });
        return {};
      },
    });
    render(Unlock);
    await shown();
    await press("Use the recovery key");
    await type("Recovery key", NEXT);
    await press("Continue");
    await press("Continue");
    expect(plain()).toContain("That recovery key didn’t open the vault");
    await type("Recovery key", KEY);
    await press("Continue");
    expect(plain()).toContain(probe.truth);
    await press("Continue");
    expect(asked.at(-1)).toEqual({ recovery_key: KEY, mode: "keychain", passphrase: null, device_secret: false });
    expect(confirmed).not.toHaveBeenCalled();
    expect(vault.stage).toBe("locked");
    await typeBack(NEXT, [2, 5]);
    await press("Continue");
    expect(confirmed).toHaveBeenCalledWith(["0M30", "R38E"]);
    expect(vault.stage).toBe("open");
  });

  it("can be taken back", async () => {
    const declined = vi.fn(() => ({}));
    doorWith({
      vault_ways: () => ways(), keychain_probe: () => probe, recovery_use: () => ({ recovery_key: NEXT, ask: [0, 1] }), recovery_decline: declined,
    });
    render(Unlock);
    await shown();
    await press("Use the recovery key");
    await type("Recovery key", KEY);
    await press("Continue");
    await press("Continue");
    expect(plain()).toContain("000G");
    await press("Cancel");
    expect(declined).toHaveBeenCalledOnce();
    expect(html()).not.toContain("000G");
    expect(plain()).toContain("Vault locked");
  });
});

describe("what opens the vault, in the settings", () => {
  it("tells what the keychain really protects, and what each way is", async () => {
    vault.status = status({ locked: false, recovery: true });
    doorWith({ vault_ways: () => ways({ passphrase: { ...way, device_secret: true } }), keychain_probe: () => probe });
    render(VaultKey);
    await shown();
    for (const said of ["Secret Service holds the vault key", probe.truth, "Working", "together with a secret in Secret Service", "Argon2id, 256 MiB, 3 passes, 1 lane"]) {
      expect(plain()).toContain(said);
    }
  });

  it("does not call working what has lost the vault's key", async () => {
    vault.status = status({ locked: false, recovery: true });
    doorWith({ vault_ways: () => ways({ keychain_lost: true, passphrase: way }), keychain_probe: () => probe });
    render(VaultKey);
    await shown();
    expect(plain()).toContain("Key lost");
    expect(plain()).toContain("opens by its passphrase or recovery key now");
    expect(plain()).not.toContain("Working");
  });

  it("b.7 measures what a guess costs here, and makes it cost more for who knows the passphrase", async () => {
    vault.status = status({ mode: "passphrase", locked: false, recovery: true });
    let costs = 64;
    const asked: unknown[] = [];
    const measured = (memory_mib: number) => ({ memory_mib, passes: 3, milliseconds: memory_mib * 2.5 });
    doorWith({
      vault_ways: () => ways({ keychain: false, passphrase: { ...way, memory_mib: costs } }),
      keychain_probe: () => probe,
      passphrase_measure: () => ({ now: measured(costs), stronger: costs < 256 ? measured(256) : null }),
      passphrase_strengthen: (request) => {
        asked.push(request);
        if (request.passphrase !== PASSPHRASE) return refuse("locked", "That is not the passphrase of this vault.");
        costs = request.memory_mib;
        return {};
      },
    });
    render(VaultKey);
    await shown();
    expect(plain()).toContain("Argon2id, 64 MiB, 3 passes, 1 lane.");
    expect(plain()).not.toContain("s here");
    await press("Measure again");
    expect(plain()).toContain("Takes 0.2 s here");
    await press("Make stronger");
    expect(plain()).toContain("64 MiB × 3");
    expect(plain()).toContain("256 MiB × 3");
    expect(plain()).toContain("About 0.6 s here");
    const act = () => [...screen.getByRole("dialog").querySelectorAll("button")].find((one) => one.textContent?.includes("Make stronger"))!;
    await type("Passphrase", "wrong");
    await fireEvent.click(act());
    await shown();
    expect(plain()).toContain("That is not the passphrase");
    await type("Passphrase", PASSPHRASE);
    await fireEvent.click(act());
    await shown();
    expect(asked).toEqual([{ passphrase: "wrong", memory_mib: 256 }, { passphrase: PASSPHRASE, memory_mib: 256 }]);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(toaster.now?.text).toBe("Was 64 MiB × 3, now 256 MiB × 3");
    expect(plain()).toContain("Argon2id, 256 MiB, 3 passes, 1 lane. Takes 0.6 s here.");
    expect([...document.querySelectorAll("input")].map((input) => input.value)).not.toContain(PASSPHRASE);
    // At the most there is nothing to type a passphrase for.
    await press("Make stronger");
    expect(plain()).toContain("256 MiB is the most");
    expect(screen.queryByLabelText("Passphrase")).toBeNull();
  });

  it("says why it could not be measured, and offers nothing then", async () => {
    vault.status = status({ mode: "passphrase", locked: false, recovery: true });
    doorWith({
      vault_ways: () => ways({ keychain: false, passphrase: way }),
      keychain_probe: () => probe,
      passphrase_measure: () => refuse("conflict", "The passphrase check is in use by another Keyward."),
    });
    render(VaultKey);
    await shown();
    await press("Make stronger");
    expect(toaster.now?.text).toContain("in use by another Keyward");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("asks for the passphrase before a new recovery key, and empties the field", async () => {
    vault.status = status({ mode: "passphrase", locked: false, recovery: true });
    const begun: unknown[] = [];
    doorWith({
      vault_ways: () => ways({ keychain: false, passphrase: way }),
      vault_status: () => vault.status!,
      keychain_probe: () => probe,
      recovery_begin: ({ passphrase }) => {
        begun.push(passphrase);
        return passphrase === PASSPHRASE ? { recovery_key: NEXT, ask: [0, 7] } : refuse("locked", "That is not the passphrase of this vault.");
      },
      vault_confirm_recovery: () => ({}),
      recovery_decline: () => ({}),
    });
    render(VaultKey);
    await shown();
    await press("Replace");
    await type("Passphrase", "wrong");
    await press("Continue");
    expect(plain()).toContain("That is not the passphrase");
    await type("Passphrase", PASSPHRASE);
    await press("Continue");
    expect(begun).toEqual(["wrong", PASSPHRASE]);
    expect(plain()).toContain("000G");
    expect([...document.querySelectorAll("input")].map((input) => input.value)).not.toContain(PASSPHRASE);
    await typeBack(NEXT, [0, 7]);
    await press("Continue");
    expect(html()).not.toContain("000G");
  });

  it("rekeys: the depth, the recovery key, then the stages; stopping is asked of Rust", async () => {
    vault.status = status({ locked: false, recovery: true });
    const stop = vi.fn(() => ({}));
    // None is under way until the recovery key was confirmed.
    let progress: Progress | null = null;
    const depths: string[] = [];
    doorWith({
      vault_ways: () => ways(),
      vault_status: () => vault.status!,
      keychain_probe: () => probe,
      rekey_begin: ({ depth }) => {
        depths.push(depth);
        return { recovery_key: NEXT, ask: [0, 1] };
      },
      vault_confirm_recovery: () => {
        progress = { state: "running", stage: "sealing", done: 78, total: 122, seconds_left: 6, error: null };
        return {};
      },
      rekey_status: () => {
        if (progress === null) throw { code: "not_found", message: "None was begun.", hint: "" };
        return progress;
      },
      rekey_stop: stop,
      recovery_decline: () => ({}),
    });
    render(VaultKey);
    await shown();
    await press("Replace key");
    await fireEvent.click(screen.getByRole("radio", { name: "Key and content" }));
    await press("Continue");
    expect(depths).toEqual(["deep"]);
    await typeBack(NEXT, [0, 1]);
    await press("Continue");
    expect(html()).not.toContain("000G");
    expect(plain()).toContain("78 of 122 items");
    expect(plain()).toContain("About 6 s left");
    await press("Stop and go back");
    expect(stop).toHaveBeenCalledOnce();
    progress = { state: "stopped", stage: "sealing", done: 78, total: 122, seconds_left: null, error: null };
    await rekey.read();
    await shown();
    expect(plain()).toContain("The vault is as it was");
  });
});

describe("the stages of a rekey", () => {
  it.each([
    ["checking", 0],
    ["chaining", 2],
    ["storing", 4],
  ] as const)("marks %s as the current one", (stage, index) => {
    render(RekeyProgress, { progress: { state: "running", stage, done: 1, total: 2, seconds_left: null, error: null } });
    const stages = [...document.querySelectorAll("ol li")];
    expect(stages.map((one) => one.getAttribute("aria-current"))).toEqual(stages.map((_, at) => (at === index ? "step" : null)));
    expect(plain()).toContain("If the power goes, nothing has changed.");
  });
});
