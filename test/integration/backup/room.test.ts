import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../cluster/command.ts';
import { BACKUP_PATHS, type BackupJob } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeOn, readResult, runHere, SOURCE } from './pipeline.ts';
import { setLarge, startSource } from './servers.ts';

const program = new URL('../../../backup/main.ts', import.meta.url).pathname;
const { redis, client } = await startSource();
await setLarge(client, 10);

/** Runs the program with a small disk mounted in a pod's folder, in a mount namespace that goes with it; what was left. */
async function runOnSmallDisk(pod: PodFiles, job: BackupJob, folder: string, size: string): Promise<string> {
  const script = `mount -t tmpfs -o size=${size} disk "$1" && { "$2" "$3" > /dev/null; find "$1" -type f; }`;
  const args = ['--mount', 'sh', '-c', script, 'sh', pod.path(folder), process.execPath, program];
  return run('unshare', args, {
    env: { CUBBY_ROOT: pod.root, CUBBY_JOB: JSON.stringify(job), CUBBY_PROGRESS_PORT: '0' },
  });
}

test('a volume that fills up while a backup is written keeps nothing of it', async () => {
  const pod = makePod();
  const job: BackupJob = { verb: 'backup', place: placeOn('b', 'main'), redis, source: SOURCE };
  assert.equal((await runOnSmallDisk(pod, job, BACKUP_PATHS.volume, '4m')).trim(), '');
  const result = readResult(pod);
  assert.ok(result && !result.ok && result.reason === 'NoSpace', JSON.stringify(result));
});

test('a store without the room that a restore needs is told how much that is, and nothing is written', async () => {
  const pod = makePod();
  const place = placeOn('b', 'main');
  assert.equal((await runHere(pod, { verb: 'backup', place, redis, source: SOURCE })).code, 0);
  assert.equal((await runOnSmallDisk(pod, { verb: 'fetch', place }, BACKUP_PATHS.data, '30m')).trim(), '');
  const result = readResult(pod);
  assert.ok(result && !result.ok && result.reason === 'NoSpace', JSON.stringify(result));
  assert.match(result.message, /has 30 MiB free and the restore needs 36 MiB/);
});
