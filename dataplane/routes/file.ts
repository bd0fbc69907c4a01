import { type Answer, ok } from '../pipeline/call.ts';

/** A browser takes a file for what its Content-Type says, and for nothing else. */
export const NOSNIFF = { 'X-Content-Type-Options': 'nosniff' };

/** Made when it is first asked for, and then one for all, as clients without a token may be many and slow to take it. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** A 200 answer of bytes that are there once for all requests. */
export function file(body: Buffer, type = 'application/json', headers: Answer['headers'] = {}): Answer {
  return { ...ok(body), type, headers, shared: true };
}

/**
 * Headers of a page that loads nothing from elsewhere, runs no script of its own text, and stands in no frame. `more`
 * are further directives of its Content-Security-Policy.
 */
export function pageHeaders(...more: readonly string[]): Record<string, string> {
  return {
    ...NOSNIFF,
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      ...more,
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
  };
}
