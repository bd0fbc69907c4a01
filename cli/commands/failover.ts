import { setTimeout as sleep } from 'node:timers/promises';
import { FAILOVER_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { conditionOf } from '../output/conditions.ts';
import type { Session } from '../session.ts';
import { viewStore } from './stores.ts';

const POLL_MS = 300;
/** The status tells that it was done, and who is what when the operator looks again. */
const TOLD_MS = 10_000;

/** `cubby failover` */
export async function failover(session: Session, [name]: [string], { timeout }: { timeout: number }) {
  const { client } = await session.cluster();
  const before = await findStore(session, name);
  if (before.status?.topology?.mode !== 'Replicated') {
    const remedy = 'set spec.replicas of the KVStore to 3 or 5, and wait until cubby status shows replicas';
    throw new CliError(EXIT.usage, `the store ${name} has no replica that could take over`, remedy);
  }
  const request = new Date().toISOString();
  const edit = { metadata: { annotations: { [FAILOVER_ANNOTATION]: request } } };
  const key = { namespace: before.metadata.namespace, name };
  await client.patch(kvStores, key, edit, { type: 'merge', fieldManager: FIELD_MANAGER });
  session.leaves(`the failover is done all the same; see who is the primary with: cubby status ${name}`);
  const store = await settle(session, before, request, timeout);
  const { members = [] } = store.status ?? {};
  session.output.show({ ...viewStore(store), members }, () => {
    return `${primaryOf(store) ?? 'another Redis'} is the primary now, and was ${primaryOf(before) ?? 'not'} before\n`;
  });
}

function primaryOf({ status }: KVStore): string | undefined {
  return status?.members?.find(({ role }) => role === 'Primary')?.name;
}

/** Waits until the operator has done what was asked for. */
async function settle(session: Session, before: KVStore, request: string, timeoutSeconds: number): Promise<KVStore> {
  const { name } = before.metadata;
  const end = Date.now() + timeoutSeconds * 1000;
  for (let doneAt: number | undefined; ; ) {
    const store = await findStore(session, name);
    if (store.status?.failover?.requestedFor === request) {
      session.leaves(undefined);
      doneAt ??= Date.now();
      const isTold = primaryOf(store) !== undefined && primaryOf(store) !== primaryOf(before);
      if (isTold || Date.now() > doneAt + TOLD_MS) return store;
    }
    if (conditionOf(store, 'Paused')?.status === 'True') {
      const remedy = `kubectl annotate kvstore ${name} cubby.dev/paused- lets the operator go on`;
      throw new CliError(EXIT.error, `the store ${name} is paused`, remedy);
    }
    if (doneAt === undefined && Date.now() > end) {
      const message = `no replica of ${name} took over within ${timeoutSeconds} s`;
      throw new CliError(EXIT.unavailable, message, `see why with: cubby status ${name}; or give --timeout`);
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
  }
}
