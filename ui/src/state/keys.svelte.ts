/**
 * The one table of shortcuts (UI.md §7), shown by Ctrl /. No single letters. A view says what an act does while it is
 * shown: `onKeys({ new: () => …, copy: () => … })` in its script; the last one that is mounted wins.
 */

import { tinykeys } from "tinykeys";
import { onMount } from "svelte";

export type Act =
  | "palette" | "find" | "new" | "connect" | "lock" | "rail" | "environment" | "settings" | "help"
  | "copy" | "copy_reference" | "reveal" | "new_value" | "favourite" | "edit" | "save" | "delete" | "refresh" | "select_all" | "select" | "extend"
  | "all_items" | "secrets" | "connections" | "applications" | "auth_clients" | "back" | "forward" | "next_pane" | "previous_pane";

export interface Shortcut {
  act: Act;
  /** As tinykeys writes it; `$mod` is Ctrl, and Cmd on macOS. */
  keys: string[];
  group: "everywhere" | "go" | "item" | "list";
  /** Left to the text field or the selection when one is in use. */
  yields?: "text" | "selection";
  /** Listed here, and answered by the list that has the focus. */
  inList?: true;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { act: "palette", keys: ["$mod+k"], group: "everywhere" },
  { act: "find", keys: ["$mod+f"], group: "everywhere" },
  { act: "new", keys: ["$mod+n"], group: "everywhere" },
  { act: "connect", keys: ["$mod+Shift+N"], group: "everywhere" },
  { act: "lock", keys: ["$mod+l"], group: "everywhere" },
  { act: "environment", keys: ["$mod+Shift+E"], group: "everywhere" },
  { act: "rail", keys: ["$mod+b"], group: "everywhere" },
  { act: "settings", keys: ["$mod+,"], group: "everywhere" },
  { act: "help", keys: ["$mod+/"], group: "everywhere" },
  { act: "all_items", keys: ["$mod+1"], group: "go" },
  { act: "secrets", keys: ["$mod+2"], group: "go" },
  { act: "connections", keys: ["$mod+3"], group: "go" },
  { act: "applications", keys: ["$mod+4"], group: "go" },
  { act: "auth_clients", keys: ["$mod+5"], group: "go" },
  { act: "back", keys: ["Alt+ArrowLeft"], group: "go" },
  { act: "forward", keys: ["Alt+ArrowRight"], group: "go" },
  { act: "next_pane", keys: ["F6"], group: "go" },
  { act: "previous_pane", keys: ["Shift+F6"], group: "go" },
  { act: "copy", keys: ["$mod+c"], group: "item", yields: "selection" },
  { act: "copy_reference", keys: ["$mod+Shift+C"], group: "item" },
  { act: "reveal", keys: ["$mod+r"], group: "item" },
  { act: "new_value", keys: ["$mod+Shift+V"], group: "item" },
  { act: "favourite", keys: ["$mod+d"], group: "item" },
  { act: "edit", keys: ["$mod+e"], group: "item" },
  { act: "save", keys: ["$mod+s"], group: "item" },
  { act: "delete", keys: ["Delete"], group: "item", yields: "text" },
  { act: "refresh", keys: ["F5"], group: "item" },
  { act: "select", keys: ["Space"], group: "list", inList: true },
  { act: "extend", keys: ["Shift+↑↓"], group: "list", inList: true },
  { act: "select_all", keys: ["$mod+a"], group: "list", yields: "text" },
];

type Handlers = Partial<Record<Act, () => void>>;
const layers: Handlers[] = [];
const mac = typeof navigator !== "undefined" && /Mac/.test(navigator.platform);

/** Caps of an act, for buttons and the list: ["Ctrl", "R"]. */
export function caps(act: Act): string[] {
  const first = SHORTCUTS.find((shortcut) => shortcut.act === act)?.keys[0] ?? "";
  const names: Record<string, string> = { $mod: mac ? "⌘" : "Ctrl", Shift: "⇧", ArrowLeft: "←", ArrowRight: "→", Delete: "Del" };
  return first.split("+").map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}

/** Registers acts while the component lives. */
export function onKeys(handlers: Handlers): void {
  onMount(() => {
    layers.push(handlers);
    return () => {
      const at = layers.indexOf(handlers);
      if (at >= 0) layers.splice(at, 1);
    };
  });
}

/** Runs an act as its shortcut would; false when nothing shown knows it. */
export function run(act: Act): boolean {
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const handler = layers[index]?.[act];
    if (handler) {
      handler();
      return true;
    }
  }
  return false;
}

/** Starts listening; answers how to stop. While a dialog is open only its own keys work. */
export function listenToKeys(target: Window): () => void {
  const map: Record<string, (event: KeyboardEvent) => void> = {};
  for (const shortcut of SHORTCUTS) {
    if (shortcut.inList) continue;
    for (const keys of shortcut.keys) {
      map[keys] = (event) => {
        if (yieldsTo(shortcut, event)) return;
        // Reload, find, print and the like belong to browsers, not to this window.
        event.preventDefault();
        if (target.document.querySelector("[role=dialog][data-state=open], [role=alertdialog][data-state=open], [role=menu][data-state=open]")) return;
        run(shortcut.act);
      };
    }
  }
  map["$mod+p"] = map["$mod+Shift+R"] = map["$mod+g"] = (event) => event.preventDefault();
  return tinykeys(target, map, { ignore: () => false });
}

function yieldsTo(shortcut: Shortcut, event: KeyboardEvent): boolean {
  if (!shortcut.yields) return false;
  const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]") !== null;
  if (field) return true;
  return shortcut.yields === "selection" && String(getSelection() ?? "") !== "";
}
