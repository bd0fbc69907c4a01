import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Way } from './exchange.ts';
import { isSameProcess, type Origin, STAMP, stampOf } from './origin.ts';
import { type ScanPage, StoreError } from './port.ts';
import { bytesOf, elementsOf, one } from './replies.ts';
import type { Reply } from './resp/reply.ts';

/** A page costs Redis no more than so many SCANs of no more than COUNT so much, and each looks at 10 × COUNT slots at most. */
const MAX_STEPS = 10;
const MAX_COUNT = 1000;

const POSITION = new RegExp(`^\\d{1,20}(\\.[\\w-]{10}\\.[\\w-]{10})?(~${STAMP})?$`);

/**
 * Where a page ends: before the SCAN step of a cursor; or within it, when even a step of COUNT 1 has more names than the
 * page has room for. Then `last` is how far the step's names were given, in the order of their digests, and `seen` is a
 * digest of all names up to there. When those are others at the next page, the step is given anew from its start: the
 * table may have shrunk, and names come into the step that were in a later one. `stamp` is of the process whose cursor it
 * is; absent at the start only.
 */
interface Position {
  cursor: string;
  given?: { last: string; seen: string };
  stamp?: string;
}

const START: Position = { cursor: '0' };

/**
 * One page of names. Redis promises that a full round of cursors gives each key that is there throughout; a page therefore
 * goes on only from cursors whose steps were given whole. A process draws the order of its keys by lot when it starts, so
 * that the cursors of one say nothing to another: after a restart or a failover the round begins anew.
 */
export async function scan(way: Way, pattern: string, limit: number, from?: string): Promise<ScanPage> {
  let position = parse(from);
  // A step may give a few more than its COUNT.
  let count = position.given ? 1 : clamp(limit * 0.9);
  const keys = new Set<string>();
  let examined = 0;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const { next, names, origin } = await way.request(
      one('read', ['SCAN', position.cursor, 'MATCH', pattern, 'COUNT', count], stepOf),
    );
    examined += count;
    if (position !== START && !(position.stamp && isSameProcess(position.stamp, origin))) {
      position = START;
      count = clamp((limit - keys.size) * 0.9);
      continue;
    }
    const stamp = stampOf(origin, Date.now(), position.stamp);
    const fresh = position.given ? rest(names, position.given) : names;
    const room = limit - keys.size;
    if (fresh.length > room) {
      if (keys.size > 0) break;
      if (count === 1) return { ...split({ cursor: position.cursor, stamp }, names, fresh, limit), examined };
      count = clamp(count / 4);
      continue;
    }
    for (const name of fresh) keys.add(String(name));
    if (next === '0') return { keys: [...keys], examined, next: undefined };
    position = { cursor: next, stamp };
    const density = names.length / count;
    count = clamp(density === 0 ? count * 4 : ((limit - keys.size) * 0.9) / density);
    if (keys.size === limit || (keys.size > 0 && count * density < limit / 10)) break;
  }
  return { keys: [...keys], examined, next: format(position) };
}

/** A page from the middle of one step. */
function split(
  step: Position,
  names: readonly Buffer[],
  fresh: readonly Buffer[],
  limit: number,
): Omit<ScanPage, 'examined'> {
  const page = sorted(fresh).slice(0, limit);
  const last = page.at(-1)?.digest ?? '';
  return {
    keys: page.map(({ name }) => String(name)),
    next: format({ ...step, given: { last, seen: seen(names, last) } }),
  };
}

/** The names of a step that were not given yet. */
function rest(names: readonly Buffer[], { last, seen: before }: { last: string; seen: string }): readonly Buffer[] {
  return seen(names, last) === before ? names.filter((name) => digest(name) > last) : names;
}

function seen(names: readonly Buffer[], last: string): string {
  const digests = sorted(names).map((each) => each.digest);
  return digest(digests.filter((each) => each <= last).join());
}

function sorted(names: readonly Buffer[]): { name: Buffer; digest: string }[] {
  const all = names.map((name) => ({ name, digest: digest(name) }));
  return all.sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

function digest(bytes: Buffer | string): string {
  return hash('sha256', bytes, 'base64url').slice(0, 10);
}

function stepOf(reply: Reply | undefined, origin: Origin): { next: string; names: Buffer[]; origin: Origin } {
  const [cursor, names] = elementsOf(reply);
  const next = String(bytesOf(cursor));
  if (!/^\d{1,20}$/.test(next)) throw new Error('Redis answered SCAN with something that is no cursor');
  // What is no UTF-8 was not written here, and no text would name it.
  return {
    next,
    origin,
    names: elementsOf(names)
      .map((name) => bytesOf(name) ?? Buffer.alloc(0))
      .filter(isUtf8),
  };
}

function clamp(count: number): number {
  return Math.max(1, Math.min(MAX_COUNT, Math.floor(count)));
}

function parse(from = START.cursor): Position {
  if (!POSITION.test(from)) throw new StoreError('failed', 'a scan cannot go on from there');
  if (from === START.cursor) return START;
  const [step = '', stamp] = from.split('~');
  const [cursor = '', last, seen] = step.split('.');
  const given = last !== undefined && seen !== undefined && { given: { last, seen } };
  return { cursor, ...given, ...(stamp !== undefined && { stamp }) };
}

function format({ cursor, given, stamp }: Position): string {
  const step = given ? `${cursor}.${given.last}.${given.seen}` : cursor;
  return stamp === undefined ? step : `${step}~${stamp}`;
}
