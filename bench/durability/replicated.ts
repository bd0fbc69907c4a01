import { setTimeout as sleep } from 'node:timers/promises';
import type { TestReplicatedOptions } from '../../cluster/test-replicated.ts';
import { SENTINEL_PORT } from '../../contract/names.ts';
import type { Reply } from '../../dataplane/store/resp/reply.ts';
import { startTenantReplicated, type TenantReplicated } from '../../test/contract/tenant-replicated.ts';
import type { Target } from '../../test/durability/load.ts';
import { startApi } from '../../test/integration/dataplane/api.ts';

/** A replicated store of local processes, behind a data plane in this process with its usual limits. */
export interface LocalReplicated {
  tenant: TenantReplicated;
  /** The data plane; with `nodes` each write asks for so many. */
  target(nodes?: number): Target;
  /** Resolves once all replicas follow the primary, and every Sentinel knows that each may take its place. */
  whole(): Promise<number>;
  close(): Promise<void>;
}

/** Starts both. */
export async function startLocalReplicated(
  options: Omit<TestReplicatedOptions, 'version'> = {},
): Promise<LocalReplicated> {
  const tenant = await startTenantReplicated({ version: '8.0', ...options });
  const { pool } = tenant.pool({ limits: { waitMs: 2000, inFlight: 1024, waiting: 256 } });
  const { uid, host, port, topology } = tenant.address;
  const endpoint = { host, port, ...(topology && { topology }) };
  const api = await startApi({ stores: pool, endpointOf: () => endpoint, silent: true });
  const authorization = `Bearer ${api.tenant('bench', { store: { uid } })}`;
  return {
    tenant,
    target: (nodes) => ({
      async request(method, path, body) {
        const response = await fetch(api.url + path, {
          method,
          headers: {
            authorization,
            'content-type': 'application/json',
            ...(nodes !== undefined && { 'x-durability': String(nodes) }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: response.status, body: await response.json() };
      },
    }),
    async whole() {
      const { members } = tenant;
      for (;;) {
        const primary = await tenant.primary(members.length - 1);
        const known = await Promise.all(members.map(({ ordinal }) => knowsAll(tenant, ordinal)));
        if (known.every(Boolean)) return primary;
        await sleep(200);
      }
    },
    async close() {
      api.close();
      await pool.close();
      await tenant.stop();
    },
  };
}

async function knowsAll({ ask, members }: TenantReplicated, ordinal: number): Promise<boolean> {
  const replicas = await ask(ordinal, ['SENTINEL', 'REPLICAS', 'store'], SENTINEL_PORT).catch(() => []);
  const ready = (replicas as Reply[]).filter((replica) => {
    const words = (replica as Reply[]).map(String);
    const after = (name: string) => words[words.indexOf(name) + 1];
    return after('slave-priority') !== '0' && after('master-link-status') === 'ok' && after('flags') === 'slave';
  });
  return ready.length === members.length - 1;
}
