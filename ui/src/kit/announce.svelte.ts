/** The polite live region (WCAG 4.1.3): one sentence at a time. Never pass a value, a token or a part of one. */
class Announcer {
  text = $state("");
  say(sentence: string): void {
    // The same sentence twice must be read twice.
    this.text = this.text === sentence ? `${sentence}\u00a0` : sentence;
  }
}
export const announcer = new Announcer();
