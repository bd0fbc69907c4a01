import { createHash } from 'node:crypto';
import type { BackupData } from './backup.ts';

/** What is known of all parts of a backup together, which are those of the shards by ordinal. There is at least one. */
export function sumParts(parts: readonly BackupData[]): BackupData & { parts: number } {
  const sum = (of: (part: BackupData) => number) => parts.reduce((total, part) => total + of(part), 0);
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(part.sha256);
  const versions = parts.map(({ redisVersion }) => redisVersion);
  return {
    size: sum(({ size }) => size),
    storedSize: sum(({ storedSize }) => storedSize),
    sha256: sha256.digest('hex'),
    keys: sum(({ keys }) => keys),
    expiringKeys: sum(({ expiringKeys }) => expiringKeys),
    redisVersion: versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? '',
    rdbVersion: Math.max(...parts.map(({ rdbVersion }) => rdbVersion)),
    parts: parts.length,
  };
}
