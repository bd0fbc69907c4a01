import { writeFileSync } from 'node:fs';
import { BACKUP_EXIT, type BackupJob, type BackupResult } from '../contract/backup.ts';
import { asBackupError, BackupError, exitCodeOf } from './failure.ts';
import { filesBelow } from './files.ts';
import { type Progress, startProgress } from './progress.ts';
import { run } from './run.ts';
import { terminationMessage } from './termination.ts';

const { CUBBY_JOB, CUBBY_ROOT = '/', CUBBY_PROGRESS_PORT } = process.env;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const files = filesBelow(CUBBY_ROOT);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

const started = performance.now();
const result = await work();
say(JSON.stringify(result));
leave(result);
// At once: what the clients keep open would hold the process.
process.exit(result.ok ? BACKUP_EXIT.done : exitCodeOf(result.reason));

async function work(): Promise<BackupResult> {
  let progress: Progress | undefined;
  try {
    const job = readJob();
    progress = startProgress(job.verb, say, CUBBY_PROGRESS_PORT ? Number(CUBBY_PROGRESS_PORT) : undefined);
    say(`${job.verb} begins`);
    const surroundings = { files, signal: stopping.signal, progress: progress.count, now: () => new Date() };
    const data = await run(job, surroundings);
    return { ok: true, ...(data && { data }), seconds: Math.round(performance.now() - started) / 1000 };
  } catch (error) {
    const { reason, message } = stopping.signal.aborted
      ? new BackupError('Stopped', 'the pod was told to end before it was done')
      : asBackupError(error);
    return { ok: false, reason, message };
  } finally {
    progress?.stop();
  }
}

function readJob(): BackupJob {
  try {
    return JSON.parse(CUBBY_JOB ?? '') as BackupJob;
  } catch {
    throw new BackupError('Failed', 'CUBBY_JOB is no JSON: the operator sets it');
  }
}

/** Leaves the result where the kubelet finds it; outside a pod there is no such file, and the output has it. */
function leave(result: BackupResult): void {
  try {
    writeFileSync(files.path('/dev/termination-log'), terminationMessage(result));
  } catch {}
}
