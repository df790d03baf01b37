import js from "@eslint/js";
import globals from "globals";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";
import config from "./svelte.config.js";

/** The arrows: kit → nothing of ours; state → host; parts/x → kit, state, messages; views compose. */
const forbid = (...groups) => ({
  "@typescript-eslint/no-restricted-imports": ["error", { patterns: groups.map(([group, message, allowTypeImports = false]) => ({ group, message, allowTypeImports })) }],
});
const TAURI = [["@tauri-apps/*"], "Only host/tauri.ts knows Tauri."];
const NOUNS = ["secrets", "connections", "auth_clients", "consents", "items", "palette", "health", "first_run", "shell", "unlock", "environments", "settings"];

export default ts.config(
  { ignores: ["dist/", "node_modules/", "dev/dist/", "src/host/bindings/"] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  { files: ["*.js", "scripts/**", "vite.config.ts", "dev/vite.config.ts", "tests/**"], languageOptions: { globals: { ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig: config, extraFileExtensions: [".svelte"] } },
  },
  {
    // W-10: text from elsewhere is only ever text. W-02: no style attributes.
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment"].map((property) => ({ property, message: "W-10: use text." })),
        { object: "document", property: "write", message: "W-10: use text." },
      ],
      "no-restricted-globals": [
        "error",
        ...["localStorage", "sessionStorage", "indexedDB"].map((name) => ({ name, message: "W-09: the window stores nothing." })),
        { name: "fetch", message: "Only Rust talks to the network." },
        { name: "XMLHttpRequest", message: "Only Rust talks to the network." },
      ],
      "no-console": "error",
    },
  },
  {
    files: ["**/*.svelte"],
    rules: {
      "svelte/no-at-html-tags": "error",
      "svelte/no-target-blank": "error",
      "svelte/button-has-type": "error",
      "svelte/no-navigation-without-resolve": "off",
      "svelte/no-useless-mustaches": "off",
    },
  },
  { files: ["src/**"], ignores: ["src/host/tauri.ts"], rules: forbid(TAURI) },
  {
    files: ["src/kit/**"],
    rules: forbid(TAURI, [["**/state/*", "**/host", "**/host/*", "**/parts/**", "**/views/*", "**/messages/*"], "The kit imports nothing of ours."]),
  },
  {
    files: ["src/state/**"],
    rules: forbid(TAURI, [["**/kit/*", "**/parts/**", "**/views/*"], "State knows the host only."]),
  },
  ...NOUNS.map((noun) => ({
    files: [`src/parts/${noun}/**`],
    rules: forbid(
      TAURI,
      [["**/views/*"], "Parts use kit and state."],
      [["**/host", "**/host/**"], "Parts know the types of the wire, not the door.", true],
      [NOUNS.filter((other) => other !== noun).flatMap((other) => [`../${other}/*`, `../../parts/${other}/*`]), "Parts of one noun know no other noun."],
    ),
  })),
  { files: ["tests/**", "src/**/*.test.ts", "dev/**"], rules: { "no-console": "off", "no-restricted-properties": "off", "@typescript-eslint/no-restricted-imports": "off" } },
);
