import { filesBelow } from '../../../backup/files.ts';
import { manifestPath } from '../../../backup/manifest.ts';
import { run } from '../../../backup/run.ts';
import { openTarget } from '../../../backup/target/open.ts';
import type { BackupJob } from '../../../contract/backup.ts';

// A program with one fault, planted to prove that the tests see it: what it stored comes in the wrong order. The first run
// leaves a good backup; every later one puts the manifest of that back before it writes its data anew.
const { CUBBY_JOB = '', CUBBY_ROOT = '' } = process.env;
const job = JSON.parse(CUBBY_JOB) as Extract<BackupJob, { verb: 'backup' }>;
const files = filesBelow(CUBBY_ROOT);
const target = await openTarget(job.place, files);
const manifest = await gather(manifestPath(job.place)).catch(() => undefined);
const surroundings = { files, signal: new AbortController().signal, progress, now: () => new Date() };
let isPlanted = manifest === undefined;
await run(job, surroundings);
process.exit(0);

function progress(): void {
  if (isPlanted || !manifest) return;
  isPlanted = true;
  void target.put(manifestPath(job.place), pieces(manifest));
}

async function gather(path: string): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const piece of target.get(path)) read.push(piece);
  return Buffer.concat(read);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
