import { after, beforeEach } from 'node:test';
import type { BrowserContextOptions } from 'playwright-core';
import type { KVBackup } from '../../../contract/objects.ts';
import type { WatchedPage } from '../../browser/watched.ts';
import { kvBackup } from '../../unit/dataplane/objects.ts';
import { TENANTS } from '../dataplane/manage-editor.ts';
import { type Managed, SERVING, startManaged } from './managed.ts';

const backup = { target: { volume: { claimName: 'backups' } } };

/** The status of a backup that is stored. */
export const completed: NonNullable<KVBackup['status']> = {
  phase: 'Completed',
  keys: 1204,
  size: 3 * 2 ** 20,
  redisVersion: '8.0.2',
  completedAt: '2026-01-01T03:00:09Z',
  location: { object: 'cubby-tenants/shop/first-1234abcd', target: backup.target },
};

/** A dashboard with the project `shop`, which has a place for backups, and `bare`, which has none. */
export interface BackupsPage {
  managed: Managed;
  /** Opens the page Backups: that of `shop`, as an administrator, where nothing else is said. */
  open(project?: string, token?: string, view?: BrowserContextOptions): Promise<WatchedPage>;
  /** Makes a backup of `shop`, or gives it another status. */
  has(name: string, status?: KVBackup['status']): void;
}

/** Starts it; it is as new for each test of the file, and ends with them. */
export async function startBackupsPage(): Promise<BackupsPage> {
  const managed = await startManaged();
  const { stage, admin } = managed;
  beforeEach(() => {
    for (const all of [stage.backups, stage.schedules, stage.objects]) all.clear();
    managed.store('shop', { backup });
    managed.store('bare');
    for (const project of ['shop', 'bare']) managed.operate(project, { phase: 'Ready', conditions: SERVING });
  });
  after(() => managed.close());
  return {
    managed,
    open: (project = 'shop', token = admin, view?) =>
      managed.open({ token, at: `/${project}/backups`, ...(view && { view }) }),
    has(name, status) {
      const about = { namespace: TENANTS, name, storeRef: { name: 'shop' } };
      stage.backups.set(name, kvBackup({ ...about, ...(status && { status }) }));
    },
  };
}
