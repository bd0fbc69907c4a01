import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateIdentity } from 'age-encryption';
import { BACKUP_PATHS, type BackupJob, type BackupPlace } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeIn, placeOn, runHere, SOURCE } from './pipeline.ts';
import { startPlace, startSource } from './servers.ts';

const KEY = await generateIdentity();
const s3 = await startPlace();
const { redis, client } = await startSource();
for (let index = 0; index < 300; index++) await client.set(`key:${index}`, randomBytes(1000));

const kinds = {
  'plain in S3': () => placeIn(s3, `plain-${randomBytes(4).toString('hex')}`),
  'encrypted in S3': () => placeIn(s3, `secret-${randomBytes(4).toString('hex')}`, true),
  'plain on a volume': () => placeOn('b', `plain-${randomBytes(4).toString('hex')}`),
  'encrypted on a volume': () => placeOn('b', `secret-${randomBytes(4).toString('hex')}`, true),
};

/** A pod whose store has data, and a backup of another store at `place`. */
async function prepare(place: BackupPlace): Promise<{ pod: PodFiles; data: string; manifest: string }> {
  const pod = makePod();
  pod.write(BACKUP_PATHS.identity, KEY);
  pod.write(`${BACKUP_PATHS.data}/dump.rdb`, 'live');
  const { code, output } = await runHere(pod, { verb: 'backup', place, redis, source: SOURCE });
  assert.equal(code, 0, output);
  const folder = place.target.s3 ? s3.directory : pod.path(BACKUP_PATHS.volume);
  const file = join(folder, place.object);
  return { pod, data: `${file}.rdb${place.encrypted ? '.age' : ''}`, manifest: `${file}.json` };
}

/** Both verbs that read refuse, for good, and nothing of the store's is touched. */
async function assertRefused(pod: PodFiles, place: BackupPlace, reasons: string | string[], more: object = {}) {
  for (const verb of ['verify', 'fetch'] as const) {
    if (verb === 'verify' && 'rdbVersion' in more) continue;
    const { code, result } = await runHere(pod, { verb, place, ...more } as BackupJob);
    assert.equal(code, 1);
    assert.ok(result && !result.ok && [reasons].flat().includes(result.reason), JSON.stringify(result));
    assert.ok(!JSON.stringify(result).includes(KEY));
  }
  assert.equal(readFileSync(pod.path(`${BACKUP_PATHS.data}/dump.rdb`), 'utf8'), 'live');
  const isFetched = existsSync(pod.path(BACKUP_PATHS.fetched));
  assert.equal(isFetched, false, 'something was fetched');
}

for (const [kind, at] of Object.entries(kinds)) {
  test(`${kind}: what was cut off is refused, and nothing is touched`, async () => {
    const place = at();
    const { pod, data } = await prepare(place);
    const { length } = readFileSync(data);
    for (const cut of [length - 1, Math.floor(length / 2), 5, 0]) {
      truncateSync(data, cut);
      await assertRefused(pod, place, 'Corrupt');
    }
  });

  test(`${kind}: a bit that turned is refused, and nothing is touched`, async () => {
    const place = at();
    const { pod, data } = await prepare(place);
    const sound = readFileSync(data);
    for (const at of [0.3, 0.6, 0.99]) {
      const changed = Buffer.from(sound);
      const byte = Math.floor(at * changed.length);
      changed[byte] = (changed[byte] ?? 0) ^ 4;
      writeFileSync(data, changed);
      await assertRefused(pod, place, 'Corrupt');
    }
  });

  test(`${kind}: a manifest that is damaged, newer or gone is refused`, async () => {
    const place = at();
    const { pod, manifest } = await prepare(place);
    const sound = readFileSync(manifest, 'utf8');
    for (const [text, reason] of [
      [sound.slice(0, -20), 'Corrupt'],
      [sound.replace(/"sha256": "./, '"sha256": "g'), 'Corrupt'],
      [sound.replace(/"keys": 300/, '"keys": 301'), 'Corrupt'],
      [sound.replace('"format": 1', '"format": 3'), 'TooNew'],
    ] as const) {
      assert.notEqual(text, sound);
      // Longer than before is right as well: blanks do not change JSON, and S3 notes the length of an object.
      writeFileSync(manifest, text.padEnd(sound.length));
      await assertRefused(pod, place, reason);
    }
    const { code } = await runHere(pod, { verb: 'delete', place });
    assert.equal(code, 0);
    await assertRefused(pod, place, 'NotFound');
  });
}

test('another key, none, and what is no key are refused as WrongKey', async () => {
  const place = kinds['encrypted in S3']();
  const { pod } = await prepare(place);
  await assertRefused(pod, { ...place, encrypted: false }, 'WrongKey');
  for (const key of [await generateIdentity(), 'secret', '']) {
    pod.write(BACKUP_PATHS.identity, key);
    await assertRefused(pod, place, 'WrongKey');
  }
});

test('a key that a plain backup does not need does no harm', async () => {
  const place = kinds['plain in S3']();
  const { pod } = await prepare(place);
  const { code, output } = await runHere(pod, { verb: 'fetch', place: { ...place, encrypted: true } });
  assert.equal(code, 0, output);
});

test('an RDB that the Redis of the store is too old for is refused', async () => {
  const place = kinds['plain on a volume']();
  const { pod } = await prepare(place);
  await assertRefused(pod, place, 'TooNew', { rdbVersion: 10 });
});

test('fetch refuses while the data of an earlier restore is set aside', async () => {
  const place = kinds['plain on a volume']();
  const { pod } = await prepare(place);
  pod.write(`${BACKUP_PATHS.data}/.before-restore/dump.rdb`, 'older');
  await assertRefused(pod, place, ['Failed', 'Corrupt'], { rdbVersion: 12 });
});
