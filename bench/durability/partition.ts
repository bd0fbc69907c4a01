import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../cluster/command.ts';
import { REDIS_PORT } from '../../contract/names.ts';
import { Connection } from '../../dataplane/store/resp/connection.ts';
import { type Load, startLoad } from '../../test/durability/load.ts';
import { formatSpread, spreadOf } from '../spread.ts';
import { enclosedWithNetwork } from './enclosure.ts';
import { type LocalReplicated, startLocalReplicated } from './replicated.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';

const ROUNDS = 10;
const MEMBERS = 3;
const SUBNET = '10.77.0';
/** How long the partition lasts once there is a new primary. */
const LASTS_MS = 5000;

/** Writes straight to one Redis, and when it took the first and the last of them. */
interface Writer {
  first: number | undefined;
  last: number | undefined;
  stop(): Promise<void>;
}

/**
 * Cuts the primary off from the other members, but not from clients: for a while it does not know that there is another.
 * Clients go on through the data plane, and others write to each member as nobody would but who does not know better.
 */
export function benchPartition(): Promise<void> {
  return enclosedWithNetwork('partition', async () => {
    const network = await makeNetwork();
    const local = await startLocalReplicated({ hosts: network.hosts, wrap: network.wrap });
    const [plain, durable]: [Round[], Round[]] = [[], []];
    const overlaps: number[] = [];
    try {
      for (let n = 0; n < ROUNDS; n++) {
        const { loads, overlapMs } = await cutOnce(local, network, n);
        overlaps.push(overlapMs);
        plain.push(await judgeRound(loads[0]));
        durable.push(await judgeRound(loads[1]));
        console.log(`partition ${n + 1}: two primaries took writes for ${overlapMs.toFixed(0)} ms`);
      }
    } finally {
      await local.close();
      await network.remove();
    }
    report({ name: 'primary cut off', promised: false, rounds: plain });
    report({ name: 'primary cut off, X-Durability: 2', promised: true, rounds: durable });
    console.log(formatSpread('two primaries that take writes (ms)', spreadOf(overlaps), 0));
  });
}

async function cutOnce(
  local: LocalReplicated,
  network: Network,
  round: number,
): Promise<{ loads: readonly [Load, Load]; overlapMs: number }> {
  const { tenant } = local;
  const old = await local.whole();
  const loads = [
    startLoad(local.target(), { prefix: `plain-${round}` }),
    startLoad(local.target(2), { prefix: `durable-${round}` }),
  ] as const;
  const writers = tenant.members.map(({ host }) => write(host, tenant.password));
  let next: number;
  try {
    await Promise.all(loads.map((load) => load.more(TRAFFIC)));
    await network.cut(old);
    next = await tenant.primary(0, old);
    await Promise.all(loads.map((load) => load.more(TRAFFIC)));
    await sleep(LASTS_MS);
  } finally {
    await Promise.all([...loads, ...writers].map((each) => each.stop()));
    await network.heal(old);
  }
  await local.whole();
  if ((await tenant.primary()) !== next) throw new Error('the primary that was cut off is the primary again');
  const [stale, fresh] = [writers[old], writers[next]];
  if (stale?.last === undefined || fresh?.first === undefined)
    throw new Error('one of the primaries took no write at all');
  return { loads, overlapMs: Math.max(0, stale.last - fresh.first) };
}

/** Writes one key over and over to one Redis; while it is a replica, or takes no writes, it refuses them. */
function write(host: string, password: string): Writer {
  let stopping = false;
  const writer: Writer = {
    first: undefined,
    last: undefined,
    async stop() {
      stopping = true;
      await running;
    },
  };
  const running = (async () => {
    let connection: Connection | undefined;
    for (; !stopping; await sleep(2)) {
      try {
        if (!connection?.ready) {
          const limits = { connectTimeoutMs: 500, commandTimeoutMs: 500 };
          connection = new Connection({ host, port: REDIS_PORT, username: 'dataplane', password, ...limits });
          await connection.connect();
        }
        await connection.send(['SET', 'straight', host]);
        writer.last = performance.now();
        writer.first ??= writer.last;
      } catch {
        // It is down, refuses, or is cut off: what counts is what it takes.
      }
    }
    connection?.close();
  })();
  return writer;
}

/** A network namespace for each member, on a bridge of this process's own. */
interface Network {
  hosts: readonly string[];
  wrap(ordinal: number): readonly string[];
  /** Lets a member and the others not reach one another any more; clients still reach all. */
  cut(ordinal: number): Promise<void>;
  heal(ordinal: number): Promise<void>;
  remove(): Promise<void>;
}

async function makeNetwork(): Promise<Network> {
  const ip = (...words: string[]) => run('ip', words);
  const names = Array.from({ length: MEMBERS }, (_, i) => `cubby-bench-${process.ppid}-${i}`);
  const hosts = names.map((_, i) => `${SUBNET}.${10 + i}`);
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', 'members', 'type', 'bridge');
  await ip('address', 'add', `${SUBNET}.1/24`, 'dev', 'members');
  await ip('link', 'set', 'members', 'up');
  for (const [i, name] of names.entries()) {
    await ip('netns', 'add', name);
    await ip('link', 'add', `member-${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('link', 'set', `member-${i}`, 'master', 'members', 'up');
    await ip('-n', name, 'address', 'add', `${hosts[i]}/24`, 'dev', 'eth0');
    await ip('-n', name, 'link', 'set', 'eth0', 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  const routes = async (verb: 'add' | 'delete', ordinal: number) => {
    const name = names[ordinal] ?? '';
    for (const host of hosts)
      if (host !== hosts[ordinal]) await ip('-n', name, 'route', verb, 'blackhole', `${host}/32`);
  };
  return {
    hosts,
    wrap: (ordinal) => ['nsenter', `--net=/run/netns/${names[ordinal]}`],
    cut: (ordinal) => routes('add', ordinal),
    heal: (ordinal) => routes('delete', ordinal),
    async remove() {
      for (const name of names) await ip('netns', 'delete', name);
    },
  };
}
