/** F6: the panes in focus order, sidebar, list, detail or page. */

const PANES = ".sb, .list, .det, .page, .stage";
const FOCUSABLE =
  "[role=listbox], a[href]:not([tabindex='-1']), button:not([disabled]):not([tabindex='-1']), input:not([disabled]), textarea, [tabindex='0']";

export function nextPane(step: 1 | -1, root: ParentNode = document): void {
  const panes = [...root.querySelectorAll<HTMLElement>(PANES)].filter((pane) => pane.offsetParent !== null);
  if (panes.length === 0) return;
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const start = at < 0 ? (step === 1 ? 0 : panes.length - 1) : at + step;
  for (let turn = 0; turn < panes.length; turn += 1) {
    const pane = panes[(start + turn * step + panes.length * 2) % panes.length];
    const target = pane?.querySelector<HTMLElement>(".nav.on, [role=listbox]") ?? [...(pane?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].find((one) => one.offsetParent !== null);
    if (target) {
      target.focus();
      return;
    }
  }
}
