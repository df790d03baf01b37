/** The usual numbers of a setting, and the one it has when that is none of them. */
export function choices(usual: readonly number[], now: number, label: (value: number) => string): { value: number; label: string }[] {
  const values = usual.includes(now) ? usual : [now, ...usual];
  return values.map((value) => ({ value, label: label(value) }));
}
