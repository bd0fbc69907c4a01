import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../../kube/errors.ts';
import { replacePod } from '../../../../operator/reconcile/replace-pod.ts';
import { isLeftHeld } from '../../../../operator/reconcile/write-hold.ts';
import { observed, plan, pod, redis, running, store } from '../objects.ts';

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

/** What is asked of Redis and of the API server, in order, while a pod is replaced. */
async function replace({ ends = true, spec = {}, deletion = async () => {} } = {}): Promise<string[]> {
  const calls: string[] = [];
  const seen = observed({ store: store(spec), redis: redis() });
  const session = {
    configSet: async (name: string, value: string) => void calls.push(`${name} ${value}`),
    ended: ends ? Promise.resolve() : new Promise<void>(() => {}),
  };
  const client = {
    get: async () => seen.store,
    delete: async (_kind: unknown, _key: unknown, { gracePeriodSeconds }: { gracePeriodSeconds?: number }) => {
      calls.push(gracePeriodSeconds === 0 ? 'remove' : 'delete');
      await deletion();
    },
  };
  const context = { client: client as never, connectRedis: () => Promise.reject(refused) };
  const look = { ...seen, statefulSet: undefined, redis: { ...redis(), session: session as never } };
  await replacePod(context, look, pod(), new AbortController().signal);
  return calls;
}

test('Redis takes no writes from before its pod is deleted, and the pod goes when Redis has ended', async () => {
  assert.deepEqual(await replace(), ['min-replicas-to-write 1', 'delete', 'remove']);
});

test('a Redis that goes on takes writes again: it is slow to end, or its pod is another by now', async () => {
  assert.deepEqual(await replace({ ends: false }), ['min-replicas-to-write 1', 'delete', 'min-replicas-to-write 0']);
  const conflict = new KubeError({ status: 409, reason: 'Conflict', message: 'another pod' });
  const calls = await replace({ deletion: () => Promise.reject(conflict) });
  assert.deepEqual(calls, ['min-replicas-to-write 1', 'delete', 'min-replicas-to-write 0']);
});

test('a member of several is not held: it has handed over, or others have what it has', async () => {
  assert.deepEqual(await replace({ spec: { replicas: 3 } }), ['delete', 'remove']);
});

test('what an operator left refusing writes that ended before it deleted the pod is told from a Redis that ends', () => {
  const held = redis({}, { 'min-replicas-to-write': '1' }).look;
  assert.ok(isLeftHeld(plan(), pod(), held));
  assert.ok(!isLeftHeld(plan(), pod(running(), { deletionTimestamp: 'now' }), held));
  assert.ok(!isLeftHeld(plan(), pod(), redis({}, { 'min-replicas-to-write': '0' }).look));
});
