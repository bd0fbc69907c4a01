import type { Operation } from '../pipeline/operation.ts';
import { account } from './account.ts';
import { DASHBOARD_FOLDER, dashboard } from './dashboard.ts';
import { docs } from './docs.ts';
import { infraKv } from './infra-kv.ts';
import { kv } from './kv.ts';
import { manage } from './manage.ts';
import { manageBackups } from './manage-backups.ts';
import { failOver } from './manage-failover.ts';
import { restore } from './manage-restore.ts';
import { manageSchedules } from './manage-schedules.ts';
import { manageTokens } from './manage-tokens.ts';
import { type Health, probes } from './meta.ts';

/** Every call of the API, and the dashboard's files, which are in `folder`; `null` serves none. */
export function operations(health: Health, folder: string | null = DASHBOARD_FOLDER): readonly Operation[] {
  const all: readonly Operation[] = [
    ...probes(health),
    ...infraKv,
    ...manage,
    ...manageTokens,
    ...manageBackups,
    ...manageSchedules,
    restore,
    failOver,
    ...account,
    ...kv,
    ...docs(() => all),
    ...(folder === null ? [] : dashboard(folder)),
  ];
  return all;
}
