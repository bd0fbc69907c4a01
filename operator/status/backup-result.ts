import * as z from 'zod';
import type { BackupFailure, BackupResult } from '../../contract/backup.ts';

const count = z.int().min(0);
/** All of them: a reason that is not here would not be told. */
const FAILURES = {
  SourceUnavailable: true,
  TargetUnavailable: true,
  TargetRefused: true,
  NoSpace: true,
  NotFound: true,
  Corrupt: true,
  WrongKey: true,
  TooNew: true,
  ShardsDiffer: true,
  Busy: true,
  Stopped: true,
  Failed: true,
} satisfies Record<BackupFailure, true>;

const schema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    data: z
      .object({
        size: count,
        storedSize: count,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        keys: count,
        expiringKeys: count,
        redisVersion: z.string().max(32),
        rdbVersion: z.int().min(0).max(1_000_000),
        parts: z.int().min(1).exactOptional(),
      })
      .exactOptional(),
    seconds: z.number(),
  }),
  z.object({
    ok: z.literal(false),
    reason: z.enum(Object.keys(FAILURES) as BackupFailure[]),
    message: z.string().transform((text) => text.slice(0, 1024)),
  }),
]);

/** What a backup pod left as its termination message; undefined where that is none, as where its node ended it. */
export function readBackupResult(text: string | undefined): BackupResult | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
