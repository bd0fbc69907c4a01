import type { KVStore } from '../../contract/objects.ts';
import { createManagementClient, type Usage } from '../../sdk/src/index.ts';
import { reachDataPlane } from '../access/data-plane.ts';
import type { Session } from '../session.ts';

/** What only the data plane knows of a store. */
export interface Answers {
  /** null where Redis did not say at once. */
  keys: number | null;
  /** null where the ledger does not answer. */
  usage: Usage | null;
}

/** A status is not kept waiting by a data plane that is not well. */
const TIMEOUT_MS = 3_000;

/** Asks the data plane about a store, with a token that reaches it; rejects where there is no way in. */
export async function askDataPlane(session: Session, store: KVStore): Promise<Answers> {
  const { baseUrl, token, projectId: named } = await reachDataPlane(session, { store });
  const projectId = named ?? (token.startsWith('tk_') ? store.status?.projectId : undefined);
  const { signal } = session;
  const client = createManagementClient({ baseUrl, token, projectId, timeoutMs: TIMEOUT_MS, retries: 0, signal });
  const [{ keys, project_id }, usage] = await Promise.all([
    client.status(projectId),
    client.usage(projectId).catch(() => null),
  ]);
  // A given token may be another project's, of which nothing belongs here.
  if (project_id !== store.status?.projectId) {
    throw new Error(`the given token is for the project ${project_id}, not for ${store.status?.projectId}`);
  }
  return { keys, usage };
}
