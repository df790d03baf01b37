// Components use tokens only (UI.md §3): no raw colour, font size or duration in a .svelte file; no style attribute (W-02).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const RULES = [
  [/#[0-9a-fA-F]{3,8}\b(?!\/)/g, "raw colour", true],
  [/\b(?:rgb|rgba|hsl|hsla|oklch|oklab|lab|lch)\(/g, "raw colour", true],
  [/font-size:\s*[\d.]+(?:px|em|rem)/g, "raw font size", true],
  [/\b\d*\.?\d+m?s\b(?=[^"]*;)/g, "raw duration", true],
  [/<[a-zA-Z][^>]*\sstyle\s*=/g, "style attribute", false],
];

let found = 0;
for (const file of svelteFiles(join(root, "src"))) {
  const text = readFileSync(file, "utf8");
  const style = /<style[^>]*>([\s\S]*?)<\/style>/.exec(text);
  for (const [rule, name, inStyle] of RULES) {
    const part = inStyle ? (style?.[1] ?? "") : text.replace(/<style[\s\S]*?<\/style>/, "");
    for (const hit of part.matchAll(rule)) {
      found += 1;
      process.stderr.write(`${file.slice(root.length)}: ${name}: ${hit[0].slice(0, 60)}\n`);
    }
  }
}
if (found > 0) process.exit(1);

function* svelteFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* svelteFiles(path);
    else if (entry.name.endsWith(".svelte")) yield path;
  }
}
