/** A door with invented answers. The query says where to start: stage=create|locked|open, mode, passphrase, device, wrong, keychain, damaged, norecovery, empty, consent=<how it ends>, queue=<how many>, roster=<good|bad|taken>, waited=<seconds>, nobrowser, many=<count>. */

import type { Commands, Door, Events } from "../src/host";
import type { BackupCopy } from "../src/host/bindings/BackupCopy";
import type { Consent } from "../src/host/bindings/Consent";
import type { Credential } from "../src/host/bindings/Credential";
import type { RekeyProgress } from "../src/host/bindings/RekeyProgress";
import type { Settings } from "../src/host/bindings/Settings";
import type { Secret } from "../src/host/bindings/Secret";
import type { Vault } from "../src/host/bindings/Vault";
import type { VaultStatus } from "../src/host/bindings/VaultStatus";
import type { WireError } from "../src/host/bindings/WireError";
import type { Theme } from "../src/host/desktop";
import { ago, applications, attempts, authClients, catalogue, compared, connections, credentials, environments, events, facts, findings, secrets, trashed, usage, versions } from "./data";
import { consentsDue, importRows, rosterComplaints, rosterRows } from "./data";

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
const fail = (code: WireError["code"], message: string, hint = ""): never => {
  throw { code, message, hint } satisfies WireError;
};

export function fixture(asked: URLSearchParams): Door {
  const heard: { [E in keyof Events]?: ((payload: Events[E]) => void)[] } = {};
  const tell = <E extends keyof Events>(name: E, payload: Events[E]) => heard[name]?.forEach((hear) => hear(payload));
  const stage = asked.get("stage") ?? "open";
  let envs = asked.has("empty") ? [{ ...environments[0]!, items: 0 }] : [...environments];
  if (asked.get("env") === "production") envs = envs.filter((row) => row.name === "production");
  let rows: Secret[] = asked.has("empty") ? [] : [...secrets];
  for (let n = 0; n < Number(asked.get("many") ?? 0); n += 1) {
    rows.push({ ...secrets[n % secrets.length]!, id: `many-${n}`, key: `MANY_${n}`, name: `One of many, ${n}`, updated_at: ago(100_000 + n * 30) });
  }
  const status: VaultStatus = {
    version: "0.1.0", home: "~/.local/share/keyward", vault: "default", exists: stage !== "create", mode: asked.get("mode") === "passphrase" ? "passphrase" : "keychain",
    locked: stage === "locked", host: { kind: "app", pid: 4711 }, freshness: "ok", recovery: stage === "open" ? !asked.has("norecovery") : null,
    ...(stage === "locked" ? { refreshing: asked.get("mode") !== "passphrase" } : {}),
  };
  let settings: Settings = {
    auto_lock_minutes: 15, lock_on_suspend: true, lock_on_screen_lock: true, clipboard_seconds: 30, reveal_seconds: 30,
    passphrase_to_reveal: asked.has("again"), passphrase_to_export: asked.has("again"), has_passphrase: asked.has("again") || status.mode === "passphrase",
    refresh_while_locked: status.mode !== "passphrase", sleep_is_heard: !asked.has("deaf"), screen_lock_is_heard: !asked.has("deaf"),
  };
  const checked = async (passphrase: unknown) => {
    await wait(400);
    if (passphrase !== "correct horse") fail("locked", "That passphrase does not open this vault.", "Check the keyboard layout and Caps Lock, then try again.");
  };
  const offer = { recovery_key: "K7QM-X2FD-9TRE-HV4B-3NWA-PZ8C-6YJS-DM5K", ask: [2, 5] };
  const truth = "The Secret Service gives the key to every program that runs as you: while you are logged in, any of them can open this vault.";
  let rekey: RekeyProgress | null = null;
  let vaults: Vault[] = asked.has("vaults")
    ? ["default", "personal", "work"].map((name) => ({ name, mode: "keychain", locked: name !== "default" }))
    : [{ name: "default", mode: "keychain", locked: false }];
  const copies: BackupCopy[] = [0.2, 1.2, 2.2].map((days, at) => ({
    name: `copy-${at}`, path: `~/.local/share/keyward/vaults/default/backups/copy-${at}.db`, made_at: ago(days * 86_400), reason: at === 1 ? "replaced" : "daily", size: 1_468_006 - at * 40_960,
  }));
  let consent: Consent | null = null;
  const due = consentsDue(Number(asked.get("queue") ?? (asked.has("empty") ? 0 : 2)));
  const answered = new Set<string>();
  let clipboard: ReturnType<typeof setInterval> | undefined;
  const copied = () => {
    let left = 30;
    clearInterval(clipboard);
    clipboard = setInterval(() => {
      left -= 1;
      tell("clipboard", { seconds_left: Math.max(0, left), cleared: left <= 0 });
      if (left <= 0) clearInterval(clipboard);
    }, 1000);
    return { seconds: 30 };
  };
  let kdfMemory = 256;
  let bundles: Credential[] = asked.has("empty") ? [] : [...credentials];
  const bundle = (name: string) => bundles.find((row) => row.id === name || row.key === name) ?? fail("not_found", `${name} was not found`);
  const put = (row: Credential) => {
    bundles = [row, ...bundles.filter((other) => other.id !== row.id)];
    return row;
  };
  const one = (name: string) => rows.find((row) => row.id === name || row.key === name) ?? fail("not_found", `${name} was not found`);

  const answers: { [K in keyof Commands]: (request: Commands[K][0]) => Commands[K][1] | Promise<Commands[K][1]> } = {
    vault_status: () => ({ ...status }),
    keychain_probe: async () => {
      await wait(200);
      return asked.has("nokeychain") ? { usable: false, name: "Secret Service", reason: "No Secret Service is running in this session. Start GNOME Keyring or KWallet.", truth } : { usable: true, name: "Secret Service", reason: "", truth };
    },
    vault_create: async ({ mode }) => {
      await wait(600);
      Object.assign(status, { exists: true, locked: false, mode, recovery: false });
      return offer;
    },
    recovery_begin: () => offer,
    vault_ways: () => ({
      keychain: status.mode === "keychain",
      keychain_lost: asked.has("lost"),
      passphrase: status.mode === "passphrase" || asked.has("passphrase") ? { device_secret: asked.has("device"), memory_mib: kdfMemory, passes: 3, lanes: 1 } : null,
      recovery: !asked.has("norecovery"),
    }),
    passphrase_change: async () => {
      await wait(600);
      return {};
    },
    passphrase_measure: async () => {
      await wait(500);
      const measured = (memory_mib: number) => ({ memory_mib, passes: 3, milliseconds: Math.round(memory_mib * 2.5) });
      return { now: measured(kdfMemory), stronger: kdfMemory < 1024 ? measured(kdfMemory * 2) : null };
    },
    passphrase_strengthen: async ({ memory_mib }) => {
      await wait(900);
      kdfMemory = memory_mib;
      return {};
    },
    recovery_use: async ({ recovery_key }) => {
      await wait(400);
      if (recovery_key !== offer.recovery_key) fail("locked", "That recovery key does not open this vault.");
      return offer;
    },
    recovery_decline: () => ({}),
    rekey_begin: async () => {
      await wait(400);
      rekey = { state: "running", stage: "sealing", done: 78, total: 122, seconds_left: 6, error: null };
      return offer;
    },
    rekey_status: () => rekey ?? fail("not_found", "No rekey was started."),
    rekey_stop: () => {
      if (rekey) rekey = { ...rekey, state: "stopped" };
      tell("change", { kind: "rekey", id: "" });
      return {};
    },
    vault_confirm_recovery: () => {
      Object.assign(status, { recovery: true, locked: false });
      return {};
    },
    vault_unlock: async ({ passphrase }) => {
      await wait(asked.has("slow") ? 60_000 : 500);
      if (asked.has("keychain")) fail("keychain", "No Secret Service is running in this session, so Keyward can’t fetch the vault key.", "Start GNOME Keyring or KWallet, then try again.");
      if (asked.has("damaged")) fail("corrupt", "the vault is damaged: page 41 fails its check", "Restore the newest copy of the vault. `keyward doctor` names what is damaged.");
      if (status.mode === "passphrase" && passphrase !== "correct horse") fail("locked", "that key does not open this vault");
      status.locked = false;
      return { ...status };
    },
    vault_lock: () => {
      status.locked = true;
      tell("change", { kind: "vault", id: "" });
      return {};
    },
    vault_list: () => vaults,
    vault_select: ({ name }) => {
      Object.assign(status, { vault: name, exists: vaults.some((row) => row.name === name), locked: false });
      tell("change", { kind: "vault", id: "" });
      return { ...status };
    },
    vault_rename: ({ name, new_name }) => {
      vaults = vaults.map((row) => (row.name === name ? { ...row, name: new_name } : row));
      status.vault = new_name;
      tell("change", { kind: "vault", id: "" });
      return {};
    },
    vault_delete: ({ name }) => {
      vaults = vaults.filter((row) => row.name !== name);
      return { keys_left: null };
    },
    backup_list: () => (asked.has("empty") ? [] : copies),
    backup_make: () => ({ path: "~/Backups/keyward-default.db", records: 214, events: 1302 }),
    backup_choose: () => ({ name: "keyward-default.db" }),
    backup_compare: async ({ copy }) => {
      await wait(300);
      if (copy === null) return { mode: "passphrase", comparison: null };
      return { mode: status.mode ?? "keychain", comparison: { lost: ["GITHUB_APP_KEY"], older: ["STRIPE_SECRET_KEY", "google_calendar"], back: [] } };
    },
    backup_restore: async () => {
      await wait(600);
      return { records: 212, replaced: "2026-11-22T102431Z-replaced.db", doubtful: 2 };
    },
    passphrase_suggest: () => ({ words: "copper lantern drift meadow quartz" }),
    passphrase_judge: ({ passphrase }) => {
      const length = typeof passphrase === "string" ? passphrase.length : 0;
      if (length < 12) return { verdict: "too_short", sentence: "Use at least 12 characters." };
      if (length < 16) return { verdict: "weak", sentence: "Somebody with time could guess it." };
      if (length < 22) return { verdict: "fair", sentence: "Guessing it would take years." };
      return { verdict: "strong", sentence: "Guessing it would take far longer than a lifetime." };
    },
    recovery_copy: copied,
    recovery_save: () => ({ saved: true, path: "~/Documents/keyward-recovery.txt" }),
    environment_list: () => envs,
    environment_create: ({ name }) => {
      const made = { name, production: false, items: 0, created_at: ago(0), colour: null };
      envs = [...envs, made];
      return made;
    },
    environment_update: ({ name, production, colour }) => {
      const row = envs.find((one) => one.name === name) ?? envs[0]!;
      const changed = { ...row, production: production ?? row.production, colour: colour === "" ? null : (colour ?? row.colour) };
      envs = envs.map((one) => (one.name === name ? changed : one));
      return changed;
    },
    environment_delete: () => ({}),
    environment_compare: () => compared,
    secret_list: ({ environment }) => (environment === "production" || asked.has("empty") ? rows : rows.slice(0, 3).map((row) => ({ ...row, id: `${environment}-${row.id}`, environment }))),
    secret_create: ({ environment, key, name, description, tags }) => {
      const made: Secret = { ...secrets[0]!, id: `new-${key}`, environment, key, name: name ?? key, description: description ?? "", tags: tags ?? [], version: 1, created_at: ago(0), updated_at: ago(0) };
      rows = [made, ...rows];
      return made;
    },
    secret_show: ({ secret }) => one(secret),
    secret_update: ({ secret, name, description, tags, notes, favourite }) => {
      const row = one(secret);
      const changed = {
        ...row, name: name ?? row.name, description: description ?? row.description, tags: tags ?? row.tags, notes: notes ?? row.notes, favourite: favourite ?? row.favourite, updated_at: ago(0),
      };
      rows = rows.map((r) => (r.id === row.id ? changed : r));
      return changed;
    },
    secret_set_value: ({ secret }) => ({ ...one(secret), version: one(secret).version + 1, updated_at: ago(0) }),
    secret_delete: ({ secrets: names }) => {
      const gone = names.map(one);
      rows = rows.filter((row) => !gone.includes(row));
      return gone;
    },
    secret_duplicate: ({ secret, key }) => {
      const made = { ...one(secret), id: `copy-${key}`, key, version: 1 };
      rows = [...rows, made];
      return made;
    },
    secret_move: ({ secrets: names, copy }) => {
      const gone = names.map(one);
      if (copy !== true) rows = rows.filter((row) => !gone.includes(row));
      return gone;
    },
    secret_is_current: ({ value }) => ({ same: value === "current" }),
    value_choose_file: () => ({ file: { id: 1, name: "signing-key.pem", size: 1704 } }),
    secret_create_from_file: ({ request }) => ({ ...secrets[0]!, id: `new-${request.key}`, key: request.key, version: 1 }),
    secret_set_value_from_file: ({ request }) => ({ ...one(request.secret), version: one(request.secret).version + 1 }),
    item_events: () => events,
    secret_restore: ({ secret }) => {
      const row = rows.find((r) => r.id === secret) ?? secrets.find((r) => r.id === secret) ?? secrets[0]!;
      if (!rows.includes(row)) rows = [row, ...rows];
      return row;
    },
    secret_trash: () => (asked.has("empty") ? [] : trashed),
    secret_empty_trash: () => ({ purged: trashed.length }),
    usage_list: ({ days }) => (asked.has("unused") ? [] : usage.filter((row) => Date.parse(row.last_read_at) > Date.now() - (days ?? 30) * 86_400_000)),
    work_status: ({ work }) => (asked.has("slow") ? { running: true, done: work === "import" ? 1_204 : 78, total: work === "import" ? 4_000 : 122 } : { running: false, done: 0, total: 0 }),
    health_list: () => (asked.has("well") ? [] : findings.filter((one) => one.at !== null)),
    health_check: async () => {
      if (asked.has("slow")) tell("change", { kind: "work", id: "" });
      await wait(asked.has("slow") ? 60_000 : 300);
      return { findings: asked.has("well") ? [] : findings, left_out: 0, checked: 122, unread: asked.has("unread") ? 1 : 0 };
    },
    secret_history: () => versions,
    settings_show: () => settings,
    settings_update: async ({ passphrase, ...change }) => {
      if (settings.passphrase_to_reveal) await checked(passphrase);
      return (settings = { ...settings, ...change });
    },
    secret_reveal: async ({ secret, passphrase }) => (settings.passphrase_to_reveal && (await checked(passphrase)), { value: one(secret).key === "JWT_SIGNING_KEY" ? "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nAASCBKcwggSjAg\nEAAoIBAQC7\n-----END PRIVATE KEY-----" : "sk_live_51N8vQ2LrT0xW4hZ9aBq7Ypd" }),
    secret_copy: copied,
    credential_list: () => bundles,
    credential_create: (made) =>
      put({
        ...credentials[0]!, id: `new-${made.key}`, key: made.key, name: made.name ?? made.key, description: made.description ?? "", changed_at: ago(0),
        variables: made.variables.map((row, n) => ({ id: `v${n}`, name: row.name, description: row.description, masked: row.masked, version: 1, bytes: 8, file: row.file })),
      }),
    credential_show: ({ credential }) => bundle(credential),
    credential_update: ({ credential, name, description, variables }) =>
      put({
        ...bundle(credential), name: name ?? "", description: description ?? "", changed_at: ago(0),
        variables: (variables ?? []).map((row, n) => ({ id: row.id ?? `v${n}`, name: row.name, description: row.description, masked: row.masked, version: row.value ? 2 : 1, bytes: 8, file: row.file })),
      }),
    credential_delete: ({ credentials: names }) => {
      const gone = names.map(bundle);
      bundles = bundles.filter((row) => !gone.includes(row));
      return gone;
    },
    credential_trash: () => [],
    credential_empty_trash: () => ({ purged: 0 }),
    credential_restore: ({ credential }) => put(credentials.find((row) => row.id === credential) ?? credentials[0]!),
    credential_restore_version: ({ credential }) => bundle(credential),
    credential_history: () => versions,
    credential_reveal: ({ variable }) => ({ value: variable.endsWith("401") ? "warehouse.prod.acme.internal" : "pg_5Xw!42hZ9aBq7Ypd" }),
    credential_copy: copied,
    clipboard_clear: () => {
      clearInterval(clipboard);
      return {};
    },
    reference_copy: () => ({}),
    application_list: () => (asked.has("empty") ? [] : applications),
    application_update: ({ application, name, url }) => {
      const row = applications.find((one) => one.key === application)!;
      return Object.assign(row, { name: name ?? row.name, url: url === null ? row.url : url || null });
    },
    application_default: ({ application, connection }) => ({ ...applications.find((row) => row.key === application)!, default: connection }),
    auth_client_list: () => (asked.has("empty") ? [] : authClients),
    auth_client_create: (request) => ({ ...authClients[0]!, id: `new-${request.key}`, key: request.key, name: request.name ?? request.key, connections: 0 }),
    auth_client_create_from_file: ({ request }) => ({ ...authClients[0]!, id: `new-${request.key}`, key: request.key, name: request.name ?? request.key, connections: 0 }),
    auth_client_show: ({ auth_client }) => authClients.find((row) => row.id === auth_client) ?? authClients[0]!,
    auth_client_update: ({ auth_client, name, visibility }) => {
      const row = authClients.find((one) => one.id === auth_client) ?? authClients[0]!;
      return { ...row, name: name ?? row.name, visibility: visibility ?? row.visibility };
    },
    auth_client_delete: () => ({}),
    auth_client_discover: async ({ issuer }) => {
      await wait(700);
      return { issuer, auth_uri: `${issuer}/authorize`, token_uri: `${issuer}/token`, revocation_uri: `${issuer}/revoke`, device_uri: null, jwks_uri: `${issuer}/keys`, registers_clients: false, names_itself: true, warnings: [] };
    },
    auth_client_choose_file: () => ({ name: "clients.csv" }),
    auth_client_import: async ({ dry_run, skip_existing }) => {
      await wait(500);
      const complaints = asked.get("roster") === "bad" ? rosterComplaints : [];
      const rows = asked.get("roster") === "taken" ? rosterRows.map((row, n) => ({ ...row, taken: n === 0 || n === 3 })) : rosterRows;
      return { rows: rows.filter((row) => complaints.every((one) => one.place !== row.place)), complaints, written: !dry_run && complaints.length === 0 && (skip_existing || rows.every((row) => !row.taken)) };
    },
    provider_list: () => ({ providers: catalogue, problems: [] }),
    connection_list: () => (asked.has("empty") ? [] : connections),
    connection_create: ({ key, name, auth_type, application }) => ({ ...connections[5]!, id: `new-${key}`, key, name: name ?? key, auth_type, application }),
    connection_update: ({ connection, name, values }) => {
      const row = connections.find((one) => one.id === connection) ?? connections[5]!;
      return { ...row, name: name ?? row.name, state: "ready", value_version: values ? (row.value_version ?? 0) + 1 : row.value_version };
    },
    connection_history: () => versions,
    connection_restore: ({ connection }) => connections.find((one) => one.id === connection) ?? connections[5]!,
    connection_reveal: ({ field }) => ({ value: field === "username" ? "acme-bot" : "ghp_x8Wc2QmZ0Rk4Vt6Yb1Nd7Lf3" }),
    connection_copy: copied,
    consent_list: () => due.filter((one) => !answered.has(one.connection.key)),
    connection_connect: ({ connection, auth_client, browser }) => {
      consent = {
        id: "c1", connection, auth_client: auth_client ?? "google_internal", state: "waiting", link: "https://accounts.google.com/o/oauth2/v2/auth?client_id=x", user_code: asked.has("device") ? "WDJB-MJHT" : null, listening: "127.0.0.1:49731/callback",
        browser: asked.has("nobrowser") || browser === "link" ? null : "Firefox", seconds_left: 300 - Number(asked.get("waited") ?? 42), seconds_allowed: 300, revision: 1, result: null, error: null,
        steps: [
          { id: "prepare", state: "done", seconds: 0.02 }, { id: "open_browser", state: "done", seconds: 0.3 }, { id: "wait", state: "now", seconds: null },
          { id: "exchange", state: "todo", seconds: null }, { id: "store", state: "todo", seconds: null }, { id: "plan", state: "todo", seconds: null },
        ],
      };
      return consent;
    },
    consent_status: async () => {
      const end = asked.get("consent") as Consent["state"] | null;
      await wait(end ? 1200 : 3_600_000);
      if (end === "done") answered.add(consent?.connection ?? "");
      const done = end === "done" || end === "done_without_refresh_token";
      consent = {
        ...consent!, state: end ?? "waiting", revision: consent!.revision + 1, result: done ? { ...connections[end === "done" ? 0 : 3]!, ...(asked.has("queue") ? due.find((one) => one.connection.key === consent!.connection)?.connection : {}), state: "ready" } : null,
        error: done ? null : { code: "provider", message: "The provider refused: invalid_client", hint: "Compare client id and secret." },
        steps: consent!.steps.map((step) => (done ? { ...step, state: step.id === "plan" && end !== "done" ? "warn" : "done", seconds: step.seconds ?? 0.4 } : step.state === "now" ? { ...step, state: "error", seconds: 42 } : step)),
      };
      return consent;
    },
    connection_cancel: () => ({ ...consent!, state: "cancelled", revision: consent!.revision + 1 }),
    connection_paste: () => consent!,
    connection_open_again: () => ({}),
    connection_copy_link: () => ({}),
    connection_why: ({ connection }) => {
      const row = connections.find((one) => one.id === connection || one.key === connection) ?? connections[0]!;
      const broken = row.state === "needs_consent" || row.state === "error";
      return {
        connection: row,
        consented_at: null,
        causes: broken
          ? [
              {
                id: "salesforce_limit", title: "Salesforce ended the session or the grant",
                why: "A connected app has a policy for refresh tokens, and an account keeps five grants of one app: the next one ends the oldest.",
                fix: "Look at the refresh token policy of the connected app (Setup, App Manager), then connect again.",
                act: "connect", command: `keyward connect ${row.key}`,
              },
              {
                id: "revoked", title: "Access was taken back", why: "The account’s owner or an administrator removed the app.",
                fix: "Ask who did, then connect it again.", act: "connect", command: `keyward connect ${row.key}`,
              },
            ]
          : [{ id: "healthy", title: "Nothing is wrong", why: "Its tokens are kept fresh.", fix: "", act: "nothing", command: null }],
      };
    },
    connection_refresh: async ({ connection }) => {
      await wait(1500);
      return connections.find((row) => row.id === connection || row.key === connection) ?? connections[0]!;
    },
    connection_refreshes: () => attempts,
    connection_facts: () => facts,
    connection_alarms: () => (asked.has("alarms") ? [{ id: connections[0]!.id, name: connections[0]!.name, kind: "ending", at: ago(-4 * 24 * 60) }] : []),
    connection_invalidate: ({ connection }) => connections.find((row) => row.id === connection || row.key === connection) ?? connections[0]!,
    connection_disconnect: ({ connection }) => ({ connection, revocation: "revoked", error: null }),
    connection_delete: ({ connections: names }) => names.map((connection) => ({ connection, revocation: "no_endpoint", error: null })),
    import_choose: ({ format }) => ({ name: format === "kdbx" ? "work.kdbx" : ".env" }),
    import_read: async ({ format, passphrase }) => {
      await wait(400);
      if (format === "kdbx" && passphrase !== "correct horse") fail("locked", "work.kdbx: the database has a passphrase.");
      return { import: "i1", entries: importRows.length };
    },
    import_plan: ({ choices }) => ({
      total: importRows.length,
      rows: importRows.map((row) => {
        const choice = choices.find((one) => one.row === row.row);
        return { ...row, action: choice?.action ?? row.action, key: choice?.key ?? row.key };
      }),
      environments: [],
      remarks: asked.has("remarks") ? ["3 in the recycle bin were left out."] : [],
    }),
    import_apply: async ({ choices }) => {
      await wait(600);
      return { added: 7, versions: choices.length, renamed: 0, skipped: 3, environments: [] };
    },
    import_undo: () => ({ trashed: 7 }),
    import_discard: () => ({}),
    export_save: async () => {
      await wait(500);
      return { name: "keyward-export.json.age", items: 122, remarks: [] };
    },
    appearance_get: () => ({ theme: (asked.get("theme") as Theme | null) ?? "light", closes_to_tray: true, close_notice_seen: true }),
    appearance_set: () => ({}),
    window_minimize: () => ({}),
    window_toggle_maximize: () => ({}),
    window_close: () => ({}),
  };

  return {
    call: async (name, request) => {
      await wait(5);
      return answers[name](request);
    },
    listen: <E extends keyof Events>(name: E, hear: (payload: Events[E]) => void) => {
      const list: ((payload: Events[E]) => void)[] = (heard[name] ??= []);
      list.push(hear);
      return Promise.resolve(() => void list.splice(list.indexOf(hear), 1));
    },
  };
}
