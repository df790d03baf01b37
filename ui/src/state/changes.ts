/** Rust says what changed; what is shown is read again. Nobody polls. */

import { listen } from "../host";
import type { Change } from "../host/bindings/Change";
import { applications } from "./applications.svelte";
import { authClients } from "./auth_clients.svelte";
import { clipboard } from "./clipboard.svelte";
import { connections } from "./connections.svelte";
import { consentQueue } from "./consent_queue.svelte";
import { consents } from "./consents.svelte";
import { credentials } from "./credentials.svelte";
import { desk } from "./desk.svelte";
import { environments } from "./environments.svelte";
import { find } from "./find.svelte";
import { health } from "./health.svelte";
import { rekey } from "./rekey.svelte";
import { roster } from "./roster.svelte";
import { route } from "./route.svelte";
import { secrets } from "./secrets.svelte";
import { settings } from "./settings.svelte";
import { trash } from "./trash.svelte";
import { usage } from "./usage.svelte";
import { vault } from "./vault.svelte";
import { works } from "./works.svelte";

/** Follows every event until the answer is called. */
export function followChanges(): () => void {
  const stops = [
    listen("change", (change) => void heard(change)),
    listen("clipboard", (tick) => clipboard.tick(tick.seconds_left, tick.cleared)),
    listen("closing", () => desk.close()),
  ];
  // Programs read values all the time, and no Change tells of it: it is looked at when somebody looks.
  const looked = () => void usage.reload();
  addEventListener("focus", looked);
  return () => {
    removeEventListener("focus", looked);
    stops.forEach((stop) => stop());
  };
}

async function heard(change: Change): Promise<void> {
  // While it is locked only its tokens are kept fresh, and nothing of that is shown.
  if (change.kind !== "vault" && vault.stage !== "open") return;
  switch (change.kind) {
    case "vault":
      await vault.read();
      if (vault.stage !== "open") forget();
      // A first passphrase, or none any more: what the settings can ask for has changed.
      else await settings.read();
      return;
    case "environment":
      return environments.read();
    case "secret":
      await Promise.all([secrets.reload(), environments.read(), trash.reload(), health.look()]);
      return;
    case "credential":
      await Promise.all([credentials.reload(), environments.read(), trash.reload(), health.look()]);
      return;
    case "application":
      return applications.reload();
    case "auth_client":
      await Promise.all([authClients.reload(), applications.reload(), health.look()]);
      return;
    case "connection":
      // Tokens are refreshed all the time, and Health is about stored values: whoever enters new ones looks again.
      await Promise.all([connections.reload(), authClients.reload(), applications.reload(), environments.read()]);
      return;
    case "rekey":
      return rekey.read();
    case "work":
      return works.read();
    case "settings":
      return settings.read();
    case "consent":
      return; // a long poll follows the running Consent
  }
}

/** Opens an environment in every list. */
export function openEnvironment(name: string): void {
  void secrets.open(name);
  void credentials.open(name);
  void connections.open(name);
  void authClients.open(name);
  void applications.open(name);
  void usage.open(name);
  void health.look();
}

/** The vault was locked: nothing that was read stays in memory. */
export function forget(): void {
  secrets.clear();
  credentials.clear();
  connections.clear();
  authClients.clear();
  applications.clear();
  consents.clear();
  consentQueue.clear();
  roster.clear();
  environments.clear();
  settings.clear();
  usage.clear();
  trash.clear();
  health.clear();
  find.clear();
  rekey.clear();
  works.clear();
  route.reset("items");
}
