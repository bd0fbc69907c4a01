import type { KVStore } from './objects.ts';

/**
 * Whether the restore that a store tells of is over, so that it is done again only once it is asked for no more. What has
 * failed at the making of a store is not: the store waits for it, and would begin empty without it.
 */
export function isRestoreOver({ spec: { restoreFrom }, status }: Pick<KVStore, 'spec' | 'status'>): boolean {
  const phase = status?.restore?.phase;
  return phase === 'Completed' || (phase === 'Failed' && restoreFrom?.overwriteData !== false);
}
