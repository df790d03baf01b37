/** Well-known beginnings of keys, so that a form can say "Looks like …". Only public prefixes, never a value. */

const PREFIXES: readonly [prefix: string, what: string][] = [
  ["sk_live_", "a Stripe live key"],
  ["sk_test_", "a Stripe test key"],
  ["rk_live_", "a restricted Stripe live key"],
  ["whsec_", "a Stripe webhook secret"],
  ["ghp_", "a GitHub personal access token"],
  ["github_pat_", "a GitHub fine-grained token"],
  ["ghs_", "a GitHub app token"],
  ["glpat-", "a GitLab access token"],
  ["xoxb-", "a Slack bot token"],
  ["xoxp-", "a Slack user token"],
  ["AKIA", "an AWS access key ID"],
  ["AIza", "a Google API key"],
  ["SG.", "a SendGrid key"],
  ["npm_", "an npm token"],
  ["pypi-", "a PyPI token"],
  ["-----BEGIN ", "a PEM file"],
  ["postgres://", "a PostgreSQL address"],
  ["postgresql://", "a PostgreSQL address"],
];

/** What a value looks like; `null` when nothing is known about it. */
export function looksLike(value: string): string | null {
  return PREFIXES.find(([prefix]) => value.length > prefix.length && value.startsWith(prefix))?.[1] ?? null;
}
