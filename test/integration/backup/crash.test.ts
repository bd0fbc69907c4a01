import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupJob, BackupPlace } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeIn, placeOn, type Running, runHere, SOURCE, startBackup } from './pipeline.ts';
import { setLarge, startPlace, startSource } from './servers.ts';

const KILLS = 8;
const MEGABYTES = 60;
let writing = true;
after(() => {
  writing = false;
});
const s3 = await startPlace();
const { redis, client } = await startSource();

before(async () => {
  await setLarge(client, MEGABYTES);
  void (async () => {
    for (let index = 0; writing; index++) {
      await client.set(`small:${index % 5000}`, `${index}`);
    }
  })();
});

/** What is there now: a whole backup, or none; anything else fails the test. */
async function look(pod: PodFiles, place: BackupPlace): Promise<'whole' | 'none'> {
  const { result } = await runHere(pod, { verb: 'verify', place });
  if (result?.ok) return 'whole';
  assert.equal(result?.reason, 'NotFound', `half a backup claims to be whole: ${result?.message}`);
  return 'none';
}

const backup = (place: BackupPlace): BackupJob => ({ verb: 'backup', place, redis, source: SOURCE });

/**
 * Kills at moments spread over the time that a backup takes, each time looking at what is there, and at the end runs one
 * through. Resolves with how often a kill came before the end.
 */
async function killAtEachMoment(
  place: BackupPlace,
  kill: (running: Running) => Promise<void>,
  { program, kills = KILLS }: { program?: string; kills?: number } = {},
): Promise<number> {
  const pod = makePod();
  const start = performance.now();
  const whole = await (await startBackup(pod, backup(place), program)).ended;
  const took = performance.now() - start;
  assert.equal(whole.code, 0, whole.output);
  let killed = 0;
  for (let step = 0; step < kills; step++) {
    const running = await startBackup(pod, backup(place), program);
    await sleep((took * (step + Math.random())) / kills);
    await kill(running);
    if ((await running.ended).code !== 0) killed++;
    await look(pod, place);
  }
  const { code, output } = await (await startBackup(pod, backup(place), program)).ended;
  assert.equal(code, 0, output);
  assert.equal(await look(pod, place), 'whole');
  return killed;
}

/** Resolves once some of the data went by. */
async function underWay({ progress, ended }: Running): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && !((await progress().catch(() => undefined))?.bytes ?? 0)) await sleep(2);
}

const killProgram = async ({ kill, ended }: Running) => {
  kill();
  await ended;
};

test('a program that is killed at any moment leaves no half backup in S3, and the next run succeeds', async () => {
  const killed = await killAtEachMoment(placeIn(s3, 'killed/program'), killProgram);
  assert.ok(killed >= KILLS / 2, `${killed} of ${KILLS} before the end`);
  assert.deepEqual(uploadsLeft(), [], 'what was never completed is gone after a run that was');
});

test('a program that is killed at any moment leaves no half backup on a volume, and the next run succeeds', async () => {
  const killed = await killAtEachMoment(placeOn('b', 'killed/program'), killProgram);
  assert.ok(killed >= KILLS / 2, `${killed} of ${KILLS} before the end`);
});

test('an S3 server that is killed at any moment has no half backup, and the next run succeeds', async () => {
  await killAtEachMoment(placeIn(s3, 'killed/server'), async ({ ended }) => {
    await s3.kill();
    const { result, output } = await ended;
    await s3.restart();
    if (result && !result.ok) assert.equal(result.reason, 'TargetUnavailable', output);
  });
});

test('a Redis that is killed in the middle leaves no backup, and is told as worth another try', async () => {
  const pod = makePod();
  const place = placeIn(s3, 'killed/redis');
  const own = await startSource();
  await setLarge(own.client, MEGABYTES);
  own.client.disconnect();
  const running = await startBackup(pod, { verb: 'backup', place, redis: own.redis, source: SOURCE });
  await underWay(running);
  await own.redis.kill();
  const { code, result } = await running.ended;
  assert.equal(code, 75);
  assert.ok(result && !result.ok && result.reason === 'SourceUnavailable', JSON.stringify(result));
  assert.equal(await look(pod, place), 'none');
});

test('a pod that is told to end gives up what it began', async () => {
  const pod = makePod();
  const place = placeIn(s3, 'stopped');
  const running = await startBackup(pod, backup(place));
  await underWay(running);
  running.kill('SIGTERM');
  const { code, result } = await running.ended;
  assert.equal(code, 75);
  assert.ok(result && !result.ok && result.reason === 'Stopped', JSON.stringify(result));
  assert.equal(await look(pod, place), 'none');
  assert.deepEqual(uploadsLeft(), []);
});

test('this file would notice a program that writes its manifest first', async () => {
  const program = new URL('planted-manifest-first.ts', import.meta.url).pathname;
  await assert.rejects(killAtEachMoment(placeIn(s3, 'planted'), killProgram, { program }), {
    message: /half a backup claims to be whole/,
  });
});

/** Uploads that the server still keeps parts of. */
function uploadsLeft(): string[] {
  const entries = readdirSync(`${s3.directory}/.sgwtmp`, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
}
