/** UI.md §12 (1): every pair of tokens that meets on screen, in both themes: text 4.5:1, controls and focus 3:1. */

import { describe, expect, it } from "vitest";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const css = readFileSync(resolve("src/kit/tokens.css"), "utf8");

function block(start: RegExp): Record<string, string> {
  const from = css.search(start);
  const text = css.slice(from, css.indexOf("\n}", from));
  return Object.fromEntries([...text.matchAll(/--([\w-]+):\s*(#[0-9a-fA-F]{3,8})\b/g)].map(([, name, value]) => [name, value])) as Record<string, string>;
}
const light = block(/:root \{/);
const dark = { ...light, ...block(/:root\[data-theme="dark"\] \{\n\s+color-scheme/) };

type Colour = [r: number, g: number, b: number, a: number];
function parse(hex: string): Colour {
  const full = hex.length <= 5 ? [...hex.slice(1)].map((d) => d + d).join("") : hex.slice(1);
  const part = (at: number) => Number.parseInt(full.slice(at, at + 2), 16);
  return [part(0), part(2), part(4), full.length === 8 ? part(6) / 255 : 1];
}
function over(top: Colour, under: Colour): Colour {
  const mix = (at: 0 | 1 | 2) => top[at] * top[3] + under[at] * (1 - top[3]);
  return [mix(0), mix(1), mix(2), 1];
}
function luminance([r, g, b]: Colour): number {
  const linear = (value: number) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
function contrast(a: Colour, b: Colour): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["canvas", "surface", "raised", "sunken", "card"];
/** [foreground, grounds, least]. A ground written a+b is b with the see-through a on it. */
const PAIRS: [string, string[], number][] = [
  ["text", [...GROUNDS, "selected", "hover+surface", "hover+canvas", "press+raised", "seg-on", "clear-bg", "ok-bg", "warn-bg", "danger-bg", "info-bg", "accent-soft"], 4.5],
  ["text-2", [...GROUNDS, "selected", "hover+surface", "hover+canvas", "hover+raised", "seg-on", "accent-soft", "ok-bg", "warn-bg", "danger-bg", "info-bg", "hover+canvas"], 4.5],
  ["text-3", [...GROUNDS, "hover+surface", "hover+canvas", "hover+raised", "selected", "accent-soft"], 4.5],
  ["text-on-accent", ["accent", "accent-hover", "accent-press", "danger-solid", "danger-hover"], 4.5],
  ["accent-text", [...GROUNDS, "accent-soft", "selected", "hover+surface", "hover+raised"], 4.5],
  ["clear-text", ["clear-bg"], 4.5],
  ["clear-num", ["clear-bg"], 4.5],
  ["clear-sym", ["clear-bg"], 4.5],
  ["ok", [...GROUNDS, "ok-bg", "selected", "hover+surface", "hover+raised"], 4.5],
  ["warn", [...GROUNDS, "warn-bg", "selected", "hover+surface", "hover+raised"], 4.5],
  ["danger", [...GROUNDS, "danger-bg", "selected", "hover+surface", "hover+raised"], 4.5],
  ["info", [...GROUNDS, "info-bg"], 4.5],
  ["toast-text", ["toast-bg", "toast-btn+toast-bg"], 4.5],
  ["text-on-accent", ["toast-btn+toast-bg"], 4.5],
  ["line-control", ["raised", "surface", "canvas", "card"], 3],
  ["focus", [...GROUNDS, "card"], 3],
  ["accent", ["raised", "surface", "canvas"], 3],
  ["env-prod", ["canvas", "raised"], 3],
  ["env-staging", ["canvas", "raised"], 3],
  ["env-dev", ["canvas", "raised"], 3],
  ["env-personal", ["canvas", "raised"], 3],
  ["ok-solid", ["canvas", "raised"], 3],
  ["warn-solid", ["canvas", "raised", "surface"], 3],
  ["danger-solid", ["raised"], 3],
  ["mark-ward", ["mark"], 3],
  ["mark-hole", ["mark"], 3],
  ["knob", ["accent", "line-control"], 3],
];

/** A logo needs no contrast with what is around it (WCAG 1.4.3). */
const LOGO = new Set(["mark"]);

/** Grounds that nothing is read on: lines, tracks, what lies behind a dialog. */
const UNREAD = new Set(["line", "line-2", "scrim"]);

function colour(theme: Record<string, string>, name: string): Colour {
  const [top, under] = name.split("+") as [string, string | undefined];
  const value = theme[top];
  if (!value) throw new Error(`no token --${top}`);
  return under ? over(parse(value), colour(theme, under)) : parse(value);
}

describe.each([
  ["light", light],
  ["dark", dark],
])("token contrast, %s", (_, theme) => {
  it.each(PAIRS.flatMap(([front, grounds, least]) => grounds.map((ground) => [front, ground, least] as const)))("%s on %s is at least %d:1", (front, ground, least) => {
    const back = colour(theme, ground);
    expect(contrast(over(colour(theme, front), back), back)).toBeGreaterThanOrEqual(least);
  });
});

it("has the same colour tokens in both themes where a theme overrides any", () => {
  for (const name of Object.keys(block(/:root\[data-theme="dark"\] \{\n\s+color-scheme/))) expect(light[name], name).toBeDefined();
});

/** Rules of every style sheet and component: what they set as colour and as ground. */
function rules(): { file: string; selector: string; fronts: string[]; grounds: string[] }[] {
  const files = readdirSync(resolve("src"), { recursive: true, encoding: "utf8" }).filter((file) => /\.(css|svelte)$/.test(file) && !file.endsWith("tokens.css"));
  return files.flatMap((file) => {
    const text = readFileSync(join(resolve("src"), file), "utf8");
    const styles = file.endsWith(".css") ? text : [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, style]) => style).join("\n");
    return [...styles.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector = "", body = ""]) => {
      const tokens = (property: RegExp) => [...body.matchAll(property)].map(([, name = ""]) => name);
      return {
        file,
        selector: selector.trim(),
        fronts: tokens(/(?:^|[;\s])(?:color|fill):\s*var\(--([\w-]+)\)/g),
        grounds: tokens(/(?:^|[;\s])background(?:-color)?:\s*var\(--([\w-]+)\)/g),
      };
    });
  });
}

it("knows every pair that one rule sets, and every colour and ground that any rule sets", () => {
  const fronts = new Set(PAIRS.map(([front]) => front));
  const grounds = new Set(PAIRS.flatMap(([, all]) => all.flatMap((ground) => ground.split("+"))));
  const measured = new Set(PAIRS.flatMap(([front, all]) => all.map((ground) => `${front} on ${ground.split("+")[0]!}`)));
  const missing = new Set<string>();
  for (const rule of rules()) {
    for (const front of rule.fronts) {
      if (!fronts.has(front) && !LOGO.has(front)) missing.add(`${front} as a colour (${rule.file} ${rule.selector})`);
      for (const ground of rule.grounds) if (!measured.has(`${front} on ${ground}`)) missing.add(`${front} on ${ground} (${rule.file} ${rule.selector})`);
    }
    for (const ground of rule.grounds) if (!grounds.has(ground) && !fronts.has(ground) && !UNREAD.has(ground)) missing.add(`${ground} as a ground (${rule.file} ${rule.selector})`);
  }
  expect([...missing].sort()).toEqual([]);
});
