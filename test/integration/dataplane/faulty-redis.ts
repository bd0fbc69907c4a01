import { after, afterEach, beforeEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneEvent } from '../../../dataplane/store/lane.ts';
import type { Pool, PoolOptions } from '../../../dataplane/store/pool.ts';
import type { Store } from '../../../dataplane/store/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';

/** A Redis to be stopped, killed and set wrong. It serves again, with the key `there`, when a test of the file begins. */
export interface FaultyRedis {
  tenant: TenantRedis;
  /** What the test has open. */
  opened(): Opened;
  /** Opens the store with other options in place of what is open. */
  reopen(options: Partial<PoolOptions>): Promise<Opened>;
  /** Opens the store so that requests wait for longer than any restart takes on a machine that has other things to do. */
  patient(): Promise<Store>;
  /** The process id of the server, to stop and continue it. */
  serverPid(): Promise<number>;
}

interface Opened {
  pool: Pool;
  /** What the pool reported. */
  events: LaneEvent[];
  store: Store;
}

/** The value of `there`. */
export const value = Buffer.from('"v"');

/** Starts it; it ends with the tests of the file. */
export async function startFaultyRedis(): Promise<FaultyRedis> {
  const tenant = await startTenantRedis('8.0', ['--appendonly', 'yes', '--key-load-delay', '400']);
  let opened: Opened;

  function open(options?: Partial<PoolOptions>): Opened {
    const { pool, events } = tenant.pool(options);
    opened = { pool, events, store: pool.open(tenant.address) };
    return opened;
  }
  async function reopen(options: Partial<PoolOptions>): Promise<Opened> {
    await opened.pool.close();
    return open(options);
  }
  async function isAnswering(): Promise<boolean> {
    const answer = tenant.admin().ping();
    const answers = answer.then(
      () => true,
      () => false,
    );
    return Promise.race([answers, sleep(5000, false, { ref: false })]);
  }

  after(() => tenant.stop());
  beforeEach(async () => {
    await open().store.set('there', value);
  });
  afterEach(async () => {
    // A test that failed half-way may have left the server stopped, or suspended, which SIGKILL ends as well.
    await opened.pool.close();
    if (await isAnswering()) return;
    await tenant.server.kill();
    await tenant.server.restart();
  });

  return {
    tenant,
    opened: () => opened,
    reopen,
    patient: async () => (await reopen({ limits: { waitMs: 15_000, inFlight: 1024, waiting: 256 } })).store,
    async serverPid() {
      const info = await tenant.admin().info('server');
      return Number(/process_id:(\d+)/.exec(info)?.[1]);
    },
  };
}
