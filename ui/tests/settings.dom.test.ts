/** Settings apply at once, and only when the vault took them; the passphrase is asked for where they say so (W-08). */

import { fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";
import type { Settings as Shape } from "../src/host/bindings/Settings";
import type { SettingsUpdate } from "../src/host/bindings/SettingsUpdate";
import { m } from "../src/messages/settings";
import PassphraseAgain from "../src/parts/shell/PassphraseAgain.svelte";
import ValueWell from "../src/parts/secrets/ValueWell.svelte";
import { again } from "../src/state/again.svelte";
import { settings } from "../src/state/settings.svelte";
import Settings from "../src/views/Settings.svelte";
import { doorWith, secret, settle, VALUE } from "./rows";

const PASSPHRASE = "correct horse battery staple 42";
const usual: Shape = {
  auto_lock_minutes: 15, lock_on_suspend: true, lock_on_screen_lock: true, clipboard_seconds: 30, reveal_seconds: 30,
  passphrase_to_reveal: true, passphrase_to_export: true, has_passphrase: true, refresh_while_locked: false, sleep_is_heard: true, screen_lock_is_heard: true,
};
const locked = (message: string) => ({ code: "locked", message, hint: "" });

async function shown(): Promise<void> {
  await settle();
  await tick();
  flushSync();
}

/** A vault with these settings that takes every change, with the passphrase where it is needed; answers what was sent. */
async function vaultWith(over: Partial<Shape>): Promise<SettingsUpdate[]> {
  let now: Shape = { ...usual, ...over };
  const sent: SettingsUpdate[] = [];
  doorWith({
    settings_show: () => now,
    settings_update: (update) => {
      sent.push(update);
      const { passphrase, ...change } = update;
      if (now.passphrase_to_reveal && passphrase !== PASSPHRASE) throw locked(passphrase ? "That passphrase does not open this vault." : "This needs the passphrase again.");
      return (now = { ...now, ...change });
    },
    secret_reveal: ({ passphrase }) => {
      if (now.passphrase_to_reveal && passphrase !== PASSPHRASE) throw locked("That passphrase does not open this vault.");
      return { value: VALUE };
    },
  });
  settings.clear();
  await settings.read();
  return sent;
}

async function answer(passphrase: string, act: string): Promise<void> {
  await fireEvent.input(screen.getByLabelText(m.again_field()), { target: { value: passphrase } });
  await fireEvent.click(screen.getByRole("button", { name: act }));
  await shown();
}

beforeEach(() => again.forget());

describe("settings", () => {
  it("apply at once", async () => {
    const sent = await vaultWith({ passphrase_to_reveal: false, passphrase_to_export: false });
    render(Settings);
    await fireEvent.click(screen.getByRole("switch", { name: m.suspend() }));
    await shown();
    expect(sent).toEqual([{ lock_on_suspend: false }]);
    expect(screen.getByRole("switch", { name: m.suspend() }).getAttribute("aria-checked")).toBe("false");
    const idle = screen.getByLabelText<HTMLSelectElement>(m.idle());
    idle.selectedIndex = [...idle.options].findIndex((option) => option.text === "Never");
    await fireEvent.change(idle);
    await shown();
    expect(sent[1]).toEqual({ auto_lock_minutes: 0 });
    expect(idle.selectedOptions[0]?.text).toBe("Never");
  });

  it("O-71: say whether tokens are refreshed while locked", async () => {
    const sent = await vaultWith({ passphrase_to_reveal: false, passphrase_to_export: false });
    render(Settings);
    const row = screen.getByRole("switch", { name: m.refresh_locked() });
    expect(row.getAttribute("aria-checked")).toBe("false");
    await fireEvent.click(row);
    await shown();
    expect(sent).toEqual([{ refresh_while_locked: true }]);
    expect(row.getAttribute("aria-checked")).toBe("true");
  });

  it("stay as they were when the passphrase is not given", async () => {
    await vaultWith({});
    render(Settings);
    render(PassphraseAgain);
    await fireEvent.click(screen.getByRole("switch", { name: m.to_reveal() }));
    await shown();
    expect(screen.getByRole("dialog")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: m.again_cancel() }));
    await shown();
    expect(screen.getByRole("switch", { name: m.to_reveal() }).getAttribute("aria-checked")).toBe("true");
    expect(settings.current?.passphrase_to_reveal).toBe(true);
  });

  it("change with the passphrase, which is sent once and kept nowhere", async () => {
    const sent = await vaultWith({});
    render(Settings);
    render(PassphraseAgain);
    await fireEvent.click(screen.getByRole("switch", { name: m.to_reveal() }));
    await shown();
    await answer("wrong horse", m.again_act("settings"));
    expect(screen.getByRole("alert").textContent).toContain("does not open this vault");
    await answer(PASSPHRASE, m.again_act("settings"));
    expect(sent.map((update) => update.passphrase)).toEqual([undefined, "wrong horse", PASSPHRASE]);
    expect(settings.current?.passphrase_to_reveal).toBe(false);
    expect(document.documentElement.outerHTML).not.toContain(PASSPHRASE);
  });

  it("that ask for a passphrase are off where there is none, and say why", async () => {
    await vaultWith({ has_passphrase: false });
    render(Settings);
    const ask = screen.getByRole<HTMLButtonElement>("switch", { name: m.to_reveal() });
    expect([ask.disabled, ask.getAttribute("aria-checked")]).toEqual([true, "false"]);
    expect(document.body.textContent).toContain(m.no_passphrase());
  });

  it("that nobody would hear of are off, and say why", async () => {
    await vaultWith({ lock_on_suspend: false, sleep_is_heard: false, screen_lock_is_heard: false });
    render(Settings);
    const off = (name: string) => screen.getByRole<HTMLButtonElement>("switch", { name }).disabled;
    // What is on can be switched off.
    expect([off(m.suspend()), off(m.screen_lock())]).toEqual([true, false]);
    expect(document.body.textContent).toContain(m.sleep_deaf());
  });

  it("with an unusual number show it", async () => {
    await vaultWith({ auto_lock_minutes: 7, clipboard_seconds: 42 });
    render(Settings);
    expect(screen.getByLabelText<HTMLSelectElement>(m.idle()).selectedOptions[0]?.text).toBe("After 7 minutes");
    expect(screen.getByLabelText<HTMLSelectElement>(m.clipboard()).selectedOptions[0]?.text).toBe("After 42 seconds");
  });
});

describe("a value, where the settings ask", () => {
  it("is shown after the passphrase, and not sent for before", async () => {
    await vaultWith({});
    render(PassphraseAgain);
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(document.body.textContent).not.toContain(VALUE);
    await answer(PASSPHRASE, m.again_act("reveal"));
    expect(document.body.textContent).toContain(VALUE);
  });

  it("stays hidden when the person turns away, without an error", async () => {
    await vaultWith({});
    render(PassphraseAgain);
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    await fireEvent.click(screen.getByRole("button", { name: m.again_cancel() }));
    await shown();
    expect(document.body.textContent).not.toContain(VALUE);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("stays for as long as the settings say", async () => {
    await vaultWith({ passphrase_to_reveal: false, reveal_seconds: 5 });
    render(ValueWell, { secret: secret() });
    await fireEvent.click(screen.getByRole("button", { name: /^Reveal/ }));
    await shown();
    expect(document.body.textContent).toContain("Visible for 5 s");
  });

  it("is not asked for any more once the vault is locked", async () => {
    await vaultWith({});
    const asked = again.through("reveal", () => Promise.reject(locked("no")));
    expect(again.asking?.purpose).toBe("reveal");
    settings.clear();
    expect(await asked).toBeNull();
    expect(again.asking).toBeNull();
  });
});
