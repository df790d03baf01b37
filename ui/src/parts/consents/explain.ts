/** What a failed Consent means: a title, one sentence, numbered fixes. The raw answer is shown beside it, folded. */

import type { ConsentState } from "../../host/bindings/ConsentState";
import type { WireError } from "../../host/bindings/WireError";
import { m } from "../../messages/connect";

export interface Explained {
  title: string;
  text: string;
  fixes: string[];
  /** The OAuth error word, where the answer had one. */
  code: string;
}

const KNOWN: Record<string, Omit<Explained, "code">> = {
  invalid_client: {
    title: "The provider didn’t accept the client secret",
    text: "Your sign-in worked. The client secret stored for this auth client is wrong or was replaced at the provider.",
    fixes: ["Compare client ID and secret with the provider’s page", "Make an auth client with the current secret"],
  },
  invalid_grant: {
    title: "The provider no longer accepts this answer",
    text: "The code was used, is too old, or belongs to another redirect address.",
    fixes: ["Try again and approve without waiting", "Check that the clock of this computer is right"],
  },
  invalid_scope: {
    title: "The provider doesn’t know one of the scopes",
    text: "A scope is misspelled, or this registration may not ask for it.",
    fixes: ["Ask for fewer scopes until it works", "Turn off offline access if the provider has no such scope"],
  },
  unauthorized_client: {
    title: "This registration may not sign in this way",
    text: "The provider does not allow the authorization code flow for this client.",
    fixes: ["Register a desktop or native app at the provider"],
  },
  redirect_uri_mismatch: {
    title: "The redirect address is not registered",
    text: "The provider compares the address that Keyward listens on with its own list.",
    fixes: ["Register the redirect address of the auth client at the provider", "Register a desktop or native app where it asks"],
  },
  server_error: {
    title: "The provider has a problem",
    text: "It could not finish the sign-in. Nothing was stored.",
    fixes: ["Wait a moment, then try again"],
  },
  temporarily_unavailable: {
    title: "The provider is busy",
    text: "It asks to come back later. Nothing was stored.",
    fixes: ["Wait a moment, then try again"],
  },
};

/** Explains an error; an unknown one speaks for itself. */
export function explain(error: WireError): Explained {
  const word = /\b(invalid_client|invalid_grant|invalid_scope|unauthorized_client|redirect_uri_mismatch|server_error|temporarily_unavailable|access_denied|invalid_request)\b/.exec(
    `${error.message} ${error.hint}`,
  )?.[1];
  const known = word === undefined ? undefined : KNOWN[word];
  if (word !== undefined && known) return { ...known, code: word };
  return {
    title: "The connection was not made",
    text: error.message,
    fixes: error.hint === "" ? [] : [error.hint],
    code: word ?? error.code,
  };
}

/** Explains how a Consent ended that brought no tokens. */
export function explainEnd(state: ConsentState | null, error: WireError | null): Omit<Explained, "code"> {
  if (state === "denied") return { title: m.heading_denied(), text: m.denied_text(), fixes: [m.denied_fix_1(), m.denied_fix_2()] };
  if (state === "timed_out") return { title: m.heading_timed_out(), text: m.timed_out_text(), fixes: [m.timed_out_fix_1(), m.timed_out_fix_2()] };
  return error ? explain(error) : { title: m.heading_failed(), text: "", fixes: [] };
}
