import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Router } from '../../../../dataplane/store/cluster/router.ts';
import { createClusterStore } from '../../../../dataplane/store/cluster/store.ts';
import { StoreError, type StoreFailure } from '../../../../dataplane/store/port.ts';

test('where one shard may have deleted and another has not, the outcome is unknown', async () => {
  const failures: StoreFailure[] = ['unavailable', 'unknown'];
  const way = (member: number) => ({
    request: () => Promise.reject(new StoreError(failures[member] ?? 'failed', 'of the test')),
    refused: () => assert.fail('no reply came'),
  });
  const router = { size: 2, memberOf: Number, way } as unknown as Router;
  const store = createClusterStore(router, 0, undefined);
  for (const keys of [
    ['0', '1'],
    ['1', '0'],
  ]) {
    await assert.rejects(store.delete(keys), { failure: 'unknown' });
  }
});
