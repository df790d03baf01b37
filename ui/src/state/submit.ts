/** Ctrl Enter and Ctrl S send the form they are pressed in (UI.md §7). */
export function submitKeys(submit: () => void): (form: HTMLElement) => () => void {
  return (form) => {
    const keydown = (event: KeyboardEvent) => {
      const chord = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
      if (!chord || (event.key !== "Enter" && event.key.toLowerCase() !== "s")) return;
      event.preventDefault();
      event.stopPropagation();
      submit();
    };
    form.addEventListener("keydown", keydown);
    return () => form.removeEventListener("keydown", keydown);
  };
}
