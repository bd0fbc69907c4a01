/** What a client knows of an operation that it sent: it was applied, it was not, or it may have been. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

/** The status of an answer, or that there was none. */
export type Answer = number | 'broken';

/** One operation of one client, as it saw it. A key has one client, but for counters, which all of them share. */
export interface Operation {
  kind: 'set' | 'delete' | 'increment';
  key: string;
  /** What a set writes; no other operation of the history writes the same. */
  value?: string;
  answer: Answer;
  /** What an acknowledged increment by one was answered with. */
  sum?: number;
  /** By `performance.now()`, in milliseconds. */
  sentAt: number;
  answeredAt: number;
}

/**
 * What an answer to a write says of it (docs/errors.md). A write that was timed out, or whose connection broke, may have
 * been applied; a delete that is answered 404 was done, and tells besides that there was nothing.
 */
export function outcomeOf({ kind, answer }: Pick<Operation, 'kind' | 'answer'>): Outcome {
  if (answer === 200 || (answer === 404 && kind === 'delete')) return 'acknowledged';
  if (answer === 'broken' || answer === 500 || answer === 502 || answer === 504) return 'unknown';
  return 'refused';
}
