import { type ReconcileResult, TerminalError } from '../../kube/controller.ts';
import { covers } from '../../kube/covers.ts';
import { isInvalid } from '../../kube/errors.ts';
import { parseKey } from '../../kube/object.ts';
import { ledgerStore } from '../resources/ledger.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { kvStores } from './kinds.ts';

/** Sees to it that the ledger's KVStore is there and as the configuration says; what is as it should be costs no request. */
export async function reconcileLedger(
  { client, caches, settings, events }: Pick<Context, 'client' | 'caches' | 'settings' | 'events'>,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!settings.ledger) return undefined;
  const live = caches.stores.get(parseKey(key));
  if (live?.metadata.deletionTimestamp) return undefined; // its end is a change, and brings a new one about
  const desired = ledgerStore(settings.ledger, settings.systemNamespace);
  if (live && covers(live, desired)) return { requeueAfterMs: settings.resyncMs };
  try {
    await client.apply(kvStores, desired, { fieldManager: FIELD_MANAGER, force: true, signal });
  } catch (error) {
    if (!isInvalid(error)) throw error;
    const message = `the ledger is not as the installation's values say, because the API server refuses it; correct the values: ${error.message}`;
    if (live) events.record(live, 'Warning', 'LedgerRefused', message);
    throw new TerminalError(message, { cause: error });
  }
  return { requeueAfterMs: settings.resyncMs };
}
