/** Requests and replies of the window's own commands: clipboard, appearance, native dialogs. Their Rust side is the app, not the wire. */

import type { BackupComparison } from "./bindings/BackupComparison";
import type { ExportShape } from "./bindings/ExportShape";
import type { Mode } from "./bindings/Mode";
import type { Plaintext } from "./bindings/Plaintext";

/** A command without arguments. */
export type Nothing = Record<string, never>;

export type Theme = "system" | "light" | "dark";

export interface Appearance {
  theme: Theme;
  /** Whether closing the window keeps the app in the tray. */
  closes_to_tray: boolean;
  /** Whether the sentence about closing without a tray was shown before. */
  close_notice_seen: boolean;
}

/** Five words for a passphrase. */
export interface Suggestion {
  words: Plaintext;
}

export interface PassphraseJudge {
  passphrase: Plaintext;
}

/** What a passphrase is worth, in words. */
export interface Verdict {
  verdict: "too_short" | "weak" | "fair" | "strong";
  sentence: string;
}

/** Seconds until the clipboard is cleared. */
export interface Copied {
  seconds: number;
}

/** `path` is null when the person closed the dialog. */
export interface RecoverySaved {
  saved: boolean;
  path: string | null;
}

/** A file that the person chose to restore from: its name without the folder. */
export interface BackupChosen {
  name: string;
}

/** What a copy is beside the vault; `comparison` is null when the keys of this vault do not open it, or it is locked. */
export interface BackupView {
  mode: Mode;
  comparison: BackupComparison | null;
}

export interface BackupRestore {
  copy: string | null;
  passphrase: Plaintext | null;
}

export interface SecretCopy {
  environment: string;
  secret: string;
  /** An older value; absent: the current one. */
  version?: number;
}

/** A file with a value that was chosen: the value itself stays in Rust. */
export interface ValueFile {
  id: number;
  name: string;
  /** In bytes. */
  size: number;
}

/** `file` is null when the person closed the dialog. */
export interface ValueChosen {
  file: ValueFile | null;
}

/** A request whose value is the one of the chosen file; the one in it is not looked at. */
export interface FromFile<T> {
  file: number;
  request: T;
}

export interface CredentialCopy {
  environment: string;
  credential: string;
  variable: string;
}

export interface ConnectionCopy {
  environment: string;
  connection: string;
  field: string;
}

export interface ReferenceCopy {
  environment: string;
  key: string;
  /** A variable of a Credential; absent: the whole. */
  field?: string | null;
  format: "reference" | "uri" | "shell" | "dotenv" | "curl";
}

/** What wrote a file, in the words of the command line. */
export type ImportFormat = "env" | "json" | "csv" | "age" | "kdbx" | "bitwarden" | "1pux" | "1password-csv" | "pass" | "postman" | "insomnia";

/** Last part of the path; null when the person closed the dialog. */
export interface ImportChosen {
  name: string | null;
}

export interface ImportRead {
  format: ImportFormat;
  passphrase: Plaintext | null;
}

export interface ImportReadDone {
  import: string;
  entries: number;
}

/** The roster that was chosen: read and checked, or imported as it was read last. */
export interface RosterImport {
  environment: string;
  /** Keeps what is there where a key is taken; else nothing is imported then. */
  skip_existing: boolean;
  dry_run: boolean;
}

export interface ExportSave {
  shape: ExportShape;
  /** Of the vault, where it has one. */
  passphrase: Plaintext | null;
}

/** `name` is null when the person closed the dialog. */
export interface ExportSaved {
  name: string | null;
  items: number;
  remarks: string[];
}

/** Each second while a copied value counts down. */
export interface ClipboardTick {
  seconds_left: number;
  cleared: boolean;
}
