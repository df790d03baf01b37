/** W-10: text from elsewhere (names, provider's words, tags) is text in every part of the kit that shows any. */

import { cleanup, render } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { beforeAll, describe, expect, it, vi } from "vitest";
import Button from "../src/kit/Button.svelte";
import CodeWell from "../src/kit/CodeWell.svelte";
import Failed from "../src/kit/Failed.svelte";
import IconButton from "../src/kit/IconButton.svelte";
import ListRow from "../src/kit/ListRow.svelte";
import NavRow from "../src/kit/NavRow.svelte";
import Prose from "../src/kit/Prose.svelte";
import Steps from "../src/kit/Steps.svelte";
import Tabs from "../src/kit/Tabs.svelte";
import TagInput from "../src/kit/TagInput.svelte";
import TextInput from "../src/kit/TextInput.svelte";
import Tile from "../src/kit/Tile.svelte";
import Well from "../src/kit/Well.svelte";
import Key from "@lucide/svelte/icons/key-round";
import { HOSTILE } from "./hostile";

const hit = vi.fn();
const nothing = () => undefined;
const ACTIVE = "script, iframe, object, embed, base, meta, link, style, template, marquee, video, audio, animate, x, isindex, math";
beforeAll(() => {
  (globalThis as Record<string, unknown>).__hit = hit;
});

it("are 500", () => {
  expect(new Set(HOSTILE).size).toBe(500);
});

/** Each draws one hostile string everywhere the component takes text. */
const DRAW: Record<string, (text: string) => void> = {
  ListRow: (text) => void render(ListRow, { title: text, subtitle: text, age: text, ageTip: text, mono: true }),
  Tile: (text) => void render(Tile, { name: text }),
  Well: (text) => void render(Well, { state: "revealed", value: text, of: text, onhide: nothing }),
  CodeWell: (text) => void render(CodeWell, { code: text, name: text, oncopy: nothing }),
  Failed: (text) => void render(Failed, { title: text, message: text, hint: text }),
  Prose: (text) => void render(Prose, { text }),
  Steps: (text) => void render(Steps, { label: text, items: [{ id: "a", label: text, sub: text, state: "now", time: text }] }),
  Tabs: (text) => void render(Tabs, { label: text, value: "a", items: [{ id: "a", label: text }] }),
  TagInput: (text) => void render(TagInput, { tags: [text] }),
  TextInput: (text) => void render(TextInput, { value: text, placeholder: text }),
  NavRow: (text) => void render(NavRow, { icon: Key, label: text, href: "#/items" }),
  IconButton: (text) => void render(IconButton, { icon: Key, label: text }),
  Button: (text) => void render(Button, { "aria-label": text, reason: text, disabled: true, children: createRawSnippet(() => ({ render: () => "<span>x</span>" })) }),
};

describe.each(Object.keys(DRAW))("W-10 %s", (name) => {
  it("draws 500 hostile strings as text", () => {
    for (let at = 0; at < HOSTILE.length; at += 20) {
      const batch = HOSTILE.slice(at, at + 20);
      cleanup();
      batch.forEach(DRAW[name]!);
      const text = batch[0]!;
      const active = document.body.querySelector(ACTIVE);
      expect(active, `after ${text}: an element`).toBeNull();
      for (const element of document.body.querySelectorAll("*")) {
        for (const attribute of element.attributes) {
          expect(attribute.name.startsWith("on"), `after ${text}: ${attribute.name}`).toBe(false);
          if (["href", "src", "action", "formaction", "xlink:href", "srcdoc"].includes(attribute.name)) expect(attribute.value).not.toMatch(/javascript:/i);
        }
      }
    }
    expect(hit).not.toHaveBeenCalled();
  });
});
