/** Acts from the address, for screenshots: do=type|selector|text;click|selector;text|words of a button;key|Ctrl+/;wait|300 */

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

export async function drive(script: string): Promise<void> {
  await wait(500);
  for (const step of script.split(";").filter(Boolean)) {
    const [act, target = "", text = ""] = step.split("|");
    if (act === "wait") await wait(Number(target));
    else if (act === "click") document.querySelector<HTMLElement>(target)?.click();
    else if (act === "focus") document.querySelector<HTMLElement>(target)?.focus();
    else if (act === "text") [...document.querySelectorAll<HTMLElement>("button, a, [role=option], [role^=menuitem]")].find((one) => one.textContent?.trim().startsWith(target) || one.getAttribute("aria-label") === target)?.click();
    else if (act === "pointer") {
      const one = [...document.querySelectorAll<HTMLElement>("button")].find((b) => b.textContent?.trim().startsWith(target) || b.getAttribute("aria-label") === target);
      for (const type of ["pointerdown", "pointerup"]) one?.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, button: 0, pointerType: "mouse" }));
    } else if (act === "key") {
      const parts = target.split("+");
      const key = parts.at(-1) ?? "";
      (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, code: key, ctrlKey: parts.includes("Ctrl"), shiftKey: parts.includes("Shift"), bubbles: true, cancelable: true }));
    } else if (act === "type") {
      const field = document.querySelector<HTMLInputElement>(target);
      if (field) {
        field.focus();
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
    await wait(350);
  }
}
