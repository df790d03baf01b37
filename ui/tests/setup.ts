import { cleanup } from "@testing-library/svelte";
import { afterEach, vi } from "vitest";

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

// happy-dom lays nothing out; the kit asks for both.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.matchMedia ??= vi.fn((query: string) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} })) as never;
