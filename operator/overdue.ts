import type { KVStore } from '../contract/objects.ts';
import type { ApiObject } from '../kube/object.ts';
import { ROTATING_SINCE } from './reconcile/key-rotation.ts';

/**
 * For how many seconds the replaced master key has been accepted beyond `overlapMs`, and the replaced passwords of the
 * store that is latest beyond the time that its status tells; 0 where none is late.
 */
export function rotationsOverdue(
  masterKey: ApiObject | undefined,
  stores: readonly KVStore[],
  overlapMs: number,
  nowMs: number,
): { masterKey: number; store: number } {
  const late = (dueMs: number) => (Number.isNaN(dueMs) ? 0 : Math.max(0, (nowMs - dueMs) / 1000));
  const since = Date.parse(masterKey?.metadata.annotations?.[ROTATING_SINCE] ?? '');
  const ends = stores.map(({ status }) => late(Date.parse(status?.credentials?.previousUntil ?? '')));
  return { masterKey: late(since + overlapMs), store: ends.reduce((most, one) => Math.max(most, one), 0) };
}
