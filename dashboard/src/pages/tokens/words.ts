import type { Scope } from '../../../../sdk/src/index.ts';

/** The lifetimes that the form offers, in seconds; undefined never ends. */
export const LIFETIMES: readonly { label: string; seconds: number | undefined }[] = [
  { label: 'Never', seconds: undefined },
  { label: '1 hour', seconds: 3600 },
  { label: '1 day', seconds: 86_400 },
  { label: '7 days', seconds: 7 * 86_400 },
  { label: '30 days', seconds: 30 * 86_400 },
  { label: '90 days', seconds: 90 * 86_400 },
  { label: '1 year', seconds: 365 * 86_400 },
];

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Why a text is no name for a token; undefined where it is one, or empty, which lets the server choose. */
export function nameProblem(name: string): string | undefined {
  if (name === '' || NAME.test(name)) return undefined;
  return 'Use small letters, digits, dots and dashes; begin and end with a letter or digit.';
}

/** What a token with these scopes may do. */
export function scopeWords(scopes: readonly Scope[]): string {
  const [reads, writes] = [scopes.includes('kv:read'), scopes.includes('kv:write')];
  if (reads && writes) return 'Read and write';
  if (reads) return 'Read';
  return writes ? 'Write' : 'Nothing';
}
