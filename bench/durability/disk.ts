import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, startLoad } from '../../test/durability/load.ts';
import { enclosed } from './enclosure.ts';
import { startLocal } from './local.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';
import { makeVolume } from './volume.ts';

const ROUNDS = 3;
const VOLUME_MIB = 32;
const LEFT_BYTES = 128 * 1024;
/** How long the disk stays full under load. */
const FULL_MS = 3000;
const FULL_WITHIN_MS = 60_000;

/**
 * Fills the disk under load, makes room, and reads back: with Redis left alone, and with Redis killed while the disk is
 * full. Outside Kubernetes, with the redis.conf of a store and the data plane in this process.
 */
export function benchDisk(): Promise<void> {
  return enclosed('disk', async () => {
    for (const fsync of ['everysec', 'always'] as const) {
      for (const killed of [false, true]) {
        const name = `disk full, fsync ${fsync}${killed ? ', and Redis killed meanwhile' : ''}`;
        const rounds: Round[] = [];
        for (let n = 0; n < ROUNDS; n++) {
          console.log(`${name}: round ${n + 1} of ${ROUNDS}`);
          rounds.push(await fillOnce(fsync, killed));
        }
        report({ name, promised: !killed || fsync === 'always', rounds });
      }
    }
  });
}

async function fillOnce(fsync: 'always' | 'everysec', killed: boolean): Promise<Round> {
  const volume = await makeVolume(VOLUME_MIB);
  const local = await startLocal(volume.directory, { mode: 'aof', fsync });
  const load = startLoad(local.target, { prefix: 'disk', pauseMs: 0 });
  try {
    await load.more(TRAFFIC);
    await volume.fill(LEFT_BYTES);
    await refusing(load);
    await sleep(FULL_MS);
    const { status } = await local.target.request('GET', '/infra/kv/disk-counter');
    console.log(`  while it is full a read is answered ${status}, writes ${JSON.stringify(load.failures())}`);
    if (killed) await local.kill();
    await volume.makeRoom();
    // As the kubelet does with a Redis that was killed, or has ended by itself.
    if (await local.hasEnded()) await local.start(volume.directory);
    await load.more(TRAFFIC);
    await load.stop();
    return await judgeRound(load);
  } finally {
    await load.stop();
    await local.close();
    await volume.remove();
  }
}

/** Resolves once a write was not acknowledged. */
async function refusing(load: Load): Promise<void> {
  const deadline = performance.now() + FULL_WITHIN_MS;
  while (Object.keys(load.failures()).length === 0) {
    if (performance.now() > deadline) throw new Error('the disk did not fill');
    await sleep(50);
  }
}
