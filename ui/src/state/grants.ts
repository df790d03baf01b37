/** How tokens are got, and what each way needs to know (OA2); the words are those of the command line. */

export const GRANTS = ["authorization_code", "device_code", "client_credentials", "jwt_bearer", "password"] as const;
export type Grant = (typeof GRANTS)[number];

export const AUTHENTICATIONS = ["basic", "post", "none", "private_key_jwt"] as const;
export type Authentication = (typeof AUTHENTICATIONS)[number];

export const SIGNATURES = ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"] as const;
export type Signature = (typeof SIGNATURES)[number];

/** Grants of an entry of the catalogue that an auth client can have. */
export function grantsOf(words: readonly string[]): Grant[] {
  return GRANTS.filter((grant) => words.includes(grant));
}

/** Whether a person agrees in a browser that comes back to this computer. */
export function comesBack(grant: Grant): boolean {
  return grant === "authorization_code";
}

/** Whether a person agrees, here or on another device. */
export function asksPerson(grant: Grant): boolean {
  return grant === "authorization_code" || grant === "device_code";
}

/** How the client may say who it is. A JWT bearer signs as the account, and says nothing else of itself. */
export function authentications(grant: Grant): readonly Authentication[] {
  if (grant === "jwt_bearer") return [];
  return grant === "client_credentials" ? AUTHENTICATIONS.filter((one) => one !== "none") : AUTHENTICATIONS;
}

/** What stands in the field of the client secret. */
export type SecretKind = "none" | "optional" | "secret" | "key";

export function secretKind(grant: Grant, authentication: Authentication | null): SecretKind {
  if (grant === "jwt_bearer" || authentication === "private_key_jwt") return "key";
  if (authentication === "none") return "none";
  return authentication !== null || grant === "client_credentials" ? "secret" : "optional";
}
