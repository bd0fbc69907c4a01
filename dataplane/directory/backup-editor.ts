import type { KVBackupSpec } from '../../contract/kvbackup.gen.ts';
import type { KVBackupScheduleSpec } from '../../contract/kvbackupschedule.gen.ts';
import { API_VERSION, type KVBackup, type KVBackupSchedule } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ApiObject, KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import { kvBackupSchedules, kvBackups } from './backup-reader.ts';
import { attempt, CALL, WRITE } from './edit.ts';

/** What a backup is asked to be; where it goes is the store's to say. */
export type AskedBackup = Pick<KVBackupSpec, 'storeRef' | 'deletionPolicy'>;
/** What a schedule is asked to be. */
export type AskedSchedule = Omit<KVBackupScheduleSpec, 'target' | 'encryption' | 'startingDeadlineSeconds'>;

/** Reads, makes and removes objects of one kind in one namespace; rejects with an EditError and with nothing else. */
interface Editor<T, Spec> {
  /** The object as the API server has it now. */
  get(name: string): Promise<T | undefined>;
  /** Makes one; `raced` where there is one of that name. */
  create(name: string, spec: Spec): Promise<T>;
  /** Writes fields of the spec, null removing one, and `finalizers`; `raced` where the object is no longer as it was read. */
  patch(read: T, spec: Readonly<Record<string, unknown>>, finalizers?: readonly string[]): Promise<T>;
  /** Removes the very object that was read; `raced` where another has its name. Nothing to do where it is gone. */
  remove(read: T): Promise<void>;
}

/** Edits the backups and schedules of one namespace. */
export interface BackupEditor {
  backups: Editor<KVBackup, AskedBackup>;
  schedules: Editor<KVBackupSchedule, AskedSchedule>;
}

type Client = Pick<KubeClient, 'get' | 'create' | 'patch' | 'delete'>;

/** An editor of the backups and schedules of `namespace`. */
export function createBackupEditor(client: Client, namespace: string): BackupEditor {
  return {
    backups: editorOf(client, kvBackups, namespace),
    schedules: editorOf(client, kvBackupSchedules, namespace),
  };
}

function editorOf<T extends ApiObject & { metadata: { uid: string; resourceVersion: string } }, Spec extends object>(
  client: Client,
  kind: Resource,
  namespace: string,
): Editor<T, Spec> {
  return {
    get: (name) => attempt(() => client.get<T>(kind, { namespace, name }, CALL), 'unavailable'),
    create(name, spec) {
      const object: KubeObject = { apiVersion: API_VERSION, kind: kind.kind, metadata: { namespace, name }, spec };
      return attempt(() => client.create(kind, object, WRITE) as Promise<unknown> as Promise<T>, 'unavailable');
    },
    patch({ metadata: { name, resourceVersion } }, spec, finalizers) {
      const options = { ...WRITE, type: 'merge', resourceVersion } as const;
      const body = { spec, ...(finalizers && { metadata: { finalizers } }) };
      return attempt(() => client.patch<T>(kind, { namespace, name }, body, options), 'raced');
    },
    async remove({ metadata: { name, uid } }) {
      await attempt(() => client.delete(kind, { namespace, name }, { ...CALL, preconditions: { uid } }), 'raced');
    },
  };
}
