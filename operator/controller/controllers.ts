import { type Controller, type Reconcile, type Run, startController } from '../../kube/controller.ts';
import type { Priority, Queue } from '../../kube/queue.ts';
import type { Affected } from './triggers.ts';

/** What the operator reconciles: its kinds, that the ledger is one of the stores, and the master key. */
export type ControllerName = KindName | 'ledger' | 'masterKey';
/** The kinds, which shards divide. */
export type KindName = 'store' | 'token' | 'backup' | 'schedule';

/** One queue for each controller. */
export type Queues = Record<ControllerName, Queue>;

/** Puts the keys of whom a change concerns on their queues, where they are this operator's. */
export function enqueue(
  queues: Pick<Queues, KindName>,
  { stores, tokens, backups, schedules }: Affected,
  priority: Priority,
  isOurs: (name: KindName, key: string) => boolean,
): void {
  const add = (name: KindName, keys: readonly string[] = []) => {
    for (const key of keys) if (isOurs(name, key)) queues[name].add(key, priority);
  };
  add('store', stores);
  add('token', tokens);
  add('backup', backups);
  add('schedule', schedules);
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
  const controllers = (['store', 'token', 'backup', 'schedule', 'ledger', 'masterKey'] as const).map((name) =>
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
