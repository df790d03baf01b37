/** `NAME=value` lines as they are pasted: the syntax of `.env` files, as `model/envfile.rs` reads it. Nothing is expanded. */

export interface EnvLine {
  name: string;
  value: string;
}

const NAME = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=/;
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/** The lines; `null` when the text is anything else. Of a name that comes twice the last value counts. */
export function parseEnv(text: string): EnvLine[] | null {
  const found = new Map<string, string>();
  let rest = text.replace(/^\uFEFF/, "").replace(/\r\n/g, "\n");
  while (rest !== "") {
    rest = rest.replace(/^[ \t]+/, "");
    if (rest.startsWith("\n") || rest.startsWith("#")) {
      rest = afterLine(rest);
      continue;
    }
    if (rest === "") break;
    const name = NAME.exec(rest);
    if (!name?.[1]) return null;
    const taken = takeValue(rest.slice(name[0].length));
    if (!taken) return null;
    found.delete(name[1]);
    found.set(name[1], taken.value);
    rest = taken.rest;
  }
  return found.size === 0 ? null : [...found].map(([name, value]) => ({ name, value }));
}

function afterLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? "" : text.slice(end + 1);
}

function takeValue(text: string): { value: string; rest: string } | null {
  const start = text.replace(/^[ \t]+/, "");
  const quoted = start.startsWith('"') ? /^"((?:[^"\\]|\\[\s\S])*)"/.exec(start) : start.startsWith("'") ? /^'([^'\n]*)'/.exec(start) : undefined;
  if (quoted === null) return null;
  if (quoted) {
    const body = quoted[1] ?? "";
    const behind = start.slice(quoted[0].length);
    if (!/^[ \t]*(#[^\n]*)?(\n|$)/.test(behind)) return null;
    const value = start.startsWith("'") ? body : body.replace(/\\([\s\S])/g, (all, one: string) => ESCAPES[one] ?? all);
    return { value, rest: afterLine(behind) };
  }
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  const value = line.replace(/[ \t]#.*$/, "").replace(/^[ \t]+|[ \t]+$/g, "");
  return { value, rest: afterLine(text) };
}
