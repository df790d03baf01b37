/** The five spellings of a Reference that the window shows; the copied text is made by Rust from the same rules. */

export const REFERENCE_FORMATS = ["reference", "uri", "shell", "dotenv", "curl"] as const;

/** How a Reference is written. */
export type ReferenceFormat = (typeof REFERENCE_FORMATS)[number];

/** The Reference to `key` in `environment` (grammar: CLI.md). */
export function reference(environment: string, key: string, format: ReferenceFormat): string {
  const uri = `keyward://${environment}/${key}`;
  switch (format) {
    case "reference":
      return `{vault.${key}}`;
    case "uri":
      return uri;
    case "shell":
      return `"$(keyward get ${uri})"`;
    case "dotenv":
      return `${key.replaceAll("-", "_")}=${uri}`;
    case "curl":
      return `curl -H "Authorization: Bearer $(keyward get ${uri})"`;
  }
}
