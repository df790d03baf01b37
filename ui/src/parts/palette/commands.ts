/** What the palette can do besides opening items: each of it is in the window too. */

import { tick } from "svelte";
import ArrowDownUp from "@lucide/svelte/icons/arrow-down-up";
import Activity from "@lucide/svelte/icons/heart-pulse";
import Braces from "@lucide/svelte/icons/braces";
import Boxes from "@lucide/svelte/icons/layers-2";
import Compare from "@lucide/svelte/icons/git-compare";
import Gear from "@lucide/svelte/icons/settings";
import Grid from "@lucide/svelte/icons/layout-grid";
import Key from "@lucide/svelte/icons/key-round";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Layers from "@lucide/svelte/icons/layers";
import Link from "@lucide/svelte/icons/link-2";
import Lock from "@lucide/svelte/icons/lock";
import Panel from "@lucide/svelte/icons/panel-left";
import Plus from "@lucide/svelte/icons/plus";
import Shield from "@lucide/svelte/icons/shield-check";
import Star from "@lucide/svelte/icons/star";
import Trash from "@lucide/svelte/icons/trash";
import type { IconType } from "../../kit/types";
import { m as lists } from "../../messages/lists";
import { m } from "../../messages/palette";
import { m as shell } from "../../messages/shell";
import { environments } from "../../state/environments.svelte";
import { run, type Act } from "../../state/keys.svelte";
import { route, type RouteName } from "../../state/route.svelte";

export interface Command {
  id: string;
  label: string;
  icon: IconType;
  /** Its own shortcut. */
  act?: Act;
  run: () => void;
}

const PLACES: [name: RouteName, label: string, icon: IconType, act?: Act][] = [
  ["items", shell.all_items(), Layers, "all_items"],
  ["favourites", lists.favourites(), Star],
  ["secrets", shell.secrets(), Key, "secrets"],
  ["credentials", shell.credentials(), Braces],
  ["connections", shell.connections(), Link, "connections"],
  ["applications", shell.applications(), Grid],
  ["auth-clients", shell.auth_clients(), Shield, "auth_clients"],
  ["health", shell.health(), Activity],
  ["import", shell.import(), ArrowDownUp],
  ["trash", shell.trash(), Trash],
  ["settings", shell.settings(), Gear, "settings"],
];

/** Does an act of a view once that view is shown. */
function there(name: RouteName, act: Act): void {
  route.go(name);
  void tick().then(() => run(act));
}

export function commands(onnewenvironment: () => void): Command[] {
  return [
    { id: "new", label: m.new_secret(), icon: Plus, act: "new", run: () => there("items", "new") },
    { id: "new-app-credential", label: m.new_app_credential(), icon: Plus, run: () => there("applications", "new") },
    { id: "connect", label: m.connect(), icon: Link, act: "connect", run: () => route.go("connect") },
    ...PLACES.map(([name, label, icon, act]) => ({ id: `go:${name}`, label: m.go_to(label), icon, act, run: () => route.go(name) })),
    ...environments.rows
      .filter((row) => row.name !== environments.current)
      .map((row) => ({ id: `env:${row.name}`, label: m.switch_to(shell.environment_title(row.name)), icon: Boxes, run: () => environments.choose(row.name) })),
    // There is nothing to compare with otherwise.
    ...(environments.rows.length > 1 ? [{ id: "compare", label: m.compare(), icon: Compare, run: () => route.go("compare") }] : []),
    { id: "environment", label: m.new_environment(), icon: Boxes, run: onnewenvironment },
    { id: "lock", label: m.lock(), icon: Lock, act: "lock", run: () => void run("lock") },
    { id: "rail", label: m.rail(), icon: Panel, act: "rail", run: () => void run("rail") },
    { id: "keys", label: m.keys(), icon: Keyboard, act: "help", run: () => void run("help") },
  ];
}
