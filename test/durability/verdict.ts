import { type Operation, outcomeOf } from './history.ts';

/** What a key holds, or null where it does not exist. */
export type Reading = string | number | null;

/** A key that does not hold what its client must find there. */
export interface Fault {
  key: string;
  /** The last acknowledged state, null for deleted; of a counter, how many increments were acknowledged. */
  expected: Reading;
  found: Reading;
  /** Acknowledged writes and deletes of that key that are gone; none of what only came from nowhere. */
  writes: number;
  /** When the first of them was acknowledged, by `performance.now()`. */
  since: number;
}

/** What became of a history. */
export interface Verdict {
  acknowledged: number;
  refused: number;
  unknown: number;
  /** Unknown writes that are there: allowed either way. */
  unknownApplied: number;
  /** Acknowledged, and not there. */
  lost: Fault[];
  /** Refused, and there all the same; or never written at all. */
  resurrected: Fault[];
}

/**
 * Judges a history by what its keys hold afterwards. `readings` has every key of the history; one that is missing counts
 * as not existing. An unknown write may take effect at any time after it was sent, since its request may still be under
 * way.
 */
export function judge(history: readonly Operation[], readings: ReadonlyMap<string, Reading>): Verdict {
  const count = (outcome: string) => history.filter((operation) => outcomeOf(operation) === outcome).length;
  const verdict: Verdict = {
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    unknown: count('unknown'),
    unknownApplied: 0,
    lost: [],
    resurrected: [],
  };
  for (const [key, operations] of Map.groupBy(history, ({ key }) => key)) {
    const found = readings.get(key) ?? null;
    const isCounter = operations.some(({ kind }) => kind === 'increment');
    if (isCounter) judgeCounter(key, operations, found, verdict);
    else judgeRegister(key, operations, found, verdict);
  }
  return verdict;
}

/** How many acknowledged writes are gone. */
export function countLost({ lost }: Verdict): number {
  return lost.reduce((sum, { writes }) => sum + writes, 0);
}

function judgeRegister(key: string, operations: readonly Operation[], found: Reading, verdict: Verdict): void {
  verdict.lost.push(...findMissed(key, operations));
  const acknowledged = operations.filter((operation) => outcomeOf(operation) === 'acknowledged');
  const last = acknowledged.at(-1);
  const expected = last?.value ?? null;
  if (found === expected) return;
  const sources = operations.filter(({ value = null }) => value === found);
  if (sources.some((operation) => outcomeOf(operation) === 'unknown')) {
    verdict.unknownApplied++;
    return;
  }
  const source = sources.findLast((operation) => outcomeOf(operation) === 'acknowledged');
  if (last && (found === null || source)) {
    // What holds nothing and was never deleted has lost everything.
    const gone = acknowledged.slice(source ? acknowledged.indexOf(source) + 1 : 0);
    verdict.lost.push({ key, expected, found, writes: gone.length, since: gone[0]?.answeredAt ?? last.answeredAt });
  } else verdict.resurrected.push({ key, expected, found, writes: 0, since: operations[0]?.sentAt ?? 0 });
}

/** Deletes that found nothing where an acknowledged write had to be: what they leave would not show the loss. */
function findMissed(key: string, operations: readonly Operation[]): Fault[] {
  return operations.flatMap(({ kind, answer }, index) => {
    if (kind !== 'delete' || answer !== 404) return [];
    const before = operations.slice(0, index);
    const last = before.findLast((operation) => outcomeOf(operation) === 'acknowledged');
    if (last?.value === undefined || before.some(isUnknownDelete)) return [];
    return [{ key, expected: last.value, found: null, writes: 1, since: last.answeredAt }];
  });
}

function isUnknownDelete(operation: Operation): boolean {
  return operation.kind === 'delete' && outcomeOf(operation) === 'unknown';
}

function judgeCounter(key: string, operations: readonly Operation[], found: Reading, verdict: Verdict): void {
  const acknowledged = operations.filter((operation) => outcomeOf(operation) === 'acknowledged');
  const unknown = operations.filter((operation) => outcomeOf(operation) === 'unknown').length;
  const value = typeof found === 'number' ? found : 0;
  // Two increments with one sum: the first of them was lost in between, whatever unknown ones have made up for since.
  const latest = new Map(acknowledged.map((operation) => [operation.sum, operation]));
  const overwritten = acknowledged.filter((operation) => latest.get(operation.sum) !== operation);
  const beyond = acknowledged.filter(({ sum = 0 }) => sum > value);
  const gone = [...new Set([...overwritten, ...beyond])].sort((a, b) => a.answeredAt - b.answeredAt);
  const writes = Math.max(gone.length, acknowledged.length - value);
  const fault = { key, expected: acknowledged.length, found };
  if (writes > 0) verdict.lost.push({ ...fault, writes, since: (gone[0] ?? acknowledged[0])?.answeredAt ?? 0 });
  const surplus = value - acknowledged.length;
  if (surplus > unknown) {
    const since = acknowledged[0]?.answeredAt ?? 0;
    verdict.resurrected.push({ ...fault, writes: 0, since });
  } else verdict.unknownApplied += Math.max(0, surplus);
}
