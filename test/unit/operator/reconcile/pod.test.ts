import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient } from '../../../../kube/client.ts';
import { KubeError } from '../../../../kube/errors.ts';
import type { StatefulSet } from '../../../../operator/reconcile/kinds.ts';
import { maintainPod } from '../../../../operator/reconcile/pod.ts';
import { noteRefusal, withDefaultRequests } from '../../../../operator/reconcile/resize.ts';
import { canonicalJson } from '../../../../operator/resources/digest.ts';
import { filesHash, redisResources } from '../../../../operator/resources/pod-template.ts';
import { observed, plan, pod, running } from '../objects.ts';

const now = new Date('2026-01-01T01:00:00Z');

/** Maintains a pod that is to grow, where the API server answers a resize with that status, and returns what was patched. */
async function growUnder(status: number, refusedAt?: string) {
  const planned = plan({}, { asked: { memory: 2 ** 27, cpu: {} } });
  const hashes = { 'cubby.dev/files-hash': filesHash(planned), 'cubby.dev/restart-hash': 'same' };
  const template = { metadata: { annotations: hashes } };
  const statefulSet = { metadata: { name: 'main-redis' }, spec: { template } } as unknown as StatefulSet;
  const patched: { subresource: string | undefined; body: unknown }[] = [];
  const client = {
    patch: async (_resource: unknown, _key: unknown, body: unknown, { subresource }: { subresource?: string }) => {
      patched.push({ subresource, body });
      if (subresource) throw new KubeError({ status, reason: 'Any', message: 'not to be had' });
    },
  } as unknown as KubeClient;
  const wanted = canonicalJson(withDefaultRequests(redisResources({ memory: 2 ** 27, cpu: {} }, 'aof')));
  const refused = refusedAt !== undefined && noteRefusal({ wanted, why: 'a quota', at: refusedAt });
  const snapshot = observed({ pod: pod(running(), { annotations: { ...hashes, ...refused } }) });
  const context = { client, connectRedis: () => Promise.reject(new Error('none')), now: () => now };
  const outcome = await maintainPod(
    context,
    planned,
    statefulSet,
    snapshot,
    2 ** 26,
    false,
    new AbortController().signal,
  );
  return { ...outcome, note: JSON.stringify(patched.at(-1)?.body), tried: patched[0]?.subresource };
}

test('a cluster without in-place resize is noted on the pod, and is no refusal: the container is made anew', async () => {
  for (const status of [404, 405]) {
    const { refusals, note, tried } = await growUnder(status);
    assert.equal(tried, 'resize');
    assert.deepEqual(refusals, []);
    assert.match(note, /resize-refused.*never\\":true/);
    assert.match(note, /"uid":"pod-uid"/, 'the 404 may be for a pod that is gone: the next one of its name is another');
  }
});

test('a resize that a quota or a policy forbids is a refusal, and no reason to restart', async () => {
  const { refusals, note } = await growUnder(403);
  assert.equal(refusals[0]?.reason, 'ResizeRefused');
  assert.match(refusals[0]?.message ?? '', /not to be had/);
  assert.doesNotMatch(note, /never/);
});

test('what a quota forbade is asked for again after a while, and not before', async () => {
  const soon = await growUnder(403, '2026-01-01T00:55:00Z');
  assert.equal(soon.tried, undefined);
  assert.match(soon.refusals[0]?.message ?? '', /a quota/);
  const later = await growUnder(403, '2026-01-01T00:49:00Z');
  assert.equal(later.tried, 'resize');
  assert.match(later.note, /"at\\":\\"2026-01-01T01:00:00Z/);
});
