import { API_VERSION } from '../../contract/objects.ts';
import { resource } from '../../kube/resources.ts';

/** The stores. */
export const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
/** The tokens. */
export const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');
/** The backups. */
export const kvBackups = resource(API_VERSION, 'KVBackup', 'kvbackups');
/** The schedules of backups. */
export const kvBackupSchedules = resource(API_VERSION, 'KVBackupSchedule', 'kvbackupschedules');

/** Who the API server is told has written. */
export const FIELD_MANAGER = 'cubby-cli';
