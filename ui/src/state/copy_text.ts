/** Puts text that is no secret on the clipboard (addresses, client ids). Values go through Rust, never through here. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Some webviews have no clipboard object for their scheme; the old command works inside a gesture.
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  area.readOnly = true;
  const before = document.activeElement;
  (document.querySelector("[role=dialog][data-state=open]") ?? document.body).append(area);
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return copied;
}
