import { startLoad } from '../../test/durability/load.ts';
import { formatSpread, spreadOf } from '../spread.ts';
import { startLocalReplicated } from './replicated.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';

/** Fewer say little of what happens seldom. */
const LEAST_KILLS = 30;
/** Seconds that a failover may take before the benchmark gives up. */
const RECOVERY_SECONDS = 60;

/**
 * Kills the primary of a store with three nodes under load, `kills` times or 30; half of the clients ask for their writes
 * to be on two nodes. Outside Kubernetes, with the start scripts, settings and users of the product.
 */
export async function benchFailover(kills: number): Promise<void> {
  const local = await startLocalReplicated();
  const [plain, durable]: [Round[], Round[]] = [[], []];
  try {
    for (let n = 0; n < Math.max(kills, LEAST_KILLS); n++) {
      const primary = await local.whole();
      const { redis } = local.tenant.members[primary] ?? {};
      const loads = [
        startLoad(local.target(), { prefix: `plain-${n}`, pauseMs: 1 }),
        startLoad(local.target(2), { prefix: `durable-${n}`, pauseMs: 1 }),
      ] as const;
      try {
        await Promise.all(loads.map((load) => load.more(TRAFFIC)));
        await redis?.kill();
        await Promise.all(loads.map((load) => load.more(TRAFFIC, RECOVERY_SECONDS)));
      } finally {
        await Promise.all(loads.map((load) => load.stop()));
      }
      // It comes back while what is there is read, and must overwrite nothing.
      redis?.start();
      await local.whole();
      const [first, second] = [await judgeRound(loads[0]), await judgeRound(loads[1])];
      plain.push(first);
      durable.push(second);
      const [gap, durableGap] = [first, second].map(({ longestGapMs }) => longestGapMs.toFixed(0));
      console.log(`kill ${n + 1}: writes came to a stop for ${gap} ms, durable ones for ${durableGap} ms`);
    }
  } finally {
    await local.close();
  }
  report({ name: 'primary killed', promised: false, rounds: plain });
  report({ name: 'primary killed, X-Durability: 2', promised: true, rounds: durable });
  const gaps = [...plain, ...durable].map(({ longestGapMs }) => longestGapMs);
  console.log(formatSpread('recovery (ms)', spreadOf(gaps), 0));
}
