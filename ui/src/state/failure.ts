/** Whatever a command rejected with, as the one error shape of every face. */

import type { WireError } from "../host/bindings/WireError";

export function asWireError(failure: unknown): WireError {
  if (typeof failure === "object" && failure !== null && "code" in failure && "message" in failure) {
    const { code, message } = failure as WireError;
    const hint = "hint" in failure && typeof failure.hint === "string" ? failure.hint : "";
    return { code, message, hint };
  }
  return { code: "internal", message: failure instanceof Error ? failure.message : String(failure), hint: "" };
}

/** Whether a vault's file itself is not what it must be, so that a copy of it helps; modes and owners are another matter. */
export function isHurt(error: WireError): boolean {
  return error.code === "corrupt" && /^the vault (is damaged|file is)/i.test(error.message);
}
