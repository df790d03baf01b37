/** The one clock of the window: a tick a second while the window is visible, none otherwise. */

export class Clock {
  /** Milliseconds since the epoch, as of the last tick. */
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Starts with the window; call the answer to stop. */
  start(): () => void {
    const follow = () => {
      clearInterval(this.#timer);
      this.#timer = undefined;
      if (document.visibilityState === "hidden") return;
      this.now = Date.now();
      this.#timer = setInterval(() => {
        this.now = Date.now();
      }, 1000);
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      clearInterval(this.#timer);
    };
  }
}

export const clock = new Clock();
