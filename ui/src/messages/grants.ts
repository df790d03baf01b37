/** Words of how an auth client gets tokens, says who it is, and where the browser comes back to. */

import type { Authentication, Grant } from "../state/grants";
import type { RedirectKind } from "../state/redirect_draft.svelte";

const GRANT: Record<Grant, string> = {
  authorization_code: "Authorization code with PKCE",
  device_code: "Device code",
  client_credentials: "Client credentials",
  jwt_bearer: "JWT bearer",
  password: "Password (legacy)",
};
const GRANT_WHAT: Record<Grant, string> = {
  authorization_code: "A person agrees in the browser. What nearly every provider means.",
  device_code: "A person types a short code in on any device. For machines without a browser.",
  client_credentials: "The client itself, without a person: for servers and jobs.",
  jwt_bearer: "A signed assertion, such as that of a service account. No person is asked.",
  password: "A user name and a password become tokens.",
};
const AUTHENTICATION: Record<Authentication, string> = {
  basic: "HTTP Basic header",
  post: "In the form",
  none: "None: a public client",
  private_key_jwt: "Signed with a private key",
};
const AUTHENTICATION_WHAT: Record<Authentication, string> = {
  basic: "Client ID and secret go in the Authorization header.",
  post: "Client ID and secret go as form members: client_id and client_secret.",
  none: "The client ID alone. PKCE keeps the code from others.",
  private_key_jwt: "An assertion of five minutes, signed here: private_key_jwt. The key is never sent.",
};
const REDIRECT: Record<RedirectKind, string> = {
  usual: "As the provider asks",
  free: "A free port of this computer",
  fixed: "A fixed port of this computer",
  https: "https on this computer",
  scheme: "A link that opens Keyward",
  paste: "An address elsewhere, pasted",
};
const REDIRECT_WHAT: Record<RedirectKind, string> = {
  usual: "What the catalogue knows of it.",
  free: "Best where the provider ignores the port, as desktop apps may ask (RFC 8252).",
  fixed: "For providers that compare the port. It must be free while you sign in.",
  https: "For providers that refuse http. Keyward makes a certificate of its own, so the browser asks once whether to go on.",
  scheme: "The system hands the answer to the app. Keyward must be installed on this computer.",
  paste: "The browser ends on your own page, and you paste its address here. Works over SSH too.",
};

const KIND: Record<Grant, string> = {
  authorization_code: "desktop or native app",
  device_code: "TV or limited input device",
  client_credentials: "server or machine to machine",
  jwt_bearer: "service account, or server with a key",
  password: "that may use the password grant",
};

/** Whose signature the provider will check. */
type Signer = "client" | "account";
const PUBLIC_KEY: Record<Signer, string> = {
  client: "Give the client the public key, and choose private_key_jwt as its sign-in",
  account: "Give the account that signs the public key",
};
const PUBLIC_KEY_WHERE: Record<Signer, string> = {
  client: "Usually under Keys, Certificates or JWKS of the client: as PEM, as a JWK, or in a certificate of it.",
  account: "Usually under Keys of the service account, or Certificates of the app: as PEM, or in a certificate of it. Many providers make the pair and hand you the private key instead.",
};

export const g = {
  field_grant: () => "How tokens are got",
  grant: (of: Grant) => GRANT[of],
  grant_what: (of: Grant) => GRANT_WHAT[of],
  password_title: () => "The password goes through Keyward.",
  password_text: () =>
    "OAuth 2.1 has no such grant, and it gets around a second factor. Use it only where the provider has no other way. The password is sent once and not kept.",

  field_authentication: () => "Client sign-in",
  authentication_usual: () => "As the provider says",
  authentication: (of: Authentication) => AUTHENTICATION[of],
  authentication_what: (of: Authentication | null) => (of === null ? undefined : AUTHENTICATION_WHAT[of]),
  client_id_made: () => "Leave it empty to have this provider register a client by itself (RFC 7591).",
  client_id_bearer: () => "Who signs. The key file of a service account names its account, which then counts.",
  secret_hint: () => "Stored encrypted, and sent to the provider’s token address alone.",
  field_key: () => "Private key",
  key_hint: () => "PEM, a JWK, or the JSON file of a service account. RSA of 2048 bit, P-256 or Ed25519. Stored encrypted.",
  need_secret: () => "Enter the client secret",
  need_key: () => "Paste the private key, or choose its file",

  field_signature: () => "Signature",
  plaintext: () => "The secrets themselves are sent, over https alone.",
  field_consumer_key: () => "Consumer key",
  field_consumer_secret: () => "Consumer secret",
  need_consumer_key: () => "Enter the consumer key",

  redirect_heading: () => "Where the browser comes back to",
  field_redirect_kind: () => "Redirect",
  redirect: (of: RedirectKind) => REDIRECT[of],
  redirect_what: (of: RedirectKind) => REDIRECT_WHAT[of],
  field_host: () => "Host",
  field_port: () => "Port",
  field_scheme: () => "Scheme",
  field_scheme_hint: () => "keyward, or one of your own with a dot in it",
  field_address: () => "Address of your page",
  field_address_hint: () => "Any https page that you registered. It need not answer.",
  path_proposed: () => "This server does not name itself in its answers: a path of its own tells them from those of others.",
  redirect_register: () => "Redirect address to register",
  need_port: () => "Enter a port from 1024 to 65535",
  need_scheme: () => "Use small letters, with a dot: com.example.app",
  need_address: () => "Enter an https address without a query",

  endpoint_request_token: () => "Request token",
  endpoint_keys: () => "Signing keys",
  endpoint_registration: () => "Registration",
  endpoint_registers: () => "makes clients by itself",
  once_kind: (of: Grant) => KIND[of],
  once_kind_oauth1: () => "OAuth 1.0a application",
  once_kind_web: () => "web app",
  once_registers: () => "Nothing: it makes a client for Keyward when you save. Fill in a client ID to use one you registered.",
  once_public_key: (of: Grant) => PUBLIC_KEY[of === "jwt_bearer" ? "account" : "client"],
  once_public_key_where: (of: Grant) => PUBLIC_KEY_WHERE[of === "jwt_bearer" ? "account" : "client"],
  once_public_key_made: () => "Its public key is written by",
  once_private_key: () => "Put the client ID and the private key on the left",
  once_id: () => "Put the client ID on the left",
  redirect_exactly: () => "Exactly so: this provider compares every letter.",

  field_token_params: () => "Parameters of the token request",
  field_refresh_params: () => "Parameters of a refresh",
  field_resources: () => "Resources",
  field_resources_hint: () => "Addresses that the tokens are for (RFC 8707)",
  resource_add: () => "Add address",
  field_refresh_uri: () => "Refresh address",
  field_refresh_uri_hint: () => "Only where it is another one than the token address",
  field_window: () => "Refresh before the end",
  field_window_hint: () => "Seconds. Else a tenth of the lifetime, at least a minute.",
  need_window: () => "Enter whole seconds, at most 86400",
};
