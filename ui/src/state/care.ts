/** What a form knows of a value's life: its end as a day, the time between rotations as a choice. */

import { instant } from "../messages/time";

const DAY = 24 * 3600;

/** Days that the forms offer; 0 is never. */
const ROTATIONS = [0, 30, 90, 180, 365] as const;

const two = (n: number) => String(n).padStart(2, "0");

/** The day of an end as it is typed: "2027-01-31"; empty without an end. */
export function dayText(iso: string | null): string {
  const at = instant(iso);
  if (at === null) return "";
  const moment = new Date(at);
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** The beginning of a day that was typed, RFC 3339; "" for nothing, `null` when it is no day. */
export function dayTyped(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const [, year, month, date] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(trimmed) ?? [];
  if (year === undefined || month === undefined || date === undefined) return null;
  const moment = new Date(Number(year), Number(month) - 1, Number(date));
  // The 31st of a short month would be another day.
  if (moment.getMonth() !== Number(month) - 1 || moment.getDate() !== Number(date) || Number(year) < 1900) return null;
  return moment.toISOString().replace(/\.\d+Z$/, "Z");
}

/** The day on which a value stored now ends, when it lasts as long as the one before; empty when that says nothing. */
export function nextEnd(value: { expires_at: string | null; value_changed_at: string }, now: number): string {
  const [made, end] = [instant(value.value_changed_at), instant(value.expires_at)];
  if (made === null || end === null || end <= made) return "";
  return dayText(new Date(now + end - made).toISOString());
}

/** Seconds between rotations to choose from, the one that is set among them; 0 is never. */
export function rotations(set: number | null): number[] {
  const choices = new Set<number>([...ROTATIONS.map((days) => days * DAY), set ?? 0]);
  return [...choices].sort((a, b) => a - b);
}
