import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../../test/durability/load.ts';
import { countLost } from '../../test/durability/verdict.ts';
import { formatSpread, spreadOf } from '../spread.ts';
import { enclosed } from './enclosure.ts';
import { startLocal } from './local.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';
import { makeVolume } from './volume.ts';

const ROUNDS = 10;
const VOLUME_MIB = 96;
/** Redis' own "about a second" and what its background thread may be late. */
const EVERYSEC_WINDOW_MS = 2000;

const subjects = [
  { name: 'always', fsync: 'always', config: [], windowMs: 0 },
  { name: 'everysec', fsync: 'everysec', config: [], windowMs: EVERYSEC_WINDOW_MS },
  // Proves the method: what nobody asked the kernel to write must not be on the copy.
  { name: 'never (the control)', fsync: 'everysec', config: ['--appendfsync', 'no'], windowMs: undefined },
] as const;

/**
 * Cuts the power under load: Redis is frozen, the disk is copied below its file system, and Redis is started on the
 * copy. Outside Kubernetes, with the redis.conf of a store and the data plane in this process.
 */
export function benchPower(): Promise<void> {
  return enclosed('power', async () => {
    for (const { name, fsync, config, windowMs } of subjects) {
      const rounds: Round[] = [];
      const windows: number[] = [];
      for (let n = 0; n < ROUNDS; n++) {
        console.log(`${name}: round ${n + 1} of ${ROUNDS}`);
        const { round, cutAt } = await cutOnce(fsync, config);
        rounds.push(round);
        windows.push(Math.max(0, ...round.verdict.lost.map(({ since }) => cutAt - since)));
      }
      report({ name: `power cut, fsync ${name}`, promised: windowMs === 0, rounds });
      console.log(formatSpread('  age of the oldest lost write (ms)', spreadOf(windows), 0));
      const lost = rounds.reduce((sum, { verdict }) => sum + countLost(verdict), 0);
      if (windowMs === undefined && lost === 0) throw new Error('the control lost nothing: this cut proves nothing');
      if (windowMs !== undefined && Math.max(...windows) > windowMs) {
        console.log(`  BROKEN PROMISE: a lost write was older than ${windowMs} ms`);
        process.exitCode = 1;
      }
    }
  });
}

async function cutOnce(
  fsync: 'always' | 'everysec',
  config: readonly string[],
): Promise<{ round: Round; cutAt: number }> {
  const volume = await makeVolume(VOLUME_MIB);
  const local = await startLocal(volume.directory, { mode: 'aof', fsync }, config);
  const load = startLoad(local.target, { prefix: 'power', clients: 8, pauseMs: 0 });
  try {
    await load.more(TRAFFIC);
    // Anywhere between two of Redis' syncs.
    await sleep(2000 + Math.random() * 1000);
    await local.freeze();
    const cutAt = performance.now();
    const disk = await volume.cut();
    try {
      await local.kill();
      await load.stop();
      await local.start(disk.directory);
      return { round: await judgeRound(load), cutAt };
    } finally {
      await local.kill();
      await disk.remove();
    }
  } finally {
    await load.stop();
    await local.close();
    await volume.remove();
  }
}
