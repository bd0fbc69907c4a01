import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { conditions, type Managed, SERVING, startManaged } from './managed.ts';

type Status = NonNullable<KVStore['status']>;

const serving = (version: string): Status => ({
  phase: 'Ready',
  version,
  endpoint: { host: 'x', port: 6379 },
  credentialGeneration: 1,
  memory: { limit: 2 ** 26, used: 2 ** 20 },
  conditions: SERVING,
});
const progressing = (reason: string, message: string): Status => ({
  phase: 'Progressing',
  conditions: conditions({ Ready: ['True', 'Serving', 'Redis answers'], Progressing: ['True', reason, message] }),
});

describe('the page KV Storage', () => {
  let managed: Managed;
  before(async () => {
    managed = await startManaged();
  });
  after(() => managed.close());

  const open = (project: string, token = managed.admin, view?: (typeof VIEWS)[keyof typeof VIEWS]) =>
    managed.open({ token, at: `/${project}/settings`, ...(view && { view }) });
  const spec = (project: string) =>
    [...managed.stage.objects.values()].find((store) => store.spec.projectId === project)?.spec;

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`shows the store and what may be changed, for everybody (${name})`, async () => {
      managed.store(`look-${name}`, { version: '8.0' });
      managed.operate(`look-${name}`, serving('8.0.2'));
      const { page, complaints, close } = await open(`look-${name}`, managed.admin, view);
      await page.getByText('Answers requests').waitFor();
      for (const text of ['8.0.2', '64mb, 1 MiB used', `look-${name}-redis.cubby-tenants.svc:6379`]) {
        await page.getByText(text, { exact: true }).waitFor();
      }
      assert.deepEqual(await findBarriers(page), []);
      await page.getByRole('button', { name: 'Disable KV' }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await findBarriers(page), []);
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test('an upgrade is asked for and followed until the store is ready', async () => {
    managed.store('upgraded', { version: '7.0' });
    managed.operate('upgraded', serving('7.0.15'));
    const { page, close } = await open('upgraded');
    const save = page.getByRole('button', { name: 'Save' });
    assert.equal(await save.isDisabled(), true);
    await page.getByLabel('Redis version').selectOption('8.0');
    await save.click();
    const timeline = page.getByRole('list').filter({ hasText: 'Asked' });
    await timeline.getByText('Redis 8.0.').waitFor();
    assert.equal(spec('upgraded')?.version, '8.0');
    await timeline.getByText('Waiting for the operator').waitFor();
    managed.operate('upgraded', progressing('Checking', 'a preflight pod tries redis:8.0'));
    await timeline.getByText('a preflight pod tries redis:8.0').waitFor();
    managed.operate('upgraded', progressing('Restarting', 'restarting Redis'));
    await timeline.getByText('Restarting Redis', { exact: true }).waitFor();
    managed.operate('upgraded', serving('8.0.2'));
    await timeline.getByText('Redis 8.0.2 serves with 64mb.').waitFor();
    await page.getByText('Last change').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await close();
  });

  test('a change that is rolled back ends with the reason of the operator', async () => {
    managed.store('failing', { version: '7.0' });
    managed.operate('failing', serving('7.0.15'));
    const { page, close } = await open('failing');
    await page.getByLabel('Redis version').selectOption('8.0');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Waiting for the operator').waitFor();
    const accepted = ['False', 'RolledBack', 'Redis did not start with redis:8.0'] as const;
    managed.operate('failing', {
      ...serving('7.0.15'),
      phase: 'Degraded',
      conditions: conditions({
        Ready: ['True', 'Serving', ''],
        SpecAccepted: accepted,
        Degraded: ['True', 'RolledBack', ''],
      }),
    });
    await page.getByRole('list').getByText('Rolled back').waitFor();
    await page.getByText('Not taken over: RolledBack').waitFor();
    assert.equal(await page.getByText('Redis did not start with redis:8.0').count(), 2);
    await close();
  });

  test('memory is written in its unit, and what is no amount cannot be saved', async () => {
    managed.store('grown');
    managed.operate('grown', serving('8.0.2'));
    const { page, close } = await open('grown');
    const memory = page.getByLabel('Memory for data');
    await memory.fill('1.5');
    await page.getByText('Enter a whole number above 0.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
    await memory.fill('1');
    await page.getByLabel('Unit of memory').selectOption('gb');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1gb of memory.').waitFor();
    assert.equal(spec('grown')?.memory, '1Gi');
    await close();
  });

  test('a store is stopped after a question that says what becomes of the data, and woken again', async () => {
    managed.store('switched');
    managed.operate('switched', serving('8.0.2'));
    const { page, close } = await open('switched');
    await page.getByRole('button', { name: 'Disable KV' }).click();
    const dialog = page.getByRole('dialog');
    assert.match((await dialog.textContent()) ?? '', /answers 503 .* The data is kept\./);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(spec('switched')?.enabled, true);
    await page.getByRole('button', { name: 'Disable KV' }).click();
    await dialog.getByRole('button', { name: 'Disable KV' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(spec('switched')?.enabled, false);
    managed.operate('switched', { phase: 'Hibernated', conditions: [] });
    await page.getByText('Redis does not run').waitFor();
    await page.getByRole('button', { name: 'Enable KV' }).click();
    await page.getByText('Waiting for the operator').waitFor();
    assert.equal(spec('switched')?.enabled, true);
    await close();
  });

  test('a refusal of the API is shown where it was asked, and nothing is lost', async () => {
    managed.store('refused', { version: '7.0' });
    managed.operate('refused', serving('7.0.15'));
    const { page, close } = await open('refused');
    await page.getByLabel('Redis version').selectOption('8.0');
    managed.stage.fail('refused', 1, 'spec.version is not to be had');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('Spec.version is not to be had').waitFor();
    assert.equal(await page.getByLabel('Redis version').inputValue(), '8.0');
    await close();
  });

  test('a project without a store gets one with what was chosen', async () => {
    const { page, close } = await open('brand-new');
    await page.getByRole('heading', { name: 'Set up KV for brand-new' }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByLabel('Redis version').selectOption('7.0');
    await page.getByLabel('Memory for data').fill('128');
    await page.getByLabel('Keep the data on disk').uncheck();
    await page.getByRole('button', { name: 'Enable KV' }).click();
    await page.getByText('A store with Redis 7.0 and 128mb of memory.').waitFor();
    const made = spec('brand-new');
    assert.deepEqual([made?.version, made?.memory, made?.persistence.mode], ['7.0', '128Mi', 'none']);
    await close();
  });

  test('who may not change the store is told why, and the command that does', async () => {
    managed.store('watched');
    managed.operate('watched', serving('8.0.2'));
    managed.api.tenant('far', { store: { name: 'cache', projectId: 'far-project' } });
    for (const [token, project, reason, command] of [
      [
        managed.reader,
        'watched',
        /This token may look and not change/,
        'kubectl -n cubby-tenants edit kvstore watched',
      ],
      [managed.admin, 'far-project', /not one that is made over the API/, 'kubectl -n far edit kvstore cache'],
    ] as const) {
      const { page, close } = await open(project, token);
      await page.getByText(reason).waitFor();
      await page.getByText(command, { exact: true }).waitFor();
      assert.equal(await page.getByRole('button', { name: /Save|Disable|Enable/ }).count(), 0);
      assert.deepEqual(await findBarriers(page), []);
      await close();
    }
  });
});
