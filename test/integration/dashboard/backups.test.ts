import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KVBackup, KVStore } from '../../../contract/objects.ts';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { kvBackup, kvBackupSchedule } from '../../unit/dataplane/objects.ts';
import { TENANTS } from '../dataplane/manage-editor.ts';
import { type Managed, SERVING, startManaged } from './managed.ts';

const backup = { target: { volume: { claimName: 'backups' } } };
const completed: NonNullable<KVBackup['status']> = {
  phase: 'Completed',
  keys: 1204,
  size: 3 * 2 ** 20,
  redisVersion: '8.0.2',
  completedAt: '2026-01-01T03:00:09Z',
  location: { object: 'cubby-tenants/shop/first-1234abcd', target: backup.target },
};

describe('the page Backups', () => {
  let managed: Managed;
  before(async () => {
    managed = await startManaged();
  });
  beforeEach(() => {
    for (const all of [managed.stage.backups, managed.stage.schedules, managed.stage.objects]) all.clear();
    managed.store('shop', { backup });
    managed.store('bare');
    for (const project of ['shop', 'bare']) managed.operate(project, { phase: 'Ready', conditions: SERVING });
  });
  after(() => managed.close());

  const open = (project = 'shop', token = managed.admin, view?: (typeof VIEWS)[keyof typeof VIEWS]) =>
    managed.open({ token, at: `/${project}/backups`, ...(view && { view }) });
  const has = (name: string, status?: KVBackup['status']) =>
    managed.stage.backups.set(
      name,
      kvBackup({ namespace: TENANTS, name, storeRef: { name: 'shop' }, ...(status && { status }) }),
    );

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`each step of it is for everybody (${name})`, async () => {
      has('first', completed);
      has('second', { phase: 'Running', progress: { bytes: 4096 } });
      managed.stage.schedules.set('nightly', kvBackupSchedule({ namespace: TENANTS, storeRef: { name: 'shop' } }));
      const { page, complaints, close } = await open('shop', managed.admin, view);
      await page.getByRole('row', { name: /first/ }).waitFor();
      await page.getByText('Each night at 3 (UTC)').waitFor();
      assert.deepEqual(await findBarriers(page), []);
      for (const button of [
        'Back up now',
        'Change',
        'Add schedule',
        'Restore first',
        'Delete first',
        'Change nightly',
      ]) {
        await page.getByRole('button', { name: button, exact: true }).click();
        await page.getByRole('dialog').waitFor();
        assert.deepEqual(await findBarriers(page), [], button);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test('a backup is asked for, followed until it is complete, and shown with its keys and size', async () => {
    const { page, close } = await open();
    await page.getByText('No backups yet').waitFor();
    await page.getByRole('button', { name: 'Back up now' }).click();
    const dialog = page.getByRole('dialog');
    const send = dialog.getByRole('button', { name: 'Back up' });
    await dialog.getByLabel('Name').fill('Not A Name');
    assert.equal(await send.isDisabled(), true);
    await dialog.getByLabel('Name').fill('first');
    await send.click();
    const row = page.getByRole('row', { name: /first/ });
    await row.getByText('Pending').waitFor();
    assert.deepEqual(managed.stage.backups.get('first')?.spec, {
      storeRef: { name: 'shop' },
      deletionPolicy: 'Retain',
    });
    has('first', { phase: 'Running', progress: { bytes: 2048 } });
    await row.getByText('2 KiB so far').waitFor();
    has('first', completed);
    await row.getByText('Complete').waitFor();
    assert.match((await row.textContent()) ?? '', /1,204.*backups/s);
    await close();
  });

  test('data is replaced only after the name of the project was typed; then the restore is followed', async () => {
    has('first', completed);
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Restore first' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Into').selectOption('here');
    await dialog.getByRole('button', { name: 'Next' }).click();
    const replace = dialog.getByRole('button', { name: 'Replace the data' });
    assert.equal(await replace.isDisabled(), true);
    await dialog.getByLabel('Type shop to confirm').fill('shop');
    await replace.click();
    await dialog.waitFor({ state: 'detached' });
    const { restoreFrom } = managed.stage.objects.get('shop')?.spec ?? {};
    assert.deepEqual(restoreFrom, { backupRef: { name: 'first' }, overwriteData: true });
    const restore = (phase: NonNullable<NonNullable<KVStore['status']>['restore']>['phase'], more = {}) =>
      managed.operate('shop', { phase: 'Ready', conditions: SERVING, restore: { from: 'x', phase, ...more } });
    restore('Fetching');
    await page.getByText('The data that was there still serves').waitFor();
    restore('Completed', { keys: 1200, expectedKeys: 1204 });
    await page.getByText('1,200 of 1,204 keys').waitFor();
    await close();
  });

  test('a new project begins with the backup, and is gone to', async () => {
    has('first', completed);
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Restore first' }).click();
    const dialog = page.getByRole('dialog');
    const next = dialog.getByRole('button', { name: 'Next' });
    await dialog.getByLabel('Name of the new project').fill('shop');
    assert.equal(await next.isDisabled(), true, 'this project is not a new one');
    await dialog.getByLabel('Name of the new project').fill('shop-copy');
    await next.click();
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await page.getByRole('heading', { name: 'shop-copy' }).waitFor();
    const { restoreFrom } = managed.stage.objects.get('shop-copy')?.spec ?? {};
    assert.deepEqual(restoreFrom, { backupRef: { name: 'first' }, overwriteData: false });
    await close();
  });

  test('deleting asks for the name, and says what becomes of the data', async () => {
    has('first', completed);
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Delete first' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Its data stays where it is').waitFor();
    await dialog.getByLabel('Delete what is stored as well').check();
    await dialog.getByText('cannot be undone').waitFor();
    const remove = dialog.getByRole('button', { name: 'Delete', exact: true });
    assert.equal(await remove.isDisabled(), true);
    await dialog.getByLabel('Type first to confirm').fill('first');
    await remove.click();
    await page.getByText('No backups yet').waitFor();
    assert.equal(managed.stage.backups.size, 0);
    await close();
  });

  test('a store without a place for backups is given one, and then they can be made', async () => {
    const { page, close } = await open('bare');
    await page.getByText('First say where they go').waitFor();
    assert.equal(await page.getByRole('button', { name: /Back up now|Add schedule/ }).count(), 0);
    await page.getByRole('button', { name: 'Choose' }).click();
    const dialog = page.getByRole('dialog');
    const save = dialog.getByRole('button', { name: 'Save' });
    await dialog.getByLabel('Kind').selectOption('s3');
    await dialog.getByLabel('Bucket').fill('kv-backups');
    assert.equal(await save.isDisabled(), true);
    await dialog.getByLabel('Secret').fill('s3');
    await dialog.getByLabel('Encryption').fill('age');
    await save.click();
    await page.getByText('s3://kv-backups').waitFor();
    await page.getByRole('button', { name: 'Back up now' }).waitFor();
    assert.deepEqual(managed.stage.objects.get('bare')?.spec.backup, {
      target: { s3: { bucket: 'kv-backups', credentialsSecret: { name: 's3' } } },
      encryption: { secret: { name: 'age' } },
    });
    await close();
  });

  test('a look at the other kind of place loses nothing of the one that there is', async () => {
    const s3 = { bucket: 'kv', credentialsSecret: { name: 's3' }, region: 'eu-1', forcePathStyle: false };
    managed.store('shop', { backup: { target: { s3 } } as never });
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Kind').selectOption('volume');
    await dialog.getByLabel('Volume claim').fill('vault');
    await dialog.getByLabel('Kind').selectOption('s3');
    await dialog.getByLabel('Folder').fill('cubby');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('s3://kv/cubby').waitFor();
    assert.deepEqual(managed.stage.objects.get('shop')?.spec.backup, { target: { s3: { ...s3, prefix: 'cubby' } } });
    await close();
  });

  test('what the operator makes of a new schedule is shown as soon as it is known', async () => {
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Add schedule' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save schedule' }).click();
    await page.getByText('None so far').waitFor();
    const made = managed.stage.schedules.get('shop-nightly') ?? assert.fail();
    const status = { observedGeneration: 1, nextScheduleTime: '2031-02-03T03:00:00Z' };
    managed.stage.schedules.set('shop-nightly', { ...made, status });
    await page.getByText(/None so far, next .*2031/).waitFor({ timeout: 10_000 });
    await close();
  });

  test('a restore that is over is asked after no more', async () => {
    const restore = { phase: 'Loading', from: 'digest' } as const;
    const operate = (status: object) =>
      managed.operate('shop', { phase: 'Ready', conditions: SERVING, restore: { ...restore, ...status } });
    operate({});
    const { page, close } = await open();
    await page.getByText('Restore under way').waitFor();
    operate({ phase: 'Completed' });
    await page.getByText('Last restore').waitFor();
    let asked = 0;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname.endsWith('/api/kv/status')) asked++;
    });
    await page.waitForTimeout(3_500);
    assert.ok(asked <= 1, `asked ${asked} times`);
    await close();
  });

  test('a schedule is added, changed and deleted', async () => {
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Add schedule' }).click();
    const dialog = page.getByRole('dialog');
    const save = dialog.getByRole('button', { name: 'Save schedule' });
    await dialog.getByLabel('When').selectOption('As cron has it');
    await dialog.getByLabel('Schedule', { exact: true }).fill('each night');
    assert.equal(await save.isDisabled(), true);
    await dialog.getByLabel('Schedule', { exact: true }).fill('30 2 * * *');
    await dialog.getByLabel('Time zone').selectOption('Europe/Berlin');
    await dialog.getByLabel('Delete after').fill('30d');
    await save.click();
    await page
      .getByText('30 2 * * * (Europe/Berlin). Keeps the newest 7, and of these those of the last 30 days')
      .waitFor();
    const { schedule, retention, suspend } = managed.stage.schedules.get('shop-nightly')?.spec ?? {};
    assert.deepEqual([schedule, retention, suspend], ['30 2 * * *', { count: 7, maxAge: '30d' }, false]);
    await page.getByRole('button', { name: 'Change shop-nightly' }).click();
    await dialog.getByLabel('Suspended').check();
    await save.click();
    await page.getByText('Suspended', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete shop-nightly' }).click();
    await dialog.getByRole('button', { name: 'Delete schedule' }).click();
    await page.getByText('No backups are made by themselves').waitFor();
    await close();
  });

  test('who may only look sees the backups, no buttons, and how they are made', async () => {
    has('first', completed);
    const { page, close } = await open('shop', managed.reader);
    await page.getByRole('row', { name: /first/ }).waitFor();
    await page.getByText('cubby -n cubby-tenants backup shop', { exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Back up|Restore|Delete|Change|Add/ }).count(), 0);
    assert.deepEqual(await findBarriers(page), []);
    await close();
  });
});

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
