import type { BackupResult } from '../contract/backup.ts';

/** The kubelet keeps 4,096 bytes of a termination message, and in JSON a character takes at most six of them. */
const MAX_MESSAGE = 600;

/** A result as a termination message, which is never so long that the kubelet would cut it. */
export function terminationMessage(result: BackupResult): string {
  return JSON.stringify(result.ok ? result : { ...result, message: result.message.slice(0, MAX_MESSAGE) });
}
