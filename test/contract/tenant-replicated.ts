import { setTimeout as sleep } from 'node:timers/promises';
import {
  startReplicated,
  type TestMember,
  type TestReplicated,
  type TestReplicatedOptions,
  waitUntilListening,
} from '../../cluster/test-replicated.ts';
import { REDIS_PORT } from '../../contract/names.ts';
import type { LaneEvent } from '../../dataplane/store/lane.ts';
import { createPool, type Pool, type PoolOptions } from '../../dataplane/store/pool.ts';
import type { StoreAddress } from '../../dataplane/store/port.ts';
import { elementsOf } from '../../dataplane/store/replies.ts';
import { Connection } from '../../dataplane/store/resp/connection.ts';
import type { Reply } from '../../dataplane/store/resp/reply.ts';

/** A replicated store as a tenant has it, and as the directory tells of it. */
export interface TenantReplicated {
  address: StoreAddress;
  members: readonly TestMember[];
  password: string;
  /** The operator's, of Redis and Sentinel. */
  operatorPassword: string;
  /** By which members follow one another. */
  replicaPassword: string;
  /** A command as the operator, to the Redis of a member or with a port to its Sentinel. */
  ask(ordinal: number, command: readonly (string | number)[], port?: number): Promise<Reply>;
  /** The ordinal of a member but `not` that says that it is the primary; as many replicas follow it, and may take its place. */
  primary(replicas?: number, not?: number): Promise<number>;
  /** What starts from now on is of that version. */
  upgrade: TestReplicated['upgrade'];
  /** A pool with a wait that outlasts a failover, and what it reported. */
  pool(options?: Partial<PoolOptions>): { pool: Pool; events: LaneEvent[] };
  stop(): Promise<void>;
}

/** Starts a replicated store; resolves once all its replicas follow its primary. */
export async function startTenantReplicated(options: TestReplicatedOptions): Promise<TenantReplicated> {
  const store: TestReplicated = await startReplicated(options);
  const { members } = store;
  const endpoints = members.map(({ host }) => ({ host, port: REDIS_PORT }));
  const [first = { host: '', port: 0 }] = endpoints;
  const connections = new Map<string, Connection>();

  async function ask(ordinal: number, command: readonly (string | number)[], port = REDIS_PORT): Promise<Reply> {
    const key = `${ordinal} ${port}`;
    let connection = connections.get(key);
    if (!connection?.ready) {
      const { host = '' } = members[ordinal] ?? {};
      const limits = { connectTimeoutMs: 500, commandTimeoutMs: 2000 };
      connection = new Connection({
        host,
        port,
        username: 'operator',
        password: store.password('operator'),
        ...limits,
      });
      connections.set(key, connection);
      await connection.connect();
    }
    return connection.send(command);
  }

  /** How many replicas were in step with the primary: no other is made one. */
  async function successors(): Promise<number> {
    const infos = await Promise.all(
      members.map(({ ordinal }) => ask(ordinal, ['INFO', 'replication']).catch(() => '')),
    );
    return infos.filter((info) => /role:slave[\s\S]*slave_priority:100/.test(String(info))).length;
  }

  async function primary(replicas = 0, not?: number): Promise<number> {
    for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
      for (const { ordinal } of members) {
        if (ordinal === not) continue;
        const role = await ask(ordinal, ['ROLE']).then(elementsOf, () => []);
        const follow = String(role[0]) === 'master' ? elementsOf(role[2]).length : -1;
        if (follow >= replicas && (replicas === 0 || (await successors()) >= replicas)) return ordinal;
      }
      if (Date.now() > deadline) throw new Error(`no primary with ${replicas} replicas; see ${members[0]?.logs.redis}`);
    }
  }

  const tenant: TenantReplicated = {
    address: {
      uid: store.credentials.uid,
      ...first,
      topology: { mode: 'Replicated', members: endpoints },
      credentialGeneration: store.credentials.generation,
    },
    members,
    password: store.password('dataplane'),
    operatorPassword: store.password('operator'),
    replicaPassword: store.password('replica'),
    ask,
    primary,
    upgrade: store.upgrade,
    pool(overrides = {}) {
      const events: LaneEvent[] = [];
      const pool = createPool({
        limits: { waitMs: 60_000, inFlight: 1024, waiting: 256 },
        connectTimeoutMs: 1000,
        commandTimeoutMs: 5000,
        idleCloseMs: 60_000,
        password: () => store.password('dataplane'),
        report: (_, event) => events.push(event),
        ...overrides,
      });
      return { pool, events };
    },
    async stop() {
      for (const connection of connections.values()) connection.close();
      await store.stop();
    },
  };
  await waitUntilListening(store);
  await primary(members.length - 1);
  return tenant;
}
