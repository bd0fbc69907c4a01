import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BACKUP_PATHS, type BackupJob } from '../../contract/backup.ts';
import { BACKUP_CONTAINER } from '../../contract/names.ts';
import type { Pod } from '../../operator/status/pod.ts';
import { type Ended, type Running, startBackup } from '../integration/backup/pipeline.ts';

/** The program of a backup pod at work. */
export interface JobRun {
  /** What it left; undefined where it was killed. */
  ended: Promise<Ended | undefined>;
  kill(): Promise<void>;
}

type WithEnv = { name: string; env?: { name: string; value: string }[] };

/** The job of a pod that works on a backup; undefined for any other pod. */
export function jobOf({ spec }: Pod): BackupJob | undefined {
  const { initContainers = [], containers } = spec as { initContainers?: WithEnv[]; containers: WithEnv[] };
  const program = [...initContainers, ...containers].find(({ name }) => name === BACKUP_CONTAINER);
  const text = program?.env?.find(({ name }) => name === 'CUBBY_JOB')?.value;
  return text === undefined ? undefined : JSON.parse(text);
}

/** Runs the job in a file system of its own, whose folders `data` and `backup` are those of the volumes. */
export function runJob(
  job: BackupJob,
  root: string,
  volumes: { data?: string; target?: string },
  redisPassword?: string,
): JobRun {
  let running: Running | undefined;
  let killed = false;
  async function start(): Promise<Ended | undefined> {
    await mkdir(join(root, 'dev'), { recursive: true });
    for (const [directory, path] of [
      [volumes.data, BACKUP_PATHS.data],
      [volumes.target, BACKUP_PATHS.volume],
    ] as const) {
      if (directory === undefined) continue;
      await mkdir(directory, { recursive: true });
      await mkdir(dirname(join(root, path)), { recursive: true });
      await symlink(directory, join(root, path));
    }
    if (redisPassword !== undefined) {
      const file = join(root, BACKUP_PATHS.redisPassword);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, redisPassword);
    }
    if (killed) return undefined;
    running = await startBackup({ root, path: (path) => join(root, path), write: () => {} }, job);
    if (killed) running.kill();
    const ended = await running.ended;
    return killed ? undefined : ended;
  }
  const ended = start();
  return {
    ended,
    async kill() {
      killed = true;
      running?.kill();
      await ended.catch(() => {});
    },
  };
}
