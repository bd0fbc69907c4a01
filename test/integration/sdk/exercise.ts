import type * as Sdk from '../../../sdk/src/index.ts';

/** What `exercise` resolves to wherever it runs. */
export const expected = {
  value: { name: 'Zoë', tags: ['a', null] },
  missing: null,
  entry: { key: 'a/b c?#%é', value: { name: 'Zoë', tags: ['a', null] }, expires_at: null },
  counter: 3,
  names: ['n', 'run:1', 'run:2', 'run:3'],
  notFound: ['not_found', 404, true],
  aborted: 'AbortError',
  timeout: 'timeout',
};

/**
 * Uses a client of each face. It goes as text into other runtimes, so it must use nothing but its arguments and what
 * every runtime has.
 */
export async function exercise(sdk: typeof Sdk, baseUrl: string, token: string): Promise<typeof expected> {
  const kv = sdk.createKVClient({ baseUrl, token });
  const { infra } = sdk.createClient(token, { baseUrl });
  const key = 'a/b c?#%é';
  await kv.del(key, 'n');
  await kv.set(key, { name: 'Zoë', tags: ['a', null] });
  const value = await kv.get<(typeof expected)['value']>(key, { cache: 'no-store' });
  const missing = await kv.get<null>('missing');
  const entry = await infra.kv.get<(typeof expected)['value']>(key, { cache: 'no-store' });
  await infra.kv.increment('n', { ttl: 60 });
  const counter = await kv.incr('n', 2);
  await infra.kv.batch([1, 2, 3].map((n) => ({ op: 'set' as const, key: `run:${n}`, value: n })));
  const names = ['n'];
  for await (const name of infra.kv.scanAll({ prefix: 'run:', limit: 2 })) names.push(name);
  names.sort();
  const failed: unknown = await infra.kv.get('missing').catch((error: unknown) => error);
  const notFound =
    failed instanceof sdk.CubbyError ? [failed.code, failed.status, typeof failed.requestId === 'string'] : [];
  const controller = new AbortController();
  const abort = kv.get('n', { signal: controller.signal }).catch((error: Error) => error.name);
  controller.abort();
  const slow = sdk.createKVClient({ baseUrl, token, timeoutMs: 30, fetch: () => new Promise(() => {}) });
  const timeout = await slow.get('n').catch((error: { code: string }) => error.code);
  return { value, missing, entry, counter, names, notFound, aborted: await abort, timeout } as typeof expected;
}
