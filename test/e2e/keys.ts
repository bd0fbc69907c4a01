import type { TestContext } from 'node:test';
import { apply, kubectl } from './cluster.ts';
import { token, tokenOf } from './tenant.ts';

const SYSTEM = 'cubby-system';

/** Makes an API key in the system namespace, and takes it away when the test ends. */
export async function createKey(test: Pick<TestContext, 'after'>, name: string, spec: object): Promise<string> {
  test.after(() => kubectl('delete', 'kvtoken', name, '-n', SYSTEM, '--ignore-not-found'));
  await apply(token(SYSTEM, { type: 'ApiKey', storeRef: undefined, ...spec }, name));
  return tokenOf(SYSTEM, name);
}
