import { filesBelow } from '../../../backup/files.ts';
import { writeManifest } from '../../../backup/manifest.ts';
import { run } from '../../../backup/run.ts';
import { openTarget } from '../../../backup/target/open.ts';
import type { BackupJob } from '../../../contract/backup.ts';

// The program with one fault, planted to prove that the tests see it: a manifest is there as soon as the first of the data
// is on its way.
const { CUBBY_JOB = '', CUBBY_ROOT = '' } = process.env;
const job = JSON.parse(CUBBY_JOB) as Extract<BackupJob, { verb: 'backup' }>;
const files = filesBelow(CUBBY_ROOT);
const target = await openTarget(job.place, files);
const data = {
  size: 1,
  storedSize: 1,
  sha256: '0'.repeat(64),
  keys: 1,
  expiringKeys: 0,
  redisVersion: '',
  rdbVersion: 12,
};
let isWritten = false;

await run(job, {
  files,
  signal: new AbortController().signal,
  now: () => new Date(),
  progress() {
    const created = new Date().toISOString();
    if (isWritten) return;
    isWritten = true;
    void writeManifest(target, job.place, { created, source: job.source, encrypted: false, data });
  },
}).catch(() => {}); // its own manifest comes too late
process.exit(0);
