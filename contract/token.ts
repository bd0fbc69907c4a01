import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { KVTokenSpec } from './kvtoken.gen.ts';

export type TokenType = KVTokenSpec['type'];

/** The prefix that tells a token's type at sight, so that secret scanners and people recognise it. */
export const TOKEN_PREFIXES: Readonly<Record<TokenType, string>> = {
  Project: 'sk_live_',
  Deployment: 'dt_',
  ApiKey: 'tk_',
};

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 30; // 62^30 ≈ 2^178
const CHECKSUM_LENGTH = 6; // 62^6 > 2^32

/** Random bytes that `formatToken` takes: each character uses one byte below 248, so twice the length always suffices in practice. */
export const TOKEN_RANDOM_BYTES = RANDOM_LENGTH * 4;

/**
 * A token: prefix, 30 base62 characters (178 random bits), and the CRC-32 of both in 6 base62 characters, the layout
 * that GitHub's tokens have. `random` is TOKEN_RANDOM_BYTES of cryptographic randomness.
 */
export function formatToken(type: TokenType, random: Uint8Array): string {
  // Bytes of 248 and more are passed over: 248 is the largest multiple of 62 in a byte, so no character is favoured.
  const characters = [...random].filter((byte) => byte < 248).slice(0, RANDOM_LENGTH);
  if (characters.length < RANDOM_LENGTH)
    throw new Error('formatToken: not enough random bytes; call again with fresh ones');
  const body = TOKEN_PREFIXES[type] + characters.map((byte) => ALPHABET[byte % 62]).join('');
  return body + checksum(body);
}

/** The type of a well-formed token, or undefined where prefix, length, alphabet or checksum is wrong (a mistyped token). */
export function tokenType(token: string): TokenType | undefined {
  for (const [type, prefix] of Object.entries(TOKEN_PREFIXES) as [TokenType, string][]) {
    if (!token.startsWith(prefix)) continue;
    if (token.length !== prefix.length + RANDOM_LENGTH + CHECKSUM_LENGTH) return undefined;
    const body = token.slice(0, -CHECKSUM_LENGTH);
    return /^[0-9A-Za-z]+$/.test(token.slice(prefix.length)) && token.endsWith(checksum(body)) ? type : undefined;
  }
  return undefined;
}

/** SHA-256 of a token in lower-case hex: the only form that leaves the token's Secret. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    text = ALPHABET[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
