import { PAUSED_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Verdict } from './finding.ts';

/** Whether reconciliation is stopped by annotation; undefined (no condition) where it is not. */
export function paused(store: Pick<KVStore, 'metadata'>): Verdict<'ByAnnotation'> | undefined {
  if (store.metadata.annotations?.[PAUSED_ANNOTATION] !== 'true') return undefined;
  const message = `nothing is changed and the other conditions stay as they were; to go on, remove the annotation ${PAUSED_ANNOTATION}`;
  return { type: 'Paused', status: 'True', reason: 'ByAnnotation', message };
}
