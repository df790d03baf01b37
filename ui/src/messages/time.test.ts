import { describe, expect, it } from "vitest";
import { age, ago, countdown, month, span, stepTime } from "./time";

const NOW = Date.parse("2026-11-22T10:53:00Z");

describe("times for people (UI.md §9)", () => {
  it("are relative below a day, a weekday below seven, then a date", () => {
    expect(age("2026-11-22T10:52:30Z", NOW)).toBe("now");
    expect(age("2026-11-22T10:50:00Z", NOW)).toBe("3 min");
    expect(age("2026-11-22T05:00:00Z", NOW)).toBe("5 h");
    expect(age("2026-11-20T10:00:00Z", NOW)).toBe("Fri");
    expect(age("2026-08-12T10:00:00Z", NOW)).toBe("12 Aug 2026");
    expect(ago("2026-11-22T10:50:00Z", NOW)).toBe("3 min ago");
    expect(age("2026-11-22T11:00:00Z", NOW)).toBe("now");
    expect(age("not a time", NOW)).toBe("");
  });

  it("count down in words", () => {
    expect(countdown(258)).toBe("4 min 18 s");
    expect(countdown(42.9)).toBe("42 s");
    expect(stepTime(0.31)).toBe("0.3 s");
    expect(stepTime(42.4)).toBe("42 s");
    expect(stepTime(125)).toBe("2 min");
    expect(span(41 * 60 + 20)).toBe("41 min");
    expect(span(7 * 3600)).toBe("7 h");
  });

  it("name a month in full", () => {
    expect(month("2026-11-22T10:53:00Z")).toBe("November 2026");
  });
});
