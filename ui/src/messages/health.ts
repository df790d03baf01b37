/** Words of Health: what is not well with stored values, and what mends it. */

import type { Finding } from "../host/bindings/Finding";
import type { Rule } from "../state/health.svelte";
import { ago, clock, day, instant } from "./time";

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const NAMES: Record<Rule, string> = {
  expired: "Expired", overdue: "Overdue for rotation", expiring: "Expiring soon", reused: "Reused values", weak: "Weak passwords", never_rotated: "Never rotated",
};
const WHY: Record<Rule, string> = {
  expired: "Whoever issued them refuses them by now. Get a new value from there and store it.",
  overdue: "They are older than you said they may become.",
  expiring: "They end within 30 days. A new value stored before that day leaves nothing to break.",
  reused: "Whoever learns one of them knows the others. Give each its own value.",
  weak: "They are called passwords, and somebody with time guesses them. Nothing else is judged by how guessable it is.",
  never_rotated: "They are more than a year old and still have their first value. Set a rotation reminder on a secret to choose another span.",
};

export const m = {
  title: () => "Health",
  checked: (at: number, now: number) => {
    const iso = new Date(at).toISOString();
    return now - at < 86_400_000 && new Date(now).getDate() === new Date(at).getDate() ? `Checked today at ${clock(iso)}. Nothing leaves this computer.` : `Checked ${ago(iso, now)}. Nothing leaves this computer.`;
  },
  checking: () => "Looking at every stored value. Nothing leaves this computer.",
  not_checked: () => "Ends and ages are known. Check now to compare the values themselves.",
  check: () => "Check now",
  check_busy: () => "Checking",
  far: (done: number, total: number) => `${done} of ${total} values`,
  failed: () => "The values could not be checked",
  again: () => "Try again",
  rules: () => "What is looked for",
  rule: (rule: Rule) => NAMES[rule],
  rule_count: (rule: Rule, n: number) => `${NAMES[rule]}, ${n}`,
  heading: (rule: Rule, n: number) =>
    ({
      expired: `${count(n, "value has", "values have")} expired`,
      overdue: `${count(n, "value is", "values are")} overdue for rotation`,
      expiring: `${count(n, "value expires", "values expire")} soon`,
      reused: `${count(n, "value stands", "values stand")} in several places`,
      weak: `${count(n, "password is", "passwords are")} easy to guess`,
      never_rotated: `${count(n, "value was", "values were")} never rotated`,
    })[rule],
  why: (rule: Rule) => WHY[rule],
  none: (rule: Rule) => `Nothing here: ${NAMES[rule].toLowerCase()}`,
  none_text: () => "No stored value is concerned.",
  all_well: () => "Everything is well",
  all_well_text: (n: number) => `${count(n, "value", "values")} looked at, nothing to mend.`,
  urgent: (n: number) => `${n} to act on now.`,
  urgent_none: () => "Nothing to act on now.",
  waiting: (n: number, urgent: number) => {
    if (n === 0) return "";
    if (urgent === 0) return `${count(n, "finding", "findings")} can wait.`;
    return `The other ${n === 1 ? "one" : n} can wait.`;
  },
  unread: (n: number) => `${count(n, "value", "values")} could not be read. keyward doctor says why.`,
  left_out: (n: number) => `${count(n, "finding", "findings")} more not shown.`,
  open_of: (key: string) => `Open ${key}`,
  place: (environment: string, detail: string) => `${environment} · ${detail}`,
  detail: (finding: Finding, now: number) => {
    const at = finding.at ?? "";
    const days = Math.ceil(((instant(at) ?? now) - now) / 86_400_000);
    switch (finding.id as Rule) {
      case "expired":
        return `ended ${day(at)}`;
      case "expiring":
        return `ends ${day(at)}, in ${count(Math.max(1, days), "day", "days")}`;
      case "overdue":
        return `was due ${day(at)}, ${count(Math.max(1, -days), "day", "days")} ago`;
      case "never_rotated":
        return `stored ${day(at)}`;
      case "weak":
        return "easy to guess";
      case "reused":
        return `also ${finding.others.map((other) => `${other.environment}/${other.key}${other.field === null ? "" : `/${other.field}`}`).join(", ")}`;
    }
  },
  more: (n: number) => `Show more of the ${n} left`,
  urgent_chip: () => "act now",
  edit: () => "Edit",
  enter: () => "Enter values",
  enter_of: (key: string) => `Enter new values for ${key}`,
  client_secret_of: (client: string) => `${client}, client secret`,
  edit_of: (key: string) => `Edit ${key}`,
  new_value: () => "New value",
  new_value_of: (key: string) => `Store a new value for ${key}`,
};
