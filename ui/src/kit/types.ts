import type { Component } from "svelte";

/** A lucide icon, imported one by one: `import Key from '@lucide/svelte/icons/key-round'`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the icon package types its props too narrowly for one alias
export type IconType = Component<any>;
export type Tone = "plain" | "ok" | "warn" | "danger" | "info" | "acc" | "out";

/** One entry of a Menu. */
export type MenuItem =
  | "separator"
  | { heading: string }
  | {
      label: string;
      icon?: IconType;
      /** Colour of a leading dot (an environment), as a token name such as `--env-prod`. */
      dot?: string;
      kbd?: string[];
      danger?: boolean;
      disabled?: boolean;
      /** Marks the current choice; gives the entry role menuitemradio. */
      checked?: boolean;
      onselect: () => void;
    };

export type TabItem = { id: string; label: string; count?: number };
export type StepItem = { id: string; label: string; state: "done" | "now" | "todo" | "warn" | "error"; sub?: string; time?: string };
