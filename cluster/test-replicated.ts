import { randomBytes, randomInt } from 'node:crypto';
import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MasterKeys, type RedisUser, redisPasswords } from '../contract/credentials.ts';
import { REDIS_PORT, SENTINEL_PORT } from '../contract/names.ts';
import { storeAcl } from '../operator/resources/acl.ts';
import { memberFiles, memberSecrets, sentinelAcl } from '../operator/resources/member-files.ts';
import { memberLifecycle } from '../operator/resources/member-pod.ts';
import { SCRIPTS } from '../operator/resources/member-scripts.ts';
import { type LiveSettings, redisConf } from '../operator/resources/redis-conf.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { redisProgram } from './test-redis.ts';

/** One of the two programs of a member. */
export interface TestProcess {
  /** Absent while it does not run. */
  pid(): number | undefined;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  start(): void;
}

/** A member of a replicated store: a Redis on `host`:6379 and a Sentinel on `host`:26379. */
export interface TestMember {
  ordinal: number;
  host: string;
  redis: TestProcess;
  sentinel: TestProcess;
  /** Does what a pod does before its Redis is stopped. */
  handOver(): Promise<void>;
  /** Removes the data and what the Sentinel knows, as a lost volume would; both must have ended. */
  wipe(): Promise<void>;
  /** The directory of its volume. */
  data: string;
  /** File with the output of the Redis, or of the Sentinel. */
  logs: { redis: string; sentinel: string };
}

/** A replicated store of local processes, with the files that the operator would give it. */
export interface TestReplicated {
  members: readonly TestMember[];
  /** What the passwords derive from, as the data plane derives them. */
  credentials: { masterKeys: MasterKeys; uid: string; generation: number };
  /** The password of a user of Redis or Sentinel. */
  password(user: RedisUser): string;
  /** What starts from now on is of that version. */
  upgrade(version: TestReplicatedOptions['version']): Promise<void>;
  /** Ends all and removes the files. */
  stop(): Promise<void>;
}

export interface TestReplicatedOptions {
  version: Parameters<typeof redisProgram>[0];
  members?: number;
  /** Changes of what redis.conf says; the persistence mode is aof where nothing else is said. */
  settings?: Partial<LiveSettings>;
  /** Addresses of the members, where they are not to be free ones of 127.0.0.0/8. */
  hosts?: readonly string[];
  /** A store that was made again has the volumes of this one, which has ended and not been stopped. */
  volumesOf?: Pick<TestReplicated, 'members'>;
  /** A command before that of each process of a member, such as one that enters a network namespace. */
  wrap?: (ordinal: number) => readonly string[];
}

/**
 * Starts a replicated store as the operator's pods would: by the start scripts, settings and users of the product, each
 * member on an address of its own. Resolves at once; `members[0]` becomes the primary when a majority of the Sentinels
 * answers. All ends with the calling process.
 */
export async function startReplicated(options: TestReplicatedOptions): Promise<TestReplicated> {
  const { version, members: count = 3, settings, volumesOf, wrap = () => [] } = options;
  const root = join(tmpdir(), `cubby-replicated-${process.pid}-${randomBytes(4).toString('hex')}`);
  const net = `127.${randomInt(1, 255)}.${randomInt(0, 255)}`;
  const hosts = options.hosts ?? Array.from({ length: count }, (_, ordinal) => `${net}.${10 + ordinal}`);
  const credentials = { masterKeys: { current: randomBytes(32) }, uid: randomBytes(8).toString('hex'), generation: 1 };
  const passwords = (user: RedisUser) =>
    redisPasswords(credentials.masterKeys, credentials.uid, [credentials.generation], user);
  const users = {
    dataplane: passwords('dataplane'),
    operator: passwords('operator'),
    replica: passwords('replica'),
    sentinel: passwords('sentinel'),
  };
  const live: LiveSettings = {
    maxmemory: 64 * 2 ** 20,
    evictionPolicy: 'noeviction',
    mode: 'aof',
    fsync: 'everysec',
    config: {},
    members: count,
    ...settings,
  };
  const replication = { addresses: hosts, passwords: users };
  const files = {
    ...memberFiles(credentials.uid, replication),
    ...memberSecrets(replication),
    'member.conf': redisConf(live),
    'users.acl': storeAcl(users).text,
    'sentinel.acl': sentinelAcl(replication).text,
  };
  const programs = await writePrograms(root, version);
  const members: TestMember[] = [];
  for (const [ordinal, host] of hosts.entries()) {
    const directory = join(root, String(ordinal));
    const data = join(directory, 'data');
    const volume = volumesOf?.members[ordinal]?.data;
    if (volume !== undefined) await cp(volume, data, { recursive: true });
    const keepsData = live.mode !== 'none';
    const place = { ordinal, host, directory, data, programs, keepsData, wrap: wrap(ordinal) };
    members.push(await placeMember(place, files));
  }
  for (const { redis, sentinel } of members) {
    sentinel.start();
    redis.start();
  }
  return {
    members,
    credentials,
    password: (user) => passwords(user)[0] ?? '',
    async upgrade(to) {
      await writePrograms(root, to);
    },
    async stop() {
      await Promise.all(members.flatMap(({ redis, sentinel }) => [redis.kill(), sentinel.kill()]));
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Where a member is, and by which programs it runs. */
export interface MemberPlace extends Pick<TestMember, 'ordinal' | 'host' | 'data'> {
  /** For its logs and what its pod mounts. */
  directory: string;
  /** See `writePrograms`. */
  programs: string;
  keepsData: boolean;
  wrap?: readonly string[];
}

/** Puts a member where it is to be, with the files that its pod mounts, by name. It does not run yet. */
export async function placeMember(place: MemberPlace, files: Readonly<Record<string, string>>): Promise<TestMember> {
  const { ordinal, host, directory, data, programs, keepsData, wrap = [] } = place;
  await mkdir(data, { recursive: true });
  await writeMemberFiles(place, files);
  const env = {
    PATH: `${programs}:${process.env.PATH}`,
    POD: `store-redis-${ordinal}`,
    KEEPS_DATA: keepsData ? 'yes' : 'no',
  };
  const logs = { redis: join(directory, 'redis.log'), sentinel: join(directory, 'sentinel.log') };
  const run = (script: string, log: string) =>
    createProcess(() => {
      const [command = 'setsid', ...args] = [...wrap, 'setsid', 'sh', join(directory, 'conf', script)];
      return startDaemon({ command, args, log, env });
    });
  const handOver = () => {
    const words = memberLifecycle.preStop.exec.command.slice(0, -1);
    const [command = '', ...args] = [...wrap, ...words, join(directory, 'conf', SCRIPTS.handOver)];
    return startDaemon({ command, args, log: join(directory, 'hand-over.log'), env }).ended;
  };
  const wipe = async () => {
    await rm(data, { recursive: true, force: true });
    await mkdir(data);
  };
  const [redis, sentinel] = [run(SCRIPTS.redis, logs.redis), run(SCRIPTS.sentinel, logs.sentinel)];
  return { ordinal, host, redis, sentinel, handOver, wipe, data, logs };
}

/** Brings the files that a member's pod mounts up to date. */
export async function writeMemberFiles(
  { host, directory, data }: Pick<MemberPlace, 'host' | 'directory' | 'data'>,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const conf = join(directory, 'conf');
  await mkdir(conf, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const placed = text
      .replaceAll('/etc/redis', conf)
      .replaceAll('/data', data)
      .replaceAll('bind * -::*', `bind ${host}`);
    await writeFile(join(conf, `${name}.new`), placed, { mode: 0o600 });
    await rename(join(conf, `${name}.new`), join(conf, name));
  }
}

/** Resolves when every Redis and every Sentinel accepts connections. */
export async function waitUntilListening({ members }: TestReplicated, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (const { host, logs } of members)
    for (const [port, log] of [
      [REDIS_PORT, logs.redis],
      [SENTINEL_PORT, logs.sentinel],
    ] as const)
      while (!(await accepts(host, port))) {
        if (Date.now() > deadline) throw new Error(`nothing listens on ${host}:${port}; see ${log}`);
        await sleep(50);
      }
}

function createProcess(launch: () => Daemon): TestProcess {
  let daemon: Daemon | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (!daemon || daemon.hasEnded()) return;
    // With what it started: in a pod the container ends whole.
    if (signal === 'SIGKILL') process.kill(-daemon.pid, signal);
    else await daemon.kill(signal);
    await daemon.ended;
  };
  return {
    pid: () => (daemon && !daemon.hasEnded() ? daemon.pid : undefined),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start() {
      daemon = launch();
    },
  };
}

/** Writes the programs of Redis under their usual names into a folder of `root` for PATH. */
export async function writePrograms(root: string, version: TestReplicatedOptions['version']): Promise<string> {
  const folder = join(root, 'bin');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { command, args } = await redisProgram(version);
  const server = args.at(-1) ?? '';
  for (const name of ['redis-server', 'redis-cli']) {
    const line = [command, ...args.slice(0, -1), join(dirname(server), name)].join(' ');
    await writeFile(join(folder, name), `#!/bin/sh\nexec ${line} "$@"\n`);
    await chmod(join(folder, name), 0o700);
  }
  return folder;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
