import { parseArgs } from 'node:util';
import { isEnclosed } from './durability/enclosure.ts';

/** How often, how long. */
interface Options {
  kills: number;
  minutes: number;
  /** Absent: all. */
  settings: readonly string[] | undefined;
}

const parts: Record<string, { about: string; run: (options: Options) => Promise<void> }> = {
  kills: {
    about: 'redis-server killed, its pod deleted by force and in good order, for each setting',
    run: async ({ kills, settings }) => (await import('./durability/kills.ts')).benchKills(kills, settings),
  },
  changes: {
    about: 'the spec changed: memory, fsync, mode, version, hibernation',
    run: async () => (await import('./durability/changes.ts')).benchChanges(),
  },
  pods: {
    about: 'pods of Cubby itself deleted by force',
    run: async ({ kills }) => (await import('./durability/pods.ts')).benchPods(kills),
  },
  usage: {
    about: 'a data plane killed: what of its writes was not charged',
    run: async () => (await import('./durability/usage.ts')).benchUsage(),
  },
  node: {
    about: 'everything that runs on the node killed at once, and started again (embedded cluster)',
    run: async () => (await import('./durability/node.ts')).benchNode(),
  },
  outage: {
    about: 'the operator, the API server and etcd away (embedded cluster)',
    run: async ({ minutes }) => (await import('./durability/outage.ts')).benchOutage(minutes),
  },
  power: {
    about: 'the power is cut: what the disk had not got is gone (outside Kubernetes)',
    run: async () => (await import('./durability/power.ts')).benchPower(),
  },
  failover: {
    about: 'the primary of a store with replicas killed, 30 times at least, and hung (outside Kubernetes)',
    run: async ({ kills }) => (await import('./durability/failover.ts')).benchFailover(kills),
  },
  partition: {
    about: 'the primary of a store with replicas cut off from the other members (outside Kubernetes)',
    run: async () => (await import('./durability/partition.ts')).benchPartition(),
  },
  disk: {
    about: 'the disk fills and gets room again (outside Kubernetes)',
    run: async () => (await import('./durability/disk.ts')).benchDisk(),
  },
};

const HELP = `npm run bench -- durability [--only PART,PART] [--kills N] [--minutes N]

Clients write through the data plane while something fails; then every key is read back. A promise that was not kept
ends in exit code 1. Needs \`npm start\` for all but power, disk, failover and partition, and root.

  --kills N      times that each fault of kills and pods happens (default 20)
  --minutes N    how long the API server stays away (default 5)
  --settings A,B which of everysec, always, rdb and none the part kills takes (default all)
  --only A,B     of these parts:

${Object.entries(parts)
  .map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
  .join('\n')}
`;

/** Measures what of acknowledged writes is lost by which fault; `args` are the words after the benchmark's name. */
export async function benchDurability(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '20' },
      minutes: { type: 'string', default: '5' },
      settings: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const names = values.only?.split(',') ?? Object.keys(parts);
  const unknown = names.find((name) => !(name in parts));
  if (unknown !== undefined) throw new Error(`no part is called ${unknown}\n\n${HELP}`);
  const options = {
    kills: parsePositive('kills', values.kills),
    minutes: parsePositive('minutes', values.minutes),
    settings: values.settings?.split(','),
  };
  for (const name of names) {
    if (!isEnclosed) console.log(`\n━━ ${name}: ${parts[name]?.about}`);
    await parts[name]?.run(options);
  }
}

/** What happens no time at all would keep every promise. */
function parsePositive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${option} must be a number above 0\n\n${HELP}`);
  return number;
}
