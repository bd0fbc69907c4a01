import { after, beforeEach } from 'node:test';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvBackup, kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { type Answer, createClient } from './client.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

/** The API over the project `shop`, which has a place for backups, and `blog`, which has none. */
export interface ManagedBackups {
  api: Api;
  stage: Stage;
  /** A token of the project `shop`. */
  tenant: string;
  /** Sends a call below /api/kv, as an administrator where no token is given. */
  send(method: string, path: string, body?: object, token?: string): Promise<Answer>;
  /** The list of the backups of a project. */
  list(project?: string, token?: string): Promise<Listed>;
  /** Makes a backup of `shop`; `fields` as in kvBackup. */
  has(name: string, fields?: Parameters<typeof kvBackup>[0]): void;
}

type Listed = { backups: { name: string; [field: string]: unknown }[]; place: unknown };

/** Where the backups of `shop` go. */
export const backup = { target: { volume: { claimName: 'backups' } } };

/** Starts it; it is as new for each test of the file, and ends with them. */
export async function startManagedBackups(): Promise<ManagedBackups> {
  const stage = createStage();
  const { management, reader } = stage;
  const api = await startApi({ stores: createMemoryStores(), management, backups: reader });
  const { call } = createClient(() => api);
  const admin = kvToken({ namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' });
  const tenant = kvToken({ namespace: TENANTS, storeRef: { name: 'shop' } });
  for (const { object } of [admin, tenant]) api.tokens.upsert(object);
  stage.showIn = api.stores;
  api.tenant('elsewhere', { store: { name: 'cache', projectId: 'far' } });

  beforeEach(() => {
    for (const all of [stage.objects, stage.backups, stage.schedules]) all.clear();
    for (const [projectId, fields] of [
      ['shop', { backup }],
      ['blog', {}],
    ] as const) {
      const store = kvStore({ namespace: TENANTS, name: projectId, projectId, ...fields });
      stage.objects.set(projectId, store);
      api.stores.upsert(structuredClone(store));
    }
  });
  after(() => api.close());

  function send(method: string, path: string, body?: object, token = admin.token): Promise<Answer> {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return call(`/api/kv/${path}`, token, { method, ...init });
  }
  return {
    api,
    stage,
    tenant: tenant.token,
    send,
    list: async (project = 'shop', token?) =>
      (await send('GET', `backups?project_id=${project}`, undefined, token)).json as Listed,
    has(name, fields = {}) {
      const about = { namespace: TENANTS, name, storeRef: { name: 'shop' } };
      stage.backups.set(name, kvBackup({ ...about, ...fields }));
    },
  };
}
