import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../../kube/errors.ts';
import { maintainClaim } from '../../../../operator/reconcile/claim.ts';
import type { VolumeClaim } from '../../../../operator/reconcile/kinds.ts';
import { store } from '../objects.ts';

const grows = store({ persistence: { mode: 'aof', fsync: 'everysec', size: '5Gi' } });
const claim: VolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-main-redis-0', namespace: 'shop' },
  spec: { storageClassName: 'elastic', resources: { requests: { storage: '1Gi' } } },
  status: { phase: 'Bound', capacity: { storage: '1Gi' } },
};

test('a size that the API server refuses is told, and keeps nothing else of the claim from being written', async () => {
  const bodies: object[] = [];
  const refusing = (status: number) => ({
    get: async () => ({ allowVolumeExpansion: true }),
    patch: async (_resource: unknown, _key: unknown, body: object) => {
      if ('spec' in body) throw new KubeError({ status, reason: 'Forbidden', message: 'exceeded quota: storage' });
      bodies.push(body);
    },
  });
  const maintain = (status: number) =>
    maintainClaim(
      { client: refusing(status) } as unknown as Parameters<typeof maintainClaim>[0],
      { store: grows, claim },
      { mode: undefined, version: undefined },
      AbortSignal.timeout(1_000),
    );
  for (const status of [403, 422]) {
    const { refusals, steps } = await maintain(status);
    assert.match(refusals[0]?.message ?? '', /raise the namespace's quota.*exceeded quota/);
    assert.deepEqual(steps, [], 'it is not on its way');
  }
  assert.equal(bodies.length, 2, 'the labels are written');
  await assert.rejects(maintain(500), /exceeded quota/, 'what may succeed later is tried again');
});
