import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { kvBackupSchedule } from '../../unit/dataplane/objects.ts';
import { TENANTS } from '../dataplane/manage-editor.ts';
import { completed, startBackupsPage } from './backups.ts';
import { SERVING } from './managed.ts';

const { managed, open, has } = await startBackupsPage();

describe('the page Backups', () => {
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
