import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../contract/names.ts';
import { configMaps, secrets } from '../../kube/resources.ts';
import type { BenchCluster } from './cluster.ts';
import { POD_IP } from './nodes.ts';

/** How the Redis of every store behaves: it answers as one that has loaded its files, or takes connections and says nothing. */
export type Behaviour = 'answers' | 'silent';

/** Plays the Redis of all stores, whose spec is the same, at the one address that all simulated pods have. */
export interface PlayedRedis {
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

interface Files {
  conf: Map<string, string>;
  /** Lines of users.acl by the hash of the password of its user `operator`. */
  acls: Map<string, string[]>;
}

/** What one connection has: the lines of the users.acl by which it signed in. */
interface Session {
  users: string[] | undefined;
}

const INFO = [
  'redis_version:8.0.2',
  'loading:0',
  'used_memory:1500000',
  'aof_enabled:0',
  'rdb_last_bgsave_status:ok',
  'rdb_last_bgsave_time_sec:-1',
  '',
].join('\r\n');

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const array = (texts: readonly string[]) => `*${texts.length}\r\n${texts.map(bulk).join('')}`;

/** Starts it, answering. */
export async function playRedis(cluster: BenchCluster): Promise<PlayedRedis> {
  let behaviour: Behaviour = 'answers';
  let files: Files = { conf: new Map(), acls: new Map() };
  let reading: Promise<Files> | undefined;
  const sockets = new Set<Socket>();

  /** Reads the files anew, once for all who ask within a short while. */
  function refresh(): Promise<Files> {
    reading ??= sleep(300)
      .then(() => readFiles(cluster))
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function signIn(password: string): Promise<string[] | undefined> {
    const hash = createHash('sha256').update(password).digest('hex');
    if (!files.acls.has(hash)) files = await refresh();
    return files.acls.get(hash);
  }

  async function answer([name = '', ...args]: readonly string[], session: Session): Promise<string> {
    const command = name.toUpperCase();
    if (command === 'AUTH') {
      session.users = await signIn(args[1] ?? '');
      return session.users ? '+OK\r\n' : '-WRONGPASS of no store\r\n';
    }
    if (command === 'INFO') return bulk(INFO);
    if (command === 'ACL') return array(session.users ?? []);
    if (command === 'CONFIG') {
      const pairs = args.slice(1).map((name) => [name, files.conf.get(name)] as const);
      return array(pairs.flatMap(([name, value]) => (value === undefined ? [] : [name, value])));
    }
    return '+OK\r\n';
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    if (behaviour === 'silent') return void socket.resume();
    const session: Session = { users: undefined };
    let text = '';
    let sending = Promise.resolve();
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const { commands, rest } = readCommands(text);
      text = rest;
      for (const words of commands) sending = sending.then(async () => void socket.write(await answer(words, session)));
    });
  });
  server.listen(REDIS_PORT, POD_IP);
  await once(server, 'listening');
  return {
    behave(next) {
      behaviour = next;
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readFiles({ client }: BenchCluster): Promise<Files> {
  const labelSelector = 'app.kubernetes.io/managed-by=cubby';
  const options = { labelSelector };
  const [maps, { items }] = await Promise.all([client.list(configMaps, options), client.list(secrets, options)]);
  const text = (maps.items[0]?.data as Record<string, string> | undefined)?.['redis.conf'] ?? '';
  const conf = text.split('\n').flatMap((line) => {
    const [name, ...words] = line.split(' ');
    return name ? [[name, words.join(' ').replace('""', '')] as const] : [];
  });
  const acls = items.flatMap(({ data }) => {
    const file = Buffer.from((data as Record<string, string>)['users.acl'] ?? '', 'base64').toString();
    const lines = file.split('\n').filter(Boolean);
    const operator = lines.find((line) => line.startsWith('user operator ')) ?? '';
    return [...operator.matchAll(/#([0-9a-f]{64})/g)].map(([, hash]) => [hash ?? '', lines] as const);
  });
  return { conf: new Map(conf), acls: new Map(acls) };
}

/** The whole commands at the start of what a client sent, in RESP. */
function readCommands(text: string): { commands: string[][]; rest: string } {
  const commands: string[][] = [];
  let rest = text;
  for (;;) {
    const count = Number(/^\*(\d+)\r\n/.exec(rest)?.[1]);
    const parts = rest.split('\r\n');
    if (Number.isNaN(count) || parts.length < 2 * count + 2) return { commands, rest };
    commands.push(Array.from({ length: count }, (_, i) => parts[2 * i + 2] ?? ''));
    rest = parts.slice(2 * count + 1).join('\r\n');
  }
}
