import type { Effect } from './row.ts';

/** Fields that need more than a store to be walked over, and the test that does it. The paths are those of whole parts of spec. */
export const walkedElsewhere: Readonly<Record<string, { effect: Effect; test: string }>> = {
  'spec.backup': { effect: 'live', test: 'test/e2e/backup.test.ts' },
  'spec.restoreFrom': { effect: 'hibernation', test: 'test/e2e/restore.test.ts' },
};
