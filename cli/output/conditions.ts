import type { Condition, KVBackupSchedule, KVStore } from '../../contract/objects.ts';
import type { Tone } from './output.ts';

/** A condition as a person would say it. */
export interface Saying {
  tone: Tone;
  text: string;
}

const SAYINGS: Readonly<Record<string, Partial<Record<Condition['status'], Saying>>>> = {
  Ready: {
    True: { tone: 'good', text: 'answers requests' },
    False: { tone: 'bad', text: 'does not answer requests' },
  },
  Progressing: {
    True: { tone: 'busy', text: 'is being changed' },
    False: { tone: 'good', text: 'has no change under way' },
  },
  Degraded: {
    True: { tone: 'bad', text: 'needs attention' },
    False: { tone: 'good', text: 'needs no attention' },
  },
  SpecAccepted: {
    True: { tone: 'good', text: 'has taken over all of its spec' },
    False: { tone: 'bad', text: 'has not taken over a part of its spec' },
  },
  Paused: {
    True: { tone: 'busy', text: 'is left alone by the operator' },
    False: { tone: 'good', text: 'is followed by the operator' },
  },
};

/** What a condition says; one of a type that is not known here is said by its type and status. */
export function say({ type, status, reason }: Condition): Saying {
  // Stopped on request is no trouble.
  if (type === 'Ready' && reason === 'Hibernated') return { tone: 'faint', text: 'is stopped on request' };
  const known = SAYINGS[type]?.[status];
  return known ?? { tone: status === 'Unknown' ? 'busy' : 'faint', text: `${type}: ${status}` };
}

/** Whether a condition tells of nothing that anybody would want to know. */
export function isQuiet(condition: Condition): boolean {
  return say(condition).tone === 'good' && condition.type !== 'Ready';
}

/** The condition of that type. */
export function conditionOf(
  { status }: Pick<KVStore | KVBackupSchedule, 'status'>,
  type: string,
): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the status speaks of the spec as it is now. */
export function isCurrent({ status, metadata }: KVStore | KVBackupSchedule): boolean {
  return status?.observedGeneration === metadata.generation;
}

/** A phase's colour. */
export function phaseTone(phase: string | undefined): Tone {
  if (phase === 'Ready') return 'good';
  if (phase === 'Degraded') return 'bad';
  return phase === 'Hibernated' ? 'faint' : 'busy';
}
