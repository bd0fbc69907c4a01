import { REDIS_PORT } from '../../contract/names.ts';
import { Connection } from '../../dataplane/store/resp/connection.ts';
import { type Load, startLoad } from '../../test/durability/load.ts';
import { countLost } from '../../test/durability/verdict.ts';
import { formatSpread, spreadOf } from '../spread.ts';
import { type LocalReplicated, startLocalReplicated } from './replicated.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';

/** Fewer say little of what happens seldom. */
const LEAST_KILLS = 30;
/** Seconds that a failover may take before the benchmark gives up. */
const RECOVERY_SECONDS = 60;

/** How often the primary hangs. */
const HANGS = 10;

/**
 * Kills the primary of a store with three nodes under load, `kills` times or 30, and then lets it hang until its successor
 * is there; half of the clients ask for their writes to be on two nodes. Outside Kubernetes, with the start scripts, settings and users of the product. Once before, keys are
 * taken away from the new primary: it fails where the checker does not find that.
 */
export async function benchFailover(kills: number): Promise<void> {
  const local = await startLocalReplicated();
  try {
    await showThatLossIsFound(local);
    await repeat(local, 'killed', kill, Math.max(kills, LEAST_KILLS));
    await repeat(local, 'hung', hang, HANGS);
  } finally {
    await local.close();
  }
}

/** Does that to the primary so often, and reports what came of both loads. */
async function repeat(local: LocalReplicated, what: string, strike: Strike, times: number): Promise<void> {
  const [plain, durable]: [Round[], Round[]] = [[], []];
  for (let n = 0; n < times; n++) {
    const loads = await strikeOnce(local, strike, `${what}-${n}`);
    const [first, second] = [await judgeRound(loads[0]), await judgeRound(loads[1])];
    plain.push(first);
    durable.push(second);
    const [gap, durableGap] = [first, second].map(({ longestGapMs }) => longestGapMs.toFixed(0));
    console.log(`${what}, ${n + 1}: writes came to a stop for ${gap} ms, durable ones for ${durableGap} ms`);
  }
  report({ name: `primary ${what}`, promised: false, rounds: plain });
  report({ name: `primary ${what}, X-Durability: 2`, promised: true, rounds: durable });
  const gaps = [...plain, ...durable].map(({ longestGapMs }) => longestGapMs);
  console.log(formatSpread('recovery (ms)', spreadOf(gaps), 0));
}

/** Strikes the primary, and gives what brings it back. */
type Strike = (local: LocalReplicated, primary: number) => Promise<() => void>;

const kill: Strike = async ({ tenant }, primary) => {
  const { redis } = tenant.members[primary] ?? {};
  await redis?.kill();
  return () => redis?.start();
};

/** It goes on as soon as another is the primary, before the replicas that follow it have heard of that. */
const hang: Strike = async ({ tenant }, primary) => {
  const pid = tenant.members[primary]?.redis.pid();
  if (pid === undefined) throw new Error('the primary does not run');
  process.kill(-pid, 'SIGSTOP');
  try {
    await tenant.primary(0, primary);
  } finally {
    process.kill(-pid, 'SIGCONT');
  }
  return () => {};
};

/** Strikes the primary under two loads, the second of durable writes, which have ended when all members follow the new one. */
async function strikeOnce(local: LocalReplicated, strike: Strike, name: string): Promise<readonly [Load, Load]> {
  const primary = await local.whole();
  const loads = [
    startLoad(local.target(), { prefix: `plain-${name}`, pauseMs: 1 }),
    startLoad(local.target(2), { prefix: `durable-${name}`, pauseMs: 1 }),
  ] as const;
  let bringBack = () => {};
  try {
    await Promise.all(loads.map((load) => load.more(TRAFFIC)));
    bringBack = await strike(local, primary);
    await Promise.all(loads.map((load) => load.more(TRAFFIC, RECOVERY_SECONDS)));
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
  // It comes back while what is there is read, and must overwrite nothing.
  bringBack();
  await local.whole();
  return loads;
}

/** The control: what the failover did not take is taken from the new primary, one acknowledged key of each load. */
async function showThatLossIsFound(local: LocalReplicated): Promise<void> {
  const loads = await strikeOnce(local, kill, 'control');
  const { members, password, primary } = local.tenant;
  const host = members[await primary()]?.host ?? '';
  const limits = { connectTimeoutMs: 500, commandTimeoutMs: 500 };
  const connection = new Connection({ host, port: REDIS_PORT, username: 'dataplane', password, ...limits });
  await connection.connect();
  for (const name of ['plain', 'durable']) await connection.send(['UNLINK', `${name}-control-0-register`]);
  connection.close();
  const lost = await Promise.all(loads.map(async (load) => countLost((await judgeRound(load)).verdict)));
  console.log(`control: of what was taken away ${lost.join(' and ')} writes were missed`);
  if (lost.some((count) => count === 0)) throw new Error('the checker missed nothing of what was taken away');
}
