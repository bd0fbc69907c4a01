import { setTimeout as sleep } from 'node:timers/promises';
import type { KVStore } from '../../contract/objects.ts';
import { isTransient } from '../../kube/errors.ts';
import { kvStores } from '../access/kinds.ts';
import { CliError, EXIT } from '../errors.ts';
import { conditionOf, isCurrent } from '../output/conditions.ts';
import { formatAge } from '../output/words.ts';
import type { Session } from '../session.ts';

/** How a change ended. */
export type Verdict =
  | { state: 'under way'; step: string }
  | { state: 'done' }
  | { state: 'refused'; message: string; remedy?: string };

/** What is looked at to judge a change; a restore is another one than that which was finished at `after`. */
export type Goal = 'ready' | 'hibernated' | { restore: { after: string | undefined } };

const POLL_MS = 300;

/** How far a store is on its way to what its spec says, by its conditions alone. */
export function judge(store: KVStore, goal: Goal): Verdict {
  if (!isCurrent(store)) return { state: 'under way', step: 'waiting for the operator to see the change' };
  const paused = conditionOf(store, 'Paused');
  if (paused?.status === 'True') {
    const remedy = 'kubectl annotate kvstore NAME cubby.dev/paused- lets the operator go on';
    return { state: 'refused', message: paused.message, remedy };
  }
  const accepted = conditionOf(store, 'SpecAccepted');
  const progressing = conditionOf(store, 'Progressing');
  if (progressing?.status === 'True')
    return { state: 'under way', step: `${progressing.reason}: ${progressing.message}` };
  if (accepted?.status === 'False') return { state: 'refused', message: `${accepted.reason}: ${accepted.message}` };
  if (goal === 'hibernated') {
    if (store.status?.phase === 'Hibernated') return { state: 'done' };
  } else if (typeof goal === 'object' && !isRestored(store, goal.restore.after)) {
    return { state: 'under way', step: `the restore is under way: ${store.status?.restore?.phase ?? 'not begun'}` };
  } else if (conditionOf(store, 'Ready')?.status === 'True') return { state: 'done' };
  const degraded = conditionOf(store, 'Degraded');
  if (degraded?.status === 'True') return { state: 'refused', message: `${degraded.reason}: ${degraded.message}` };
  const ready = conditionOf(store, 'Ready');
  return { state: 'under way', step: ready ? `${ready.reason}: ${ready.message}` : 'waiting for the operator' };
}

/** Whether a restore is complete that is not the one before; a refused one is told by the conditions. */
function isRestored({ status }: KVStore, after: string | undefined): boolean {
  return status?.restore?.phase === 'Completed' && status.restore.finishedAt !== after;
}

/**
 * Tells on standard error how a store comes to what its spec says, and resolves with it once it is there. Throws a
 * CliError where a part of spec is refused, or of exit `unavailable` when the time is over.
 */
export async function followStore(
  session: Session,
  changed: KVStore,
  goal: Goal,
  timeoutSeconds: number,
): Promise<KVStore> {
  const { namespace, name, uid } = changed.metadata;
  const start = Date.now();
  let shown = '';
  session.leaves(`the change goes on; see it with: cubby status ${name} -n ${namespace}`);
  for (let store: KVStore | undefined = changed; ; ) {
    if (store?.metadata.uid !== uid) throw new CliError(EXIT.notFound, `the store ${name} was deleted meanwhile`);
    const verdict = judge(store, goal);
    const elapsed = Date.now() - start;
    if (verdict.state === 'done') {
      session.leaves(undefined);
      session.output.note(`${formatAge(elapsed).padStart(5)}  done`);
      return store;
    }
    if (verdict.state === 'refused') {
      const remedy = verdict.remedy ?? `see all of it with: cubby status ${name} -n ${namespace}`;
      throw new CliError(EXIT.error, verdict.message, remedy);
    }
    if (verdict.step !== shown) {
      shown = verdict.step;
      session.output.note(`${formatAge(elapsed).padStart(5)}  ${shown}`);
    }
    if (elapsed > timeoutSeconds * 1000) {
      const message = `not done within ${formatAge(timeoutSeconds * 1000)}: ${shown}`;
      throw new CliError(
        EXIT.unavailable,
        message,
        `it goes on; see cubby status ${name}, or give more time by --timeout`,
      );
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
    store = await readAgain(session, store);
  }
}

/** The store as it is now; as it was while the API server does not answer; undefined where it was deleted. */
async function readAgain(session: Session, store: KVStore): Promise<KVStore | undefined> {
  const { client } = await session.cluster();
  const { namespace, name } = store.metadata;
  try {
    return await client.get<KVStore>(kvStores, { namespace, name }, { signal: session.signal });
  } catch (error) {
    if (isTransient(error)) return store;
    throw error;
  }
}
