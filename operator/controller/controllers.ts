import { type Controller, type Reconcile, type Run, startController } from '../../kube/controller.ts';
import type { Priority, Queue } from '../../kube/queue.ts';
import type { Affected } from './triggers.ts';

/** What the operator reconciles: the two kinds, that the ledger is one of the stores, and the master key. */
export type ControllerName = 'store' | 'token' | 'ledger' | 'masterKey';

/** One queue for each controller. */
export type Queues = Record<ControllerName, Queue>;

/** Puts the keys of whom a change concerns on their queues, where they are this operator's. */
export function enqueue(
  queues: Pick<Queues, 'store' | 'token'>,
  { stores, tokens }: Affected,
  priority: Priority,
  isOurs: (name: 'store' | 'token', key: string) => boolean,
): void {
  for (const key of stores) if (isOurs('store', key)) queues.store.add(key, priority);
  for (const key of tokens) if (isOurs('token', key)) queues.token.add(key, priority);
}

/** A reconcile must end within this many ms. Every call inside has a limit of its own, so this is for what nobody foresaw. */
const TIMEOUT_MS = 30_000;

/** Works every queue off, each with up to `concurrency` keys at a time. */
export function startControllers(
  queues: Queues,
  reconcile: Record<ControllerName, Reconcile>,
  concurrency: number,
  onRun: (name: ControllerName, run: Run) => void,
): Controller {
  const controllers = (['store', 'token', 'ledger', 'masterKey'] as const).map((name) =>
    startController({
      queue: queues[name],
      reconcile: reconcile[name],
      concurrency,
      timeoutMs: TIMEOUT_MS,
      onRun: (run) => onRun(name, run),
    }),
  );
  return {
    async stop(graceMs) {
      await Promise.all(controllers.map((controller) => controller.stop(graceMs)));
    },
  };
}
