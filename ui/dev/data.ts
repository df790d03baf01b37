/** Invented data for looking at screens. */

import type { Application } from "../src/host/bindings/Application";
import type { AuditEvent } from "../src/host/bindings/AuditEvent";
import type { AuthClient } from "../src/host/bindings/AuthClient";
import type { Compared } from "../src/host/bindings/Compared";
import type { Connection } from "../src/host/bindings/Connection";
import type { ConsentDue } from "../src/host/bindings/ConsentDue";
import type { Credential } from "../src/host/bindings/Credential";
import type { Environment } from "../src/host/bindings/Environment";
import type { ImportRow } from "../src/host/bindings/ImportRow";
import type { Finding } from "../src/host/bindings/Finding";
import type { Provider } from "../src/host/bindings/Provider";
import type { RefreshAttempt } from "../src/host/bindings/RefreshAttempt";
import type { RosterComplaint } from "../src/host/bindings/RosterComplaint";
import type { RosterRow } from "../src/host/bindings/RosterRow";
import type { Secret } from "../src/host/bindings/Secret";
import type { TokenFacts } from "../src/host/bindings/TokenFacts";
import type { Usage } from "../src/host/bindings/Usage";
import type { Version } from "../src/host/bindings/Version";

const minute = 60_000;
export const ago = (minutes: number) => new Date(Date.now() - minutes * minute).toISOString().replace(/\.\d+Z$/, "Z");

const id = (n: number) => `0198f000-0000-7000-8000-${String(n).padStart(12, "0")}`;

export const environments: Environment[] = [
  { name: "default", production: false, items: 3, created_at: ago(90_000), colour: null },
  { name: "development", production: false, items: 0, created_at: ago(90_000), colour: null },
  { name: "production", production: true, items: 16, created_at: ago(90_000), colour: null },
  { name: "staging", production: false, items: 4, created_at: ago(90_000), colour: null },
];

const NAMES: [key: string, name: string, description: string, tags: string[], minutes: number][] = [
  ["STRIPE_SECRET_KEY", "Stripe live secret key", "Charges and refunds of the shop.", ["payments", "ci"], 3],
  ["DATABASE_URL", "Orders database", "", ["customer-data"], 12],
  ["GITHUB_TOKEN", "GitHub access token", "", ["ci"], 60],
  ["SLACK_ALERTS_CHANNEL", "Slack alerts", "", [], 130],
  ["adobe_sign_client_id", "Adobe Sign", "", [], 310],
  ["SENTRY_AUTH_TOKEN", "Sentry", "", ["ci"], 2900],
  ["OPENAI_API_KEY", "OpenAI", "", [], 4400],
  ["TWILIO_AUTH_TOKEN", "Twilio", "", [], 6000],
  ["CF_API_TOKEN", "Cloudflare", "", ["ci"], 7300],
  ["SMTP_PASSWORD", "Mail relay", "", [], 40_000],
  ["JWT_SIGNING_KEY", "Token signing key", "PEM, RS256.", [], 61_000],
];

export const secrets: Secret[] = NAMES.map(([key, name, description, tags, minutes], n) => ({
  id: id(n + 1), key, name, description, tags, masked: key !== "SLACK_ALERTS_CHANNEL", environment: "production", version: (n % 4) + 1,
  created_at: ago(minutes + 90_000), updated_at: ago(minutes), notes: n === 0 ? "Made in the dashboard of the live account.\nAsk Priya before replacing it: the webhook uses it too." : "",
  expires_at: n === 2 ? ago(-9 * 24 * 60) : n === 6 ? ago(3 * 24 * 60) : null, rotate_every: n % 3 === 0 ? 90 * 24 * 3600 : null,
  rotation_due_at: n % 3 === 0 ? ago(n === 0 ? 12 * 24 * 60 : -40 * 24 * 60) : null, favourite: n === 0 || n === 4, value_changed_at: ago(minutes + (n === 0 ? 102 * 24 * 60 : 900)), deleted_at: null,
}));

const variable = (n: number, name: string, description: string, masked: boolean, bytes: number, file: string | null = null, version = 1) => ({
  id: id(400 + n), name, description, masked, version, bytes, file,
});

export const credentials: Credential[] = [
  ["warehouse_db", "Warehouse database", "Read-only access to the analytics warehouse for nightly reports", [
    variable(1, "host", "Cluster endpoint", false, 28), variable(2, "port", "", false, 4), variable(3, "database", "", false, 9),
    variable(4, "user", "Read-only reporting role", false, 13), variable(5, "password", "Rotated by the DBAs", true, 24, null, 3),
    variable(6, "ssl_root_cert", "PEM", true, 1842, "root-ca.pem"),
  ]],
  ["smtp_relay", "Mail relay", "", [variable(7, "host", "", false, 18), variable(8, "user", "", false, 5), variable(9, "password", "", true, 20)]],
  ["sftp_partner", "SFTP of the partner", "Price lists", [variable(10, "host", "", false, 18), variable(11, "key", "", true, 411)]],
].map(([key, name, description, variables], n) => ({
  id: id(300 + n), key, name, description, environment: "production", owner: "owner", variables, request_status: "none", access_type: "owner",
  created_at: ago(80_000), changed_at: ago(2000 + n * 9000), deleted_at: null,
})) as Credential[];

export const events: AuditEvent[] = (
  [["secret.set_value", "window", 3], ["reference.resolve", "pid 4711, /usr/bin/node", 12], ["secret.reveal", "window", 300], ["secret.update", "window", 3000], ["secret.create", "keyward", 90_000]] as const
).map(([action, actor, minutes], n) => ({ seq: 90 - n, at: ago(minutes), actor: `owner (${actor})`, action, subject: "secret production/STRIPE_SECRET_KEY", outcome: "ok" }));

export const compared: Compared[] = [
  ["ADOBE_KEY", "secret", "secret", true], ["DATABASE_URL", "secret", "secret", false], ["GITHUB_TOKEN", "secret", null, null], ["google_workspace", "connection", "connection", null],
  ["JWT_SIGNING_KEY", null, "secret", null], ["STRIPE_SECRET_KEY", "secret", "secret", false],
].map(([key, first, second, same]) => ({ key, first, second, same })) as Compared[];

/** Who read what: minutes ago, how often, by which program. */
export const usage: Usage[] = (
  [
    ["STRIPE_SECRET_KEY", 3, 214, ["node", "keyward", "window"]], ["DATABASE_URL", 12, 90, ["node"]], ["GITHUB_TOKEN", 61, 38, ["keyward"]], ["SLACK_ALERTS_CHANNEL", 130, 1, ["notify.py"]],
    ["google_workspace", 26, 12, ["node"]], ["SENTRY_AUTH_TOKEN", 2900, 12, ["ci-runner"]], ["TWILIO_AUTH_TOKEN", 6100, 2, ["notify.py"]], ["CF_API_TOKEN", 60_000, 3, ["terraform"]],
  ] as [string, number, number, string[]][]
).map(([key, minutes, reads, programs]) => ({
  environment: "production", key, reads, last_read_at: ago(minutes), programs: programs.map((program, n) => ({ program, reads: n === 0 ? reads : 1, last_read_at: ago(minutes + n * 90) })),
}));

const finding = (rule: string, n: number, minutes: number | null, fail = false, others: number[] = []): Finding => {
  const place = (at: number) => ({ kind: "secret", item: id(at + 1), environment: at === 3 ? "staging" : "production", key: NAMES[at]![0], field: null });
  return { id: rule, outcome: fail ? "fail" : "warn", message: "", hint: "", place: place(n), at: minutes === null ? null : ago(minutes), others: others.map(place) };
};

export const findings: Finding[] = [
  finding("expired", 7, 2 * 1440, true), finding("overdue", 0, 12 * 1440, true), finding("expiring", 5, -6 * 1440, true), finding("expiring", 8, -21 * 1440),
  finding("reused", 1, null, false, [3, 9]), finding("weak", 9, null), finding("never_rotated", 10, 500 * 1440), finding("never_rotated", 6, 400 * 1440),
];

export const trashed: Secret[] = [secrets[4]!, secrets[9]!].map((row, n) => ({ ...row, id: `trash-${n}`, key: `${row.key}_OLD`, deleted_at: ago(1500 + n * 30_000) }));

export const versions: Version[] = [4, 3, 2, 1].map((number) => ({
  number, note: number === 4 ? "" : number === 3 ? "Quarterly rotation" : "", current: number === 4, revoked: number === 1, created_at: ago((5 - number) * 40_000),
}));

export const authClients: AuthClient[] = [
  ["google_internal", "Google Workspace, internal", "google-workspace", "https://accounts.google.com", "https://accounts.google.com/o/oauth2/v2/auth"],
  ["salesforce", "Salesforce revenue", "salesforce", "https://login.salesforce.com", "https://login.salesforce.com/services/oauth2/authorize"],
  ["github_app", "GitHub App, acme-bot", "github", null, "https://github.com/login/oauth/authorize"],
].map(([key, name, application, issuer, auth_uri], n) => ({
  id: id(100 + n), key: key!, name: name!, type: "oauth2", application, visibility: n === 1 ? "vault" : "environment", kept_in: null, url: null, apply: null, issuer, auth_uri: auth_uri!, token_uri: `${auth_uri!}/token`,
  refresh_token_uri: null, revocation_uri: n === 2 ? null : `${auth_uri!}/revoke`, token_expires_in: 3600, client_id: `${n}1184-keyward.apps.example`, has_client_secret: n !== 1,
  redirect: "http://127.0.0.1/callback", scopes: n === 0 ? ["openid", "email", "https://www.googleapis.com/auth/drive.readonly"] : ["api", "refresh_token"], authorize_params: n === 0 ? ["access_type=offline"] : [],
  token_params: [], refresh_params: [], resources: [], refresh_window: null, provider: null, provider_variables: [],
  grant: "authorization_code", client_authentication: n === 1 ? "none" : "basic", request_token_uri: null, signature_method: null,
  connections: n === 0 ? 2 : 1, created_at: ago(50_000 + n * 3000),
})) as AuthClient[];

/** Twelve of the catalogue, as the picture has them. */
export const catalogue: Provider[] = [
  ["google", "Google", "accounts.google.com", "productivity", "G", 217],
  ["github", "GitHub", "github.com", "code", "GH", 215],
  ["gitlab", "GitLab", "gitlab.com", "code", "GL", 14],
  ["microsoft", "Microsoft Entra ID", "login.microsoftonline.com", "identity", "M", 207],
  ["salesforce", "Salesforce", "login.salesforce.com", "crm", "Sf", 203],
  ["slack", "Slack", "slack.com", "communication", "Sl", 322],
  ["jira", "Atlassian Jira", "auth.atlassian.com", "productivity", "A", 218],
  ["hubspot", "HubSpot", "app.hubspot.com", "crm", "Hs", 12],
  ["quickbooks", "QuickBooks Online", "appcenter.intuit.com", "finance", "QB", 130],
  ["xero", "Xero", "login.xero.com", "finance", "Xe", 196],
  ["zendesk", "Zendesk", "{subdomain}.zendesk.com", "support", "Zd", 190],
  ["docusign", "DocuSign", "account.docusign.com", "productivity", "Ds", 45],
].map(([key, name, host, category, letters, hue]) => ({
  id: key as string, name: name as string, application: key as string, category: category as string, keywords: [], letters: letters as string, hue: hue as number,
  host: host as string, website: null, documentation: null, console: null, protocol: "oauth2", issuer: null, auth_uri: `https://${host}/oauth/authorize`, token_uri: `https://${host}/oauth/token`,
  request_token_uri: null, refresh_token_uri: null, revocation_uri: null, introspection_uri: null, device_uri: null,
  variables: key === "zendesk" ? [{ name: "subdomain", title: "Your Zendesk subdomain", example: "acme", rule: "one part of a host name: letters, digits and -", default: null, choices: [] }] : [],
  scopes: [{ name: "read", description: "Read", usual: true }], grants: ["authorization_code"], client_authentication: "post", redirect: "any-port", redirect_uri: "http://127.0.0.1/callback",
  authorize_params: [], token_expires_in: 3600, refresh_window: null, without_pkce: false, keeps: [], refresh_token_idle: null, refresh_token_absolute: null,
  steps: ["Register an application in the developer settings.", "Copy client ID and client secret into Keyward."],
  verified_on: key === "hubspot" ? null : "2026-08-21", source: "a public catalogue", confidence: key === "hubspot" ? "unchecked" : "catalogued", own: false,
}));

const APPLICATIONS: Record<string, string> = { google_internal: "google-workspace", salesforce: "salesforce", github_app: "github" };

const connection = (n: number, key: string, name: string, client: string, state: Connection["state"], left: number, account: string | null, more: Partial<Connection> = {}): Connection => ({
  id: id(200 + n), key, name, environment: "production", application: APPLICATIONS[client] ?? null, auth_client: client, auth_type: "oauth2", owner: "owner", account, state, error: null,
  scope: "openid email drive.readonly", expires_at: ago(-left), obtained_at: ago(60 - left), next_refresh_at: state === "ready" ? ago(-left + 5) : null, refresh_token: true, renewed_by: "refresh_token",
  refresh_token_expires_at: null, url: null, apply: null, value_version: null, kept: [], default: n !== 3, created_at: ago(30_000), ...more,
});

const entered = (n: number, key: string, name: string, app: string, type: Connection["auth_type"], more: Partial<Connection>): Connection => ({
  ...connection(n, key, name, "", "ready", 0, null), application: app, auth_client: null, auth_type: type, scope: null, expires_at: null,
  obtained_at: null, next_refresh_at: null, refresh_token: false, renewed_by: null, default: false, value_version: 1, created_at: ago(9000 * n), ...more,
});

export const connections: Connection[] = [
  connection(0, "google_workspace", "Google Workspace", "google_internal", "ready", 41, "ops@acme.dev"),
  connection(1, "salesforce_revenue", "Salesforce revenue sync", "salesforce", "needs_consent", -20, "priya@acme.dev", {
    error: { code: "invalid_grant", message: "Salesforce ended this sign-in.", hint: "Connect it again." },
  }),
  connection(2, "github_bot", "GitHub App, acme-bot", "github_app", "ready", 52, "installation 51873"),
  connection(3, "books", "Books, Acme Ltd", "google_internal", "ready", 38, "finance@acme.dev", { refresh_token: false, renewed_by: null, next_refresh_at: null }),
  connection(4, "hubspot", "HubSpot portal 2291", "google_internal", "disconnected", -900, null, { expires_at: null, obtained_at: null, scope: null, refresh_token: false, renewed_by: null, default: false }),
  entered(5, "GITHUB_TOKEN", "GITHUB_TOKEN", "github", "access_token", { apply: "header:Authorization" }),
  entered(6, "github_enterprise", "GitHub Enterprise", "github", "basic", { apply: "basic", url: "https://github.acme.dev" }),
  entered(7, "STRIPE_SECRET_KEY_LIVE", "Stripe live key", "stripe", "api_key", { apply: "header:Authorization", default: true, value_version: 4 }),
  entered(8, "stripe_test", "Stripe test key", "stripe", "api_key", { apply: "query:key", state: "disconnected", value_version: null }),
  entered(9, "status_page", "Status page", "statuspage", "none", { url: "https://status.acme.dev", default: true, value_version: null }),
];

const application = (key: string, name: string): Application => ({
  key, name, url: null, auth_clients: authClients.filter((client) => client.application === key).map((client) => client.key),
  connections: connections.filter((one) => one.application === key).map((one) => one.key),
  default: connections.find((one) => one.application === key && one.default)?.key ?? null, created_at: ago(50_000),
});

export const applications: Application[] = [
  application("github", "GitHub"), application("google-workspace", "Google Workspace"), application("salesforce", "Salesforce"),
  application("statuspage", "Statuspage"), application("stripe", "Stripe"),
];

const found = (row: number, name: string, standing: ImportRow["standing"], action: ImportRow["action"], more: Partial<ImportRow> = {}): ImportRow => ({
  row, found: name, folder: "", kind: "secret", variables: [], environment: "default", key: name, proposed: false, standing, action,
  next_version: standing === "changed" ? 3 : null, remark: "", ...more,
});

export const importRows: ImportRow[] = [
  found(0, "STRIPE_WEBHOOK_SECRET", "new", "add"),
  found(1, "TWILIO_AUTH_TOKEN", "changed", "ask"),
  found(2, "DATABASE_URL", "same", "skip"),
  found(3, "SENTRY_AUTH_TOKEN", "changed", "version"),
  found(4, "Registry login", "new", "add", { kind: "credential", variables: ["username", "password", "url"], folder: "Work/Cloud", key: "REGISTRY_LOGIN", proposed: true }),
  found(5, "google_workspace", "taken", "ask", { remark: "google_workspace is a connection" }),
  found(6, "LOG_LEVEL", "new", "add"),
  found(7, "AWS production", "new", "add", { kind: "credential", variables: ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION"], key: "AWS_PRODUCTION", proposed: true }),
  found(8, "OPENAI_API_KEY", "new", "add"),
  found(9, "Old disk image", "unusable", "skip", { remark: "its value has 4194304 bytes, and at most 1 MiB can be stored", key: "OLD_DISK_IMAGE" }),
  found(10, "CF_API_TOKEN", "new", "add"),
  found(11, "SLACK_ALERTS_CHANNEL", "same", "skip"),
];

export const attempts: RefreshAttempt[] = Array.from({ length: 20 }, (_, n) => ({
  at: ago(19 + n * 55), outcome: n === 6 ? "temporary" : "ok", took_ms: n === 6 ? 10_000 : 118 + ((n * 53) % 190),
}));

export const facts: TokenFacts = {
  asked: ["openid", "email", "drive.readonly", "calendar.events", "contacts.readonly"],
  claims: [
    { name: "iss", value: "https://accounts.google.com" },
    { name: "sub", value: "118409241850913" },
    { name: "email", value: "ops@acme.dev" },
    { name: "hd", value: "acme.dev" },
    { name: "iat", value: String(Math.floor(Date.now() / 1000) - 1140) },
  ],
  refresh_token_end: { at: ago(-170 * 24 * 60), idle: true },
  consented_at: ago(60 * 24 * 51),
  failures: 0,
  retry_at: null,
  clock_skew: 1,
  unsaved: false,
  revocations: [],
};

const DUE: [name: string, key: string, urgency: ConsentDue["urgency"], account: string, title: string, why: string][] = [
  ["Salesforce revenue sync", "salesforce_revenue", "dead", "priya@acme.dev", "Salesforce ended the session or the grant", "A connected app has a policy for refresh tokens, and an account keeps five grants of one app: the next one ends the oldest."],
  ["Books, Acme Ltd", "books", "ending", "finance@acme.dev", "The provider issued no refresh token", "Nothing renews this connection: it ends with its access token."],
  ["CRM, EMEA", "crm_emea", "planned", "ops-emea@acme.dev", "Nobody has signed in yet", "It was planned, and waits for the first consent."],
  ["CRM, APAC", "crm_apac", "planned", "ops-apac@acme.dev", "Nobody has signed in yet", "It was planned, and waits for the first consent."],
];

/** Connections that need a person; the third one’s auth client has no client secret. */
export function consentsDue(count: number): ConsentDue[] {
  return Array.from({ length: count }, (_, n) => {
    const [name, key, urgency, account, title, why] = DUE[n % DUE.length]!;
    const more = n < DUE.length ? "" : ` ${Math.floor(n / DUE.length) + 1}`;
    const known = connections.find((one) => one.key === key && more === "");
    return {
      connection: known ?? connection(300 + n, `${key}${more.trim()}`, `${name}${more}`, n === 2 ? "salesforce" : "google_internal", "awaiting_consent", 0, null, { expires_at: null }),
      urgency, at: ago(600 + n * 1440), login_hint: account, wants_client_secret: n === 2,
      cause: { id: "fixture", title, why, fix: urgency === "planned" ? "" : "Connect it again.", act: "connect", command: `keyward connect ${key}` },
    };
  });
}

export const rosterRows: RosterRow[] = [
  ["line 2", "auth_client", "crm", true], ["line 3", "auth_client", "books", false], ["line 4", "connection", "crm_emea", false],
  ["line 5", "connection", "crm_apac", false], ["line 6", "connection", "books_uk", false],
].map(([place, kind, key, wants]) => ({ place: place as string, kind: kind as RosterRow["kind"], key: key as string, taken: false, wants_client_secret: wants as boolean }));

export const rosterComplaints: RosterComplaint[] = [
  { place: "line 3", field: "client_secret", reason: "it looks like a secret", hint: "A roster holds none: enter it in Keyward after the import." },
  { place: "line 5", field: "auth_client", reason: "there is no auth client “crm2”, in the file or here", hint: "" },
];
