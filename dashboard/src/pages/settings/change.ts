import type { Condition, StoreStatus } from '../../../../sdk/src/index.ts';

/** Something that was seen of a change while it went on. `at` is in ms since 1970. */
export interface Step {
  at: number;
  title: string;
  detail: string;
  state: 'done' | 'running' | 'good' | 'bad';
  /** Of the first step of a change that was asked for here: what the store's spec said before. */
  before?: StoreStatus['requested'];
}

/** For so long after a change was asked for, a status may still come from a replica that has not learned of it. */
const STALE_MS = 5000;

/** What the operator's reasons of Progressing mean, in the order of docs/conditions.md. */
const REASONS: Readonly<Record<string, string>> = {
  Creating: 'Making the store',
  Starting: 'Starting Redis',
  Loading: 'Loading the data',
  Checking: 'Trying the new version beside the old one',
  Saving: 'Saving the data',
  Restarting: 'Restarting Redis',
  Resizing: 'Resizing the container',
  GrowingVolume: 'Growing the volume',
  SwitchingPersistence: 'Writing the data in its new form',
  LoadingUsers: 'Loading the users',
  Syncing: 'A replica copies the data',
  FailingOver: 'Another member becomes the primary',
  JoiningShards: 'The shards become one cluster',
  MovingSlots: 'Moving keys to the new shards',
  Hibernating: 'Stopping Redis',
  WaitingForDeletion: 'Waiting for the last store of this name to go',
};

/** The condition of a type. */
export function conditionOf({ conditions }: StoreStatus, type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Whether the store is as its spec asks, or stays otherwise until someone acts. */
export function isSettled(status: StoreStatus): boolean {
  if (status.requested === null || status.phase === null) return true;
  if (status.phase === 'Progressing' || status.phase === 'Pending') return false;
  if (conditionOf(status, 'Progressing')?.status === 'True') return false;
  return status.requested.enabled === (status.phase !== 'Hibernated');
}

/** Why a part of the spec is not taken over; undefined where all of it is. */
export function refusalOf(status: StoreStatus): Condition | undefined {
  const accepted = conditionOf(status, 'SpecAccepted');
  return accepted?.status === 'False' ? accepted : undefined;
}

/** What a status shows of a change: what goes on, or how it ended. */
export function stepOf(status: StoreStatus, at: number): Step {
  if (!isSettled(status)) {
    const progressing = conditionOf(status, 'Progressing');
    const isCurrent = progressing?.status === 'True';
    const title = (isCurrent && REASONS[progressing.reason]) || 'Waiting for the operator';
    return { at, title, detail: isCurrent ? progressing.message : '', state: 'running' };
  }
  const refusal = refusalOf(status);
  if (refusal) {
    const title = refusal.reason === 'RolledBack' ? 'Rolled back' : 'Not taken over';
    return { at, title, detail: refusal.message, state: 'bad' };
  }
  if (status.phase === 'Hibernated') {
    const detail = status.persistence ? 'The data is kept.' : 'The store keeps no data on disk.';
    return { at, title: 'Stopped', detail, state: 'good' };
  }
  const ready = conditionOf(status, 'Ready');
  if (status.healthy) return { at, title: 'Ready', detail: servingWords(status), state: 'good' };
  return { at, title: status.phase ?? 'Gone', detail: ready?.message ?? '', state: 'bad' };
}

/** The steps so far with what a status shows added, where that is another than the last. */
export function follow(steps: readonly Step[], status: StoreStatus, at: number): readonly Step[] {
  const next = stepOf(status, at);
  const last = steps.at(-1);
  if (last && last.title === next.title && last.state === next.state) {
    return last.detail === next.detail ? steps : [...steps.slice(0, -1), { ...next, at: last.at }];
  }
  return [...steps.map((step) => (step.state === 'running' ? { ...step, state: 'done' as const } : step)), next];
}

/** What was seen so far of a change; nothing while there is none, and what is over stays until the next begins. */
export function record(steps: readonly Step[], status: StoreStatus, at: number): readonly Step[] {
  if (isStale(steps, status, at)) return steps;
  if (isGoingOn(steps)) return follow(steps, status, at);
  return isSettled(status) ? steps : follow([], status, at);
}

/** Whether there is a change, and its end was not seen yet. */
export function isGoingOn(steps: readonly Step[]): boolean {
  const last = steps.at(-1);
  return last !== undefined && last.state !== 'good' && last.state !== 'bad';
}

/** The first step of a change that was asked for here, of a store whose spec said `before`. */
export function begin(detail: string, at: number, before: StoreStatus['requested'] = null): readonly Step[] {
  return [{ at, title: 'Asked', detail, state: 'done', before }];
}

function isStale([asked, ...seen]: readonly Step[], { requested }: StoreStatus, at: number): boolean {
  if (asked?.before === undefined || seen.length > 0 || at - asked.at >= STALE_MS) return false;
  return JSON.stringify(asked.before) === JSON.stringify(requested);
}

function servingWords({ version, max_memory }: StoreStatus): string {
  return `Redis ${version ?? ''} serves${max_memory === null ? '' : ` with ${max_memory}`}.`;
}
