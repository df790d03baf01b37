// A window without Rust, for looking at screens: `npm run dev`, then http://127.0.0.1:1421/?stage=locked&theme=dark.
// Never part of a release: the app is built from ../vite.config.ts, which knows nothing of this folder.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [svelte({ configFile: fileURLToPath(new URL("../svelte.config.js", import.meta.url)) })],
  envPrefix: "KEYWARD_UI_PUBLIC_",
  server: { host: "127.0.0.1", port: 1421, strictPort: true, fs: { allow: [".."] } },
});
