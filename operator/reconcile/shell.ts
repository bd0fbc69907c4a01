import { SHELL_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { parseTime } from '../../contract/time.ts';
import type { Finding } from '../status/finding.ts';

/** Who may sign in to Redis as the user `shell`, and until when. */
export interface Shell {
  /** SHA-256 of the password; absent where nobody may. */
  passwordHash?: string;
  /** Ms since 1970. */
  until?: number;
  refusal?: Finding<'ShellRefused'>;
}

/** The farthest that a shell may end from now, in ms: what is forgotten must not stay open. */
const LONGEST_MS = 8 * 3_600_000;

/** Reads the annotation; one whose time is over is as none. */
export function readShell({ metadata }: KVStore, now: Date): Shell {
  const text = metadata.annotations?.[SHELL_ANNOTATION];
  if (text === undefined) return {};
  const [, passwordHash, time = ''] = /^([0-9a-f]{64}):(.+)$/.exec(text) ?? [];
  const until = parseTime(time);
  if (passwordHash === undefined || until === undefined)
    return refuse('must be "<SHA-256 of the password in lower-case hex>:<RFC 3339 time>"');
  if (until - now.getTime() > LONGEST_MS) return refuse('may end 8 hours from now at the latest; set an earlier time');
  return until > now.getTime() ? { passwordHash, until } : {};
}

/** The text of the annotation is not told: it may be a password in the wrong place. */
function refuse(why: string): Shell {
  const message = `the annotation ${SHELL_ANNOTATION} ${why}, or remove it; nobody may sign in by it`;
  return { refusal: { reason: 'ShellRefused', message } };
}
