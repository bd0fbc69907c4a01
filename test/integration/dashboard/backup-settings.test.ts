import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBackupsPage } from './backups.ts';

const { managed, open } = await startBackupsPage();

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
