import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, read } from './cluster.ts';
import { createTenant, request, tokenOf } from './tenant.ts';

const NAMESPACE = 'e2e-rotation';
/** A client as pods are: it reads its token once a second, and sends a request in so many ms. */
const READ_MS = 1000;
const PAUSE_MS = 20;
const ROTATIONS = 3;

test('while a token is rotated, and the operator replaced meanwhile, no request is refused', async (t) => {
  await createTenant(t, NAMESPACE);
  const ask = () =>
    kubectl(
      'annotate',
      'kvtoken',
      'web',
      '-n',
      NAMESPACE,
      '--overwrite',
      `cubby.dev/rotate=${new Date().toISOString()}`,
    );

  let token = await tokenOf(NAMESPACE, 'web');
  const tokens = new Set([token]);
  const outcomes: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  const reading = setInterval(async () => {
    token = await tokenOf(NAMESPACE, 'web').catch(() => token);
    tokens.add(token);
  }, READ_MS);
  const sending = setInterval(() => {
    const one = request(token, 'GET', '/infra/kv/none').then(
      ({ status }) => {
        outcomes[status] = (outcomes[status] ?? 0) + 1;
      },
      (error: Error) => {
        outcomes[error.message] = (outcomes[error.message] ?? 0) + 1;
      },
    );
    running.add(one);
    void one.finally(() => running.delete(one));
  }, PAUSE_MS);
  t.after(() => {
    clearInterval(reading);
    clearInterval(sending);
  });

  for (let done = 1; done <= ROTATIONS; done++) {
    await ask();
    // Within the second rotation, while the new hash is published and only the operator knows the token.
    if (done === 2) {
      await sleep(2_000);
      await kubectl(
        'delete',
        'pod',
        '-n',
        'cubby-system',
        '-l',
        'app.kubernetes.io/component=operator',
        '--wait=false',
      );
    }
    const end = performance.now() + 60_000;
    while (tokens.size <= done && performance.now() < end) await sleep(100);
    assert.equal(tokens.size, done + 1, 'the client has read another token');
  }
  await sleep(3_000);
  clearInterval(sending);
  await Promise.all(running);
  t.diagnostic(JSON.stringify(outcomes));
  assert.deepEqual(Object.keys(outcomes), ['404'], 'every request was answered by the store');
  assert.ok((outcomes[404] ?? 0) > 500, 'enough requests to tell');
  const { status } = await read('kvtoken', NAMESPACE, 'web');
  assert.equal(status.retiring.length, ROTATIONS);
});
