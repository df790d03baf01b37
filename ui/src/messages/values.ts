/** Words of the field where a value comes in: typed, pasted, or from a file. */

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const bytes = (n: number) => (n < 1024 ? count(n, "byte", "bytes") : `${(n / 1024).toFixed(n < 10_240 ? 1 : 0)} KiB`);

export const valueWords = {
  show: () => "Show what you typed",
  hide: () => "Hide what you typed",
  lines: (n: number) => `${count(n, "line", "lines")}. Kept exactly as pasted.`,
  choose: () => "From a file",
  chosen: (name: string, size: number) => `${name}, ${bytes(size)}`,
  chosenText: () => "Stored byte for byte. The file itself stays where it is.",
  drop: () => "Type the value instead",
};
