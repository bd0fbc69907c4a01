import type { TestContext } from 'node:test';
import { url } from '../e2e/environment.ts';
import { createTenant, tokenOf } from '../e2e/tenant.ts';

const KEYS = 120;

/** A store in the place of a service that a page moves data away from: $OLD_URL and $OLD_TOKEN, see `Setting.old`. */
export async function prepareOldService(
  test: Pick<TestContext, 'after'>,
  namespace: string,
): Promise<Record<string, string>> {
  const { request } = await createTenant(test, namespace);
  const ops = Array.from({ length: KEYS }, (_, i) => {
    return { op: 'set', key: `key:${i}`, value: { i }, ...(i % 3 === 0 && { ttl: 3600 }) };
  });
  for (const part of [ops.slice(0, 60), ops.slice(60)]) await request('POST', '/infra/kv', { ops: part });
  return { OLD_URL: url, OLD_TOKEN: await tokenOf(namespace, 'web') };
}
