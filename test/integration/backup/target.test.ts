import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startS3 } from '../../../cluster/test-s3.ts';
import { BACKUP_PATHS, type BackupPlace } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeIn, placeOn, runHere, SOURCE } from './pipeline.ts';
import { startPlace, startSource } from './servers.ts';

const s3 = await startPlace();
const { redis } = await startSource('7.0');

/** Each verb that needs the target fails for that reason, with that exit code. */
async function assertFails(pod: PodFiles, place: BackupPlace, reason: string, code: number, message: RegExp) {
  for (const job of [{ verb: 'backup', place, redis, source: SOURCE } as const, { verb: 'verify', place } as const]) {
    const ended = await runHere(pod, job);
    assert.ok(ended.result && !ended.result.ok && ended.result.reason === reason, JSON.stringify(ended.result));
    assert.match(ended.result.message, message);
    assert.equal(ended.code, code);
  }
}

test('a wrong access key is refused for good, and not quoted', async () => {
  for (const [file, message] of [
    ['accessKeyId', /look at the target and its credentialsSecret/], // Versity's answer is one of its own
    ['secretAccessKey', /secret access key is another/],
  ] as const) {
    const pod = makePod();
    pod.write(`${BACKUP_PATHS.s3}/${file}`, 'not-the-key');
    await assertFails(pod, placeIn(s3, 'refused'), 'TargetRefused', 1, message);
    await assertFails(pod, placeIn(s3, 'refused'), 'TargetRefused', 1, /^(?!.*not-the-key)/);
  }
});

test('credentials that are not there are refused for good', async () => {
  const pod = makePod();
  pod.write(`${BACKUP_PATHS.s3}/accessKeyId`, '');
  await assertFails(pod, placeIn(s3, 'refused'), 'TargetRefused', 1, /accessKeyId is empty/);
});

test('a bucket that is not there is refused for good', async () => {
  const place = placeIn(s3, 'refused');
  const elsewhere = { ...place, target: { s3: { ...(place.target.s3 ?? assert.fail()), bucket: 'another' } } };
  await assertFails(makePod(), elsewhere, 'TargetRefused', 1, /no such bucket/);
});

test('a service that is not there is worth another try', async () => {
  const stopped = await startS3();
  await stopped.stop();
  await assertFails(makePod(), placeIn(stopped, 'away'), 'TargetUnavailable', 75, /ECONNREFUSED/);
});

test('a path that leads out of the volume is refused', async () => {
  await assertFails(makePod(), placeOn('b', '../data/dump'), 'Failed', 1, /leads out of the volume/);
});

test('deleting removes what is there, and what is not there is as good as deleted', async () => {
  const pod = makePod();
  for (const place of [placeIn(s3, 'a/deleted'), placeOn('b', 'a/deleted')]) {
    assert.equal((await runHere(pod, { verb: 'backup', place, redis, source: SOURCE })).code, 0);
    for (let time = 0; time < 2; time++) assert.equal((await runHere(pod, { verb: 'delete', place })).code, 0);
    await assertNothing(pod, place);
  }
});

async function assertNothing(pod: PodFiles, place: BackupPlace): Promise<void> {
  const { result } = await runHere(pod, { verb: 'verify', place });
  assert.ok(result && !result.ok && result.reason === 'NotFound', JSON.stringify(result));
}
