import { type Controller, type Reconcile, type Run, startController } from '../../kube/controller.ts';
import type { Priority, Queue } from '../../kube/queue.ts';
import type { Affected } from './triggers.ts';

/** The two kinds that the operator reconciles. */
export type ControllerName = 'store' | 'token';

/** One queue for each kind. */
export type Queues = Record<ControllerName, Queue>;

/** Puts the keys of whom a change concerns on their queues. */
export function enqueue(queues: Queues, { stores, tokens }: Affected, priority: Priority): void {
  for (const key of stores) queues.store.add(key, priority);
  for (const key of tokens) queues.token.add(key, priority);
}

/** A reconcile must end within this many ms. Every call inside has a limit of its own, so this is for what nobody foresaw. */
const TIMEOUT_MS = 30_000;

/** Works both queues off, each with up to `concurrency` keys at a time. */
export function startControllers(
  queues: Queues,
  reconcile: Record<ControllerName, Reconcile>,
  concurrency: number,
  onRun: (name: ControllerName, run: Run) => void,
): Controller {
  const controllers = (['store', 'token'] as const).map((name) =>
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
