import { API_VERSION, type KVBackup, type KVBackupSchedule } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ApiObject } from '../../kube/object.ts';
import { type Resource, resource } from '../../kube/resources.ts';
import { attempt, CALL } from './edit.ts';
import type { StoreRef } from './stores.ts';

/** Reads backups and schedules of stores. Every method rejects with an EditError and with nothing else. */
export interface BackupReader {
  /** The backups of a store, of which there may be some when it is gone; in no order. */
  backups(store: StoreRef): Promise<KVBackup[]>;
  schedules(store: StoreRef): Promise<KVBackupSchedule[]>;
}

export const kvBackups = resource(API_VERSION, 'KVBackup', 'kvbackups');
export const kvBackupSchedules = resource(API_VERSION, 'KVBackupSchedule', 'kvbackupschedules');

const PAGE = 500;

interface OfStore extends ApiObject {
  spec: { storeRef: { name: string } };
}

/** A reader that asks the API server: they are looked at seldom, so there is no watch that would hold them in memory. */
export function createBackupReader(client: Pick<KubeClient, 'list'>): BackupReader {
  return { backups: listerOf<KVBackup>(client, kvBackups), schedules: listerOf(client, kvBackupSchedules) };
}

/** Whoever asks while a look is under way gets what that finds, so that a crowd costs the API server no more than one. */
function listerOf<T extends OfStore>(client: Pick<KubeClient, 'list'>, kind: Resource) {
  const looks = new Map<string, Promise<T[]>>();
  return (store: StoreRef): Promise<T[]> => {
    const key = `${store.namespace}/${store.name}`;
    const look = looks.get(key) ?? attempt(() => listAll<T>(client, kind, store), 'unavailable');
    if (!looks.has(key)) {
      looks.set(key, look);
      const forget = () => looks.delete(key);
      look.then(forget, forget);
    }
    return look;
  };
}

async function listAll<T extends OfStore>(client: Pick<KubeClient, 'list'>, kind: Resource, store: StoreRef) {
  const found: T[] = [];
  let next: string | undefined;
  do {
    const page = await client.list<T>(kind, { ...CALL, namespace: store.namespace, limit: PAGE, continue: next });
    found.push(...page.items.filter(({ spec }) => spec.storeRef.name === store.name));
    next = page.continue;
  } while (next);
  return found;
}
