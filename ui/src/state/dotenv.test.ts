import { describe, expect, it } from "vitest";
import { parseEnv } from "./dotenv";

describe("am11: pasted lines", () => {
  const cases: [text: string, found: Record<string, string>][] = [
    ["A=1", { A: "1" }],
    ["# c\n\nexport A = one # two\r\nB=a#b\nC=\n", { A: "one", B: "a#b", C: "" }],
    ["A='x # y'\nB=\"one\\ntwo\\\\ \\$X \\q\" # c\n", { A: "x # y", B: "one\ntwo\\ $X \\q" }],
    ['PEM="-----BEGIN\nline\n-----END"\nB=2', { PEM: "-----BEGIN\nline\n-----END", B: "2" }],
    ["A=b=c==", { A: "b=c==" }],
    ["A=1\nA=2", { A: "2" }],
  ];
  it.each(cases)("%j", (text, found) => {
    expect(parseEnv(text)).toEqual(Object.entries(found).map(([name, value]) => ({ name, value })));
  });

  it.each(["", "# nothing\n", "no line", "A=1\nno line", "A='open\n", 'A="open\n', 'A="x" y', "1A=x", "=x", "-----BEGIN KEY-----\nMII=\n"])("%j is something else", (text) => {
    expect(parseEnv(text)).toBeNull();
  });
});
