import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { type Managed, SERVING, startManaged } from './managed.ts';

describe('the Redis pods of a store', () => {
  let managed: Managed;
  before(async () => {
    managed = await startManaged();
  });
  after(() => managed.close());

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`are shown with their roles, and a replica can take over (${name})`, async () => {
      managed.store('shop');
      const members = [
        { name: 'shop-redis-0', role: 'Primary', ready: true, node: 'n0' },
        { name: 'shop-redis-1', role: 'Replica', ready: true, linked: true, lagBytes: 2048 },
        { name: 'shop-redis-2', role: 'Replica', ready: false, linked: false },
      ] as const;
      const topology = { mode: 'Replicated', members: 3 } as const;
      managed.operate('shop', { phase: 'Ready', conditions: SERVING, topology, members: [...members] });
      const { page, complaints, close } = await managed.open({ token: managed.admin, at: '/shop/settings', view });
      const row = page.getByRole('row', { name: /shop-redis-1/ });
      await row.waitFor();
      assert.match((await row.textContent()) ?? '', /Replica.*Ready.*2/s);
      await page
        .getByRole('row', { name: /shop-redis-2/ })
        .getByText('Not connected')
        .waitFor();
      assert.deepEqual(await findBarriers(page), []);
      await page.getByRole('button', { name: 'Fail over' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Fail over' }).click();
      await page.getByText('Asked for the failover').waitFor();
      assert.ok(managed.stage.objects.get('shop')?.metadata.annotations?.['cubby.dev/failover']);
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test('of a sharded store are shown with their slots, and nothing can fail over', async () => {
    managed.store('wide');
    const members = [8192, 8192].map((slots, i) => ({
      name: `wide-redis-${i}`,
      role: 'Shard' as const,
      ready: true,
      slots,
    }));
    const topology = { mode: 'Sharded', members: 2 } as const;
    managed.operate('wide', { phase: 'Ready', conditions: SERVING, topology, members });
    const { page, close } = await managed.open({ token: managed.admin, at: '/wide/settings' });
    await page
      .getByRole('row', { name: /wide-redis-1/ })
      .getByText('8,192 (50%)')
      .waitFor();
    assert.equal(await page.getByRole('button', { name: 'Fail over' }).count(), 0);
    assert.deepEqual(await findBarriers(page), []);
    await close();
  });
});
