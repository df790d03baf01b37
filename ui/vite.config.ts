import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// W-13: nothing from the environment gets into the bundle (no prefix matches). W-15: the server listens on loopback only.
export default defineConfig({
  plugins: [svelte()],
  envPrefix: "KEYWARD_UI_PUBLIC_",
  base: "./",
  clearScreen: false,
  server: { host: "127.0.0.1", port: 1420, strictPort: true },
  build: {
    target: "safari16",
    cssTarget: "safari16",
    modulePreload: { polyfill: false }, // W-02: no inline script
    assetsInlineLimit: 0, // W-02: fonts are files, `font-src 'self'`
    reportCompressedSize: true,
  },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    testTimeout: 60_000, // machines that build at the same time
  },
});
