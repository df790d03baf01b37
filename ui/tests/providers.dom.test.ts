/** The catalogue: found by words, moved by arrows, chosen by Enter; an address is an issuer (OA4). */

import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import ProviderCatalogue from "../src/parts/auth_clients/ProviderCatalogue.svelte";
import { providers } from "../src/state/providers.svelte";
import { doorWith, provider, settle } from "./rows";

afterEach(() => {
  cleanup();
  providers.rows = [];
  providers.phase = "idle";
});

async function opened() {
  const asked: unknown[] = [];
  doorWith({
    provider_list: (request) => {
      asked.push(request);
      return {
        providers: [
          provider({ id: "asana", name: "Asana", host: "app.asana.com", category: "productivity", verified_on: null }),
          provider({ id: "github", name: "GitHub" }),
          provider({ id: "gitlab", name: "GitLab", host: "gitlab.com" }),
          provider({ id: "mine", name: "Mine", host: "sso.acme.dev", category: "identity", own: true }),
        ],
        problems: [{ file: "odd.toml", message: "no" }],
      };
    },
  });
  const onchoose = vi.fn();
  const ondiscover = vi.fn();
  const onhand = vi.fn();
  render(ProviderCatalogue, { open: true, onchoose, ondiscover, onhand });
  await settle();
  await settle();
  return { onchoose, ondiscover, onhand, asked, input: screen.getByRole("combobox") };
}

const names = () => screen.queryAllByRole("option").map((option) => option.getAttribute("id")?.split("-").pop());

describe("the catalogue", () => {
  it("is searched here, and chosen with the keyboard", async () => {
    const { onchoose, asked, input } = await opened();
    expect(names()).toEqual(["asana", "github", "gitlab", "mine"]);
    expect(screen.getByRole("img", { name: "Not checked" })).toBeTruthy();
    expect(screen.getByText("Your file")).toBeTruthy();
    expect(screen.getByText(/odd\.toml/)).toBeTruthy();
    await fireEvent.input(input, { target: { value: "git" } });
    expect(names()).toEqual(["github", "gitlab"]);
    await fireEvent.keyDown(input, { key: "ArrowDown" });
    expect(input.getAttribute("aria-activedescendant")).toMatch(/gitlab$/);
    await fireEvent.keyDown(input, { key: "Enter" });
    expect(onchoose).toHaveBeenCalledWith(expect.objectContaining({ id: "gitlab" }));
    // Nothing that is typed goes anywhere.
    expect(asked).toEqual([{ search: null }]);
  });

  it("narrows to a category", async () => {
    await opened();
    await fireEvent.click(screen.getByRole("button", { name: "Identity" }));
    expect(names()).toEqual(["mine"]);
  });

  it("takes an address as an issuer, and leaves two other ways open", async () => {
    const { ondiscover, onhand, input } = await opened();
    await fireEvent.input(input, { target: { value: "https://sso.acme.dev" } });
    await fireEvent.keyDown(input, { key: "Enter" });
    expect(ondiscover).toHaveBeenCalledWith("https://sso.acme.dev");
    cleanup();
    await opened();
    expect(onhand).not.toHaveBeenCalled();
  });
});
