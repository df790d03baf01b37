/** A file whose content becomes a value: Rust reads it and keeps it until it is stored; here only name and size are known. */

import { call } from "../host";
import type { ValueFile } from "../host/desktop";
import { asWireError } from "./failure";

/** Asks in a dialog of the system. No file: the person closed it, or it is none that can be a value, which `refused` says. */
export async function chooseValueFile(): Promise<{ file: ValueFile | null; refused: string }> {
  try {
    return { file: (await call("value_choose_file", {})).file, refused: "" };
  } catch (failure) {
    const { message, hint } = asWireError(failure);
    return { file: null, refused: `${message} ${hint}` };
  }
}
