/** One export. The file's place is asked for by the system's own dialog; the page learns its last part. */

import { call } from "../host";
import type { ExportShape } from "../host/bindings/ExportShape";
import type { ExportSaved } from "../host/desktop";

export function save(shape: ExportShape, passphrase: string | null): Promise<ExportSaved> {
  return call("export_save", { shape, passphrase });
}
