import type { Condition, KVStore } from '../../../contract/objects.ts';
import { DEFAULT_PRICES } from '../../../contract/prices.ts';
import { createMemoryLedger } from '../../../dataplane/metering/memory-ledger.ts';
import { createMeter } from '../../../dataplane/metering/meter.ts';
import { periodAt } from '../../../dataplane/metering/period.ts';
import type { Counts } from '../../../dataplane/metering/port.ts';
import { count, createTally } from '../../../dataplane/metering/tally.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { createStage, type Stage, TENANTS } from '../dataplane/manage-editor.ts';
import { type Dashboard, startDashboard } from './start.ts';

/** A dashboard over an API server of the test's own, which plays the operator, and over a ledger with a past. */
export interface Managed extends Dashboard {
  stage: Stage;
  /** A key with the role SystemAdmin, and one that may only look. */
  admin: string;
  reader: string;
  /** Makes the store of a project in the tenants' namespace; `fields` as in kvStore. */
  store(projectId: string, fields?: Parameters<typeof kvStore>[0]): void;
  /** A status that the operator writes, of the spec as it is now. */
  operate(projectId: string, status: NonNullable<KVStore['status']>): void;
  /** Counts what a project ran at a time, in ms since 1970. */
  spend(projectId: string, time: number, ran: Counts): Promise<void>;
}

/** Starts it. */
export async function startManaged(): Promise<Managed> {
  const stage = createStage();
  let time: number | undefined;
  const ledger = createMemoryLedger(() => time ?? Date.now());
  const meter = createMeter({ ledger, replica: 'a', overdraft: 0 });
  const dashboard = await startDashboard({ management: stage.management, backups: stage.reader, meter });
  const { stores, tokens } = dashboard.api;
  stage.showIn = stores;
  stage.showTokensIn = tokens;
  let told = 0;

  function key(role: 'SystemAdmin' | 'SystemRead'): string {
    const { token, object } = kvToken({ namespace: 'cubby-system', name: role.toLowerCase(), type: 'ApiKey', role });
    tokens.upsert(object);
    return token;
  }

  function put(store: KVStore): void {
    stage.objects.set(store.metadata.name, store);
    stores.upsert(structuredClone(store));
  }

  return {
    ...dashboard,
    stage,
    admin: key('SystemAdmin'),
    reader: key('SystemRead'),
    store: (projectId, fields) => put(kvStore({ namespace: TENANTS, name: projectId, projectId, ...fields })),
    operate(projectId, status) {
      const store = [...stage.objects.values()].find(({ spec }) => spec.projectId === projectId);
      if (!store) throw new Error(`there is no store of ${projectId}`);
      const { generation } = store.metadata;
      put({ ...store, status: { ...store.status, observedGeneration: generation, ...status } });
    },
    async spend(project, at, ran) {
      const spent = createTally();
      count(spent, ran, DEFAULT_PRICES);
      time = at;
      const none = { keep: 0, want: 0, need: 0, least: 0, budget: Infinity };
      const ask = { project, period: periodAt(at), replica: 'past', seq: ++told, spent, ...none };
      await ledger.exchange({ accounts: [ask], permits: [], histories: [] });
      time = undefined;
    },
    async close() {
      await meter.close();
      await dashboard.close();
    },
  };
}

/** Conditions as the operator writes them, of `type=status` and then reason and message. */
export function conditions(
  of: Record<string, readonly [status: 'True' | 'False', reason: string, message: string]>,
): Condition[] {
  return Object.entries(of).map(([type, [status, reason, message]]) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: '2026-11-22T12:00:00Z',
    observedGeneration: 1,
  }));
}

/** The conditions of a store that serves. */
export const SERVING = conditions({
  Ready: ['True', 'Serving', 'Redis answers'],
  Progressing: ['False', 'Settled', 'everything is as spec says'],
  Degraded: ['False', 'AsExpected', 'nothing needs attention'],
  SpecAccepted: ['True', 'Accepted', 'all of spec is taken over'],
});
