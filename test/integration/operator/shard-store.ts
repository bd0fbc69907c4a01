import type { TestContext } from 'node:test';
import { redisPassword } from '../../../contract/credentials.ts';
import { REDIS_PORT } from '../../../contract/names.ts';
import { createPool } from '../../../dataplane/store/pool.ts';
import type { Store } from '../../../dataplane/store/port.ts';
import { masterKey } from './world.ts';

/** A store of shards whose addresses are told by ordinal. */
interface Shards {
  uid: string;
  addressOf: (ordinal: number) => string;
  /** How long a request waits for a Redis that is away. */
  waitMs: number;
}

/** Opens a store of shards as the data plane does that knows of so many; its connections end with the test. */
export function openShards(t: TestContext, { uid, addressOf, waitMs }: Shards): (shards: number) => Store {
  const pool = createPool({
    limits: { waitMs, inFlight: 4096, waiting: 256 },
    connectTimeoutMs: 2000,
    commandTimeoutMs: 5000,
    idleCloseMs: 60_000,
    password: (store) => redisPassword(masterKey, store.uid, 1, 'dataplane'),
    report: () => {},
  });
  t.after(() => pool.close());
  return (shards) => {
    const members = Array.from({ length: shards }, (_, i) => ({ host: addressOf(i), port: REDIS_PORT }));
    const topology = { mode: 'Sharded' as const, members };
    return pool.open({ uid, host: addressOf(0), port: REDIS_PORT, credentialGeneration: 1, topology });
  };
}
