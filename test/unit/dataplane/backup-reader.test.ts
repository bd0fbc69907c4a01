import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVBackup } from '../../../contract/objects.ts';
import { createBackupReader } from '../../../dataplane/directory/backup-reader.ts';
import { EditError } from '../../../dataplane/directory/edit.ts';
import type { KubeClient, ListOptions, ObjectList } from '../../../kube/client.ts';
import { kvBackup } from './objects.ts';

const MAIN = { namespace: 'a', name: 'main' };

/** A client whose lists have those pages; `asked` tells of each request. */
function clientOf(pages: readonly KVBackup[][], asked: (options: ListOptions) => void): Pick<KubeClient, 'list'> {
  return {
    async list<T>(_kind: unknown, options: ListOptions = {}) {
      asked(options);
      const at = Number(options.continue ?? 0);
      const next = at + 1 < pages.length ? { continue: String(at + 1) } : {};
      return { items: pages[at] ?? [], resourceVersion: '1', ...next } as unknown as ObjectList & { items: T[] };
    },
  } as Pick<KubeClient, 'list'>;
}

test('the backups of a store are found on every page, and those of others left out', async () => {
  const pages = [
    [kvBackup({ name: 'one' }), kvBackup({ name: 'other', storeRef: { name: 'second' } })],
    [kvBackup({ name: 'two' })],
  ];
  const asked: (string | undefined)[] = [];
  const found = await createBackupReader(clientOf(pages, ({ namespace }) => asked.push(namespace))).backups(MAIN);
  assert.deepEqual(
    found.map(({ metadata }) => metadata.name),
    ['one', 'two'],
  );
  assert.deepEqual(asked, ['a', 'a']);
});

test('those who ask while a look is under way share it, and who asks later gets what is there then', async () => {
  let looks = 0;
  const pages: KVBackup[][] = [[]];
  const reader = createBackupReader(clientOf(pages, () => looks++));
  await Promise.all(Array.from({ length: 20 }, () => reader.backups(MAIN)));
  assert.equal(looks, 1);
  pages[0] = [kvBackup({ name: 'new' })];
  assert.equal((await reader.backups(MAIN)).length, 1);
  assert.equal(looks, 2);
});

test('a look that fails is told as what the management calls know, and is not remembered', async () => {
  let fails = true;
  const client = clientOf([[]], () => {
    if (fails) throw new Error('no answer');
  });
  const reader = createBackupReader(client);
  await assert.rejects(reader.backups(MAIN), (error) => error instanceof EditError && error.failure === 'unavailable');
  fails = false;
  assert.deepEqual(await reader.backups(MAIN), []);
});
