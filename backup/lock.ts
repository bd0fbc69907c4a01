import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError } from './failure.ts';

/** How long a Redis that is being stopped has to let go. */
const WAIT_MS = 30_000;

/**
 * Runs `work` while this process holds the lock under which Redis runs on that folder. Node has no flock, but the lock
 * belongs to the open file, so flock(1) can take it on a descriptor of ours. Throws Busy.
 */
export async function withDataLock<T>(
  folder: string,
  work: () => Promise<T>,
  { waitMs = WAIT_MS, signal }: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const descriptor = openSync(join(folder, '.lock'), 'a');
  try {
    const deadline = performance.now() + waitMs;
    while (!take(descriptor)) {
      if (performance.now() > deadline) throw new BackupError('Busy', 'a Redis still runs on this data: stop it first');
      await sleep(200, undefined, { signal });
    }
    return await work();
  } finally {
    closeSync(descriptor);
  }
}

function take(descriptor: number): boolean {
  const { status, error } = spawnSync('flock', ['--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  if (error) throw new BackupError('Failed', `the image has no flock (${error.message})`);
  return status === 0;
}
