import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LiveSettings, redisConf } from '../../operator/resources/redis-conf.ts';
import { startTenantRedis } from '../../test/contract/tenant-redis.ts';
import type { Target } from '../../test/durability/load.ts';
import { startApi } from '../../test/integration/dataplane/api.ts';

/** The Redis of one store outside Kubernetes, on the redis.conf of a store, behind a data plane in this process. */
export interface Local {
  target: Target;
  /** Stops Redis where it stands: it neither writes nor answers any more. */
  freeze(): Promise<void>;
  /** Ends Redis at once, frozen or not. */
  kill(): Promise<void>;
  /** Whether nothing listens at its address. */
  hasEnded(): Promise<boolean>;
  /** Starts Redis at the same address on the files of that directory; it must have ended. */
  start(directory: string): Promise<void>;
  close(): Promise<void>;
}

/** Directives that have another value outside a pod. */
const IN_A_POD = /^(bind|port|dir|aclfile) /;

/** Starts both; `config` goes before what `settings` say, as arguments of redis-server. */
export async function startLocal(
  directory: string,
  settings: Pick<LiveSettings, 'mode' | 'fsync'>,
  config: readonly string[] = [],
): Promise<Local> {
  const own = await mkdtemp(join(tmpdir(), 'cubby-local-'));
  const [conf, link] = [join(own, 'redis.conf'), join(own, 'data')];
  const text = redisConf({ maxmemory: 256 * 2 ** 20, evictionPolicy: 'noeviction', config: {}, ...settings });
  const lines = text.split('\n').filter((line) => !IN_A_POD.test(line));
  await writeFile(conf, lines.join('\n'));
  await symlink(directory, link);
  const redis = await startTenantRedis('8.0', ['--include', conf, '--dir', link, ...config]);
  const { pool } = redis.pool();
  const { host, port } = redis.server;
  const api = await startApi({ stores: pool, endpointOf: () => ({ host, port }), silent: true });
  const authorization = `Bearer ${api.tenant('bench', { store: { uid: redis.address.uid } })}`;
  return {
    target: {
      async request(method, path, body) {
        const response = await fetch(api.url + path, {
          method,
          headers: { authorization, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: response.status, body: await response.json() };
      },
    },
    async freeze() {
      const pid = Number(/process_id:(\d+)/.exec(await redis.admin().info('server'))?.[1]);
      process.kill(pid, 'SIGSTOP');
    },
    kill: () => redis.server.kill(),
    hasEnded: () => refuses(host, port),
    async start(from) {
      await rm(link);
      await symlink(from, link);
      await redis.server.restart();
    },
    async close() {
      api.close();
      await pool.close();
      await redis.stop();
      await rm(own, { recursive: true, force: true });
    },
  };
}

function refuses(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}
