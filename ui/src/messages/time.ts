/**
 * Times for people (UI.md §9): relative below one day, weekday below seven days, then "12 Aug 2026".
 * Everything takes `now` (milliseconds), so that one clock drives all of it and tests hold still.
 */

const LOCALE = "en-GB";
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const weekdayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const monthFormat = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric" });

function date(at: number): string {
  const moment = new Date(at);
  return `${moment.getDate()} ${MONTHS[moment.getMonth()] ?? ""} ${moment.getFullYear()}`;
}

/** Milliseconds since the epoch; `null` when there is no time or it is not one. */
export function instant(iso: string | null | undefined): number | null {
  if (!iso) return null;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

/** "12 Aug 2026". */
export function day(iso: string): string {
  const at = instant(iso);
  return at === null ? "" : date(at);
}

/** "16:40". */
export function clock(iso: string): string {
  const at = instant(iso);
  return at === null ? "" : clockFormat.format(at);
}

/** "12 Aug 2026, 16:40": what tooltips and version rows say. */
export function exact(iso: string): string {
  const at = instant(iso);
  return at === null ? "" : `${date(at)}, ${clockFormat.format(at)}`;
}

/** "November 2026": the head of a list group. */
export function month(iso: string): string {
  // Lists ask thousands of times; the same hour is always in the same month.
  const hour = iso.slice(0, 13);
  let text = months.get(hour);
  if (text === undefined) {
    const at = instant(iso);
    text = at === null ? "" : monthFormat.format(at);
    months.set(hour, text);
  }
  return text;
}

const months = new Map<string, string>();

/** Which part of a list a time falls into: this day, the six days before it, or its month. */
export function period(iso: string, now: number): "today" | "week" | "month" {
  const at = instant(iso);
  if (at === null) return "month";
  if (at >= new Date(now).setHours(0, 0, 0, 0)) return "today";
  return now - at < 7 * DAY * 1000 ? "week" : "month";
}

/** The age column of a list: "now", "3 min", "5 h", "Fri", "12 Aug 2026". */
export function age(iso: string, now: number): string {
  const at = instant(iso);
  if (at === null) return "";
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  if (seconds < MINUTE) return "now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
  if (seconds < 7 * DAY) return weekdayFormat.format(at);
  return date(at);
}

/** "just now", "3 min ago", "Fri, 16:40", "12 Aug 2026". */
export function ago(iso: string, now: number): string {
  const at = instant(iso);
  if (at === null) return "";
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  if (seconds < MINUTE) return "just now";
  if (seconds < DAY) return `${age(iso, now)} ago`;
  if (seconds < 7 * DAY) return `${weekdayFormat.format(at)}, ${clockFormat.format(at)}`;
  return date(at);
}

/** A length of time, rounded to what matters: "42 s", "41 min", "7 h", "3 days". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < 100 * MINUTE) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < 2 * DAY) return `${Math.floor(whole / HOUR)} h`;
  return `${Math.floor(whole / DAY)} days`;
}

/** A countdown: "4 min 18 s". */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / MINUTE);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % MINUTE} s`;
}

/** The time of a step: "0.3 s", "42 s", "2 min". */
export function stepTime(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 100 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / MINUTE)} min`;
}
