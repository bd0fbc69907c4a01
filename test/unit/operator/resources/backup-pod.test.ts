import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupPod } from '../../../../operator/resources/backup-pod.ts';
import { restorePod } from '../../../../operator/resources/restore-pod.ts';
import { store } from '../objects.ts';

const place = { target: { volume: { claimName: 'backups' } }, object: 'shop/main/one', encrypted: false };
const pods = {
  'of a backup': (pullSecrets?: { name: string }[]) =>
    backupPod({
      ...{ name: 'one-backup', namespace: 'shop', store: 'main', image: 'cubby:1', pullSecrets },
      job: { verb: 'verify', place },
    }),
  'of a restore': (pullSecrets?: { name: string }[]) =>
    restorePod(store(), {
      ...{ job: { verb: 'fetch', place }, ordinal: 0, image: 'cubby:1', pullSecrets, scheduling: {}, attempt: 1 },
      redis: { image: 'redis:8.0', limits: {} },
    }),
};

for (const [what, podWith] of Object.entries(pods))
  test(`a pod ${what} names the Secrets of its namespace by which its image is got, or leaves that to the service account`, () => {
    const spec = (pullSecrets?: { name: string }[]) => podWith(pullSecrets).spec as Record<string, unknown>;
    assert.deepEqual(spec([{ name: 'registry' }]).imagePullSecrets, [{ name: 'registry' }]);
    assert.ok(!('imagePullSecrets' in spec()));
  });
