import { setTimeout as sleep } from 'node:timers/promises';
import { ROTATE_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { conditionOf } from '../output/conditions.ts';
import type { Session } from '../session.ts';
import { viewStore } from './stores.ts';

const POLL_MS = 300;

/** `cubby rotate` */
export async function rotate(session: Session, [name]: [string], { timeout }: { timeout: number }) {
  const { client } = await session.cluster();
  const { metadata } = await findStore(session, name);
  const key = { namespace: metadata.namespace, name };
  const request = new Date().toISOString();
  const edit = { metadata: { annotations: { [ROTATE_ANNOTATION]: request } } };
  await client.patch(kvStores, key, edit, { type: 'merge', fieldManager: FIELD_MANAGER });
  session.leaves(`the passwords are rotated all the same; see how far it is with: cubby status ${name} -o yaml`);
  const store = await settle(session, name, request, timeout);
  const until = store.status?.credentials?.previousUntil;
  session.output.show({ ...viewStore(store), credentials: store.status?.credentials }, () => {
    return `the Redis of ${name} takes new passwords${until ? `, and those before until ${until}` : ''}\n`;
  });
}

/** Waits until the operator has taken the request up. */
async function settle(session: Session, name: string, request: string, timeoutSeconds: number): Promise<KVStore> {
  const end = Date.now() + timeoutSeconds * 1000;
  for (let waits = false; ; ) {
    const store = await findStore(session, name);
    const { credentials } = store.status ?? {};
    if (credentials?.rotatedFor === request) {
      session.leaves(undefined);
      return store;
    }
    if (conditionOf(store, 'Paused')?.status === 'True') {
      const remedy = `kubectl annotate kvstore ${name} cubby.dev/paused- lets the operator go on`;
      throw new CliError(EXIT.error, `the store ${name} is paused`, remedy);
    }
    if (!waits && credentials?.previousUntil !== undefined) {
      waits = true;
      session.output.note(`a rotation is under way until ${credentials.previousUntil}; this one follows`);
    }
    if (Date.now() > end) {
      const message = `the operator did not rotate the passwords of ${name} within ${timeoutSeconds} s`;
      throw new CliError(EXIT.unavailable, message, 'it does so when it can; see: cubby status, or give --timeout');
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
  }
}
