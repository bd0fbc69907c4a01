import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TakenError } from '../../../backup/failure.ts';
import { filesBelow } from '../../../backup/files.ts';
import { openTarget } from '../../../backup/target/open.ts';
import type { BackupJob, BackupPlace } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeIn, placeOn, type Running, runHere, SOURCE, startBackup } from './pipeline.ts';
import { setLarge, startPlace, startSource } from './servers.ts';

const TIMES = 3;
const s3 = await startPlace();
const { redis, client } = await startSource();

const places = { 'in S3': () => placeIn(s3, 'late/one'), 'on a volume': () => placeOn('b', 'late/one') };

/** Stops the program at some moment after all data has come to it. */
async function stopLate({ progress, ended, kill }: Running, bytes: number): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && ((await progress().catch(() => undefined))?.bytes ?? 0) < bytes) await sleep(1);
  await sleep(Math.random() * 40);
  kill('SIGSTOP');
}

async function assertWhole(pod: PodFiles, place: BackupPlace, of: string): Promise<void> {
  const { result } = await runHere(pod, { verb: 'verify', place });
  assert.ok(result?.ok, `${of}: ${JSON.stringify(result)}`);
}

for (const [where, at] of Object.entries(places))
  for (const megabytes of [1, 30])
    test(`an attempt that wakes up late spoils none that was completed (${megabytes} MB ${where})`, async () => {
      await client.flushall();
      await setLarge(client, megabytes);
      const pod = makePod();
      const place = at();
      const job: BackupJob = { verb: 'backup', place, redis, source: SOURCE };
      for (let time = 0; time < TIMES; time++) {
        const late = await startBackup(pod, job);
        await stopLate(late, megabytes * 1_000_000);
        await client.set('changed', randomBytes(100 + time));
        const second = await runHere(pod, job);
        assert.equal(second.code, 0, second.output);
        await assertWhole(pod, place, 'the second attempt');
        late.kill('SIGCONT');
        const { output } = await late.ended;
        await assertWhole(pod, place, output);
      }
    });

for (const [where, at] of Object.entries(places))
  test(`what is stored ${where} is replaced by nothing but what comes after its removal`, async () => {
    const pod = makePod();
    const target = await openTarget(at(), filesBelow(pod.root));
    const text = async function* (word: string) {
      yield Buffer.from(word);
    };
    await target.remove('late/object');
    await target.put('late/object', text('first'));
    await assert.rejects(target.put('late/object', text('second')), TakenError);
    for await (const piece of target.get('late/object')) assert.equal(String(piece), 'first');
    await target.remove('late/object');
    await target.put('late/object', text('third'));
    for await (const piece of target.get('late/object')) assert.equal(String(piece), 'third');
  });
