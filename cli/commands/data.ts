import { createClient, createKVClient } from '../../sdk/src/index.ts';
import { reachDataPlane } from '../access/data-plane.ts';
import type { Scope } from '../access/token.ts';
import { CliError, EXIT } from '../errors.ts';
import { parseExactly } from '../output/json.ts';
import { renderFields } from '../output/table.ts';
import { formatAge, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';
import { readValue } from './value.ts';

/** What bounds the calls of a command. */
interface DataOptions {
  timeout: number;
}

/** The two faces of the SDK for a session, and the text of the last answer. */
async function openClients(session: Session, scope: Scope, { timeout }: DataOptions) {
  const { baseUrl, token, projectId } = await reachDataPlane(session, { scope });
  let answer = '';
  const recordingFetch = async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    answer = await response.text();
    return new Response(answer, response);
  };
  const options = { baseUrl, projectId, timeoutMs: timeout * 1000, signal: session.signal, fetch: recordingFetch };
  return {
    kv: createKVClient({ ...options, token }),
    infra: createClient(token, options).infra.kv,
    lastAnswer: () => answer,
  };
}

const missing = (key: string) =>
  new CliError(EXIT.notFound, `there is no key ${key}`, 'cubby scan lists those there are');

/** `cubby get` */
export async function get(session: Session, [key]: [string], options: DataOptions) {
  const { kv, infra, lastAnswer } = await openClients(session, 'kv:read', options);
  const { output } = session;
  if (output.format === 'json' || output.format === 'yaml') {
    await infra.get(key);
    // The answer itself, because the client's values are JavaScript's, which cannot hold every number.
    return output.show(parseExactly(lastAnswer()), () => '');
  }
  const text = await kv.get(key, { as: 'text' });
  if (text === null && (await kv.ttl(key)) === -2) throw missing(key);
  output.write(`${present(text ?? 'null', output.isTerminal)}\n`);
}

/** A string as its characters; on a terminal anything else indented, elsewhere as it is stored. */
function present(text: string, isTerminal: boolean): string {
  if (text.startsWith('"')) return JSON.parse(text);
  return isTerminal && /^[[{]/.test(text) ? JSON.stringify(parseExactly(text), null, 2) : text;
}

/** `cubby set` */
export async function set(
  session: Session,
  [key, argument]: [string, string],
  options: DataOptions & { json?: true; string?: true; ttl?: number; ifNotExists?: true },
) {
  const { output } = session;
  const text = await readValue(session, argument, options.json ? 'json' : options.string ? 'string' : 'either');
  const { kv } = await openClients(session, 'kv:write', options);
  session.leaves('the write may have been applied');
  const result = await kv.set(key, text, { as: 'text', ex: options.ttl, nx: options.ifNotExists });
  session.leaves(undefined);
  if (result === null)
    throw new CliError(EXIT.conflict, `the key ${key} exists`, 'leave out --if-not-exists to replace it');
  output.show({ key, ttl: options.ttl ?? null, status: 'ok' }, () => 'OK\n');
}

/** `cubby del` */
export async function del(session: Session, [keys]: [string[]], options: DataOptions) {
  const { kv } = await openClients(session, 'kv:write', options);
  session.leaves('some of the keys may be deleted');
  const deleted = await kv.del(keys);
  session.leaves(undefined);
  session.output.show({ deleted }, () => `${deleted}\n`);
}

/** `cubby incr` */
export async function incr(session: Session, [key, amount]: [string, number | undefined], options: DataOptions) {
  const { kv } = await openClients(session, 'kv:write', options);
  session.leaves('the number may have been changed');
  const value = await kv.incr(key, amount ?? 1);
  session.leaves(undefined);
  session.output.show({ key, value }, () => `${value}\n`);
}

/** `cubby expire` */
export async function expire(session: Session, [key, seconds]: [string, number], options: DataOptions) {
  const { kv } = await openClients(session, 'kv:write', options);
  if ((await kv.expire(key, seconds)) === 0) throw missing(key);
  session.output.show({ key, ttl: seconds }, () => 'OK\n');
}

/** `cubby ttl` */
export async function ttl(session: Session, [key]: [string], options: DataOptions) {
  const { kv } = await openClients(session, 'kv:read', options);
  const seconds = await kv.ttl(key);
  if (seconds === -2) throw missing(key);
  const left = seconds < 0 ? null : seconds;
  const { output } = session;
  output.show({ key, ttl: left }, () => {
    if (!output.isTerminal) return `${left ?? -1}\n`;
    return renderFields([['expires', left === null ? `${NOTHING} never` : `in ${formatAge(left * 1000)} (${left} s)`]]);
  });
}

/** `cubby scan` */
export async function scan(
  session: Session,
  [prefix]: [string | undefined],
  options: DataOptions & { limit: number; all?: true; cursor?: string },
) {
  const { infra } = await openClients(session, 'kv:read', options);
  const { output } = session;
  const { limit, cursor } = options;
  const isTable = output.format === 'table' || output.format === 'wide';
  if (options.all) {
    const seen = new Set<string>();
    for await (const key of infra.scanAll({ prefix, limit: 1000, cursor })) {
      if (isTable && !seen.has(key)) output.write(`${key}\n`);
      seen.add(key);
    }
    if (!isTable) output.show({ keys: [...seen], next_cursor: null }, () => '');
    return;
  }
  const page = await fillPage(limit, cursor, (rest, from) => infra.scan({ prefix, limit: rest, cursor: from }));
  output.show(page, () => page.keys.map((key) => `${key}\n`).join(''));
  if (isTable && page.next_cursor !== null) output.note(`more with --cursor ${page.next_cursor}, or all with --all`);
}

/** A page of that many names, from as many of the API's as it takes: those may be short though more follow. */
async function fillPage(
  limit: number,
  start: string | undefined,
  scanPage: (limit: number, cursor: string | undefined) => Promise<{ keys: string[]; next_cursor: string | null }>,
) {
  const keys = new Set<string>();
  let cursor = start;
  do {
    const page = await scanPage(Math.min(1000, limit - keys.size), cursor);
    for (const key of page.keys) keys.add(key);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && keys.size < limit);
  return { keys: [...keys], next_cursor: cursor ?? null };
}
