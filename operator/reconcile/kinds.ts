import { API_VERSION } from '../../contract/objects.ts';
import type { ApiObject, KubeObject } from '../../kube/object.ts';
import { resource } from '../../kube/resources.ts';
import type { ClaimTemplate } from '../resources/statefulset.ts';
import type { Pod } from '../status/pod.ts';

export const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
export const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');
export const kvBackups = resource(API_VERSION, 'KVBackup', 'kvbackups');
export const kvBackupSchedules = resource(API_VERSION, 'KVBackupSchedule', 'kvbackupschedules');

/** The parts of apps/v1 StatefulSet that the operator reads. */
export interface StatefulSet extends KubeObject {
  spec: {
    replicas?: number;
    volumeClaimTemplates?: ClaimTemplate[];
    template?: { metadata?: { annotations?: Record<string, string> }; spec?: Pick<Pod['spec'], 'containers'> };
  };
  status?: { observedGeneration?: number; updateRevision?: string };
}

/** The parts of core/v1 PersistentVolumeClaim that the operator reads. */
export interface VolumeClaim extends ApiObject {
  spec: { storageClassName?: string; resources?: { requests?: { storage?: string } } };
  status?: {
    phase?: string;
    capacity?: { storage?: string };
    conditions?: { type: string; status: string; message?: string }[];
  };
}

/** The parts of core/v1 Secret that the operator reads; values are base64. */
export interface Secret extends KubeObject {
  data?: Record<string, string>;
}

export type { Pod };
