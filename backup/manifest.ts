import * as z from 'zod';
import type { BackupPlace } from '../contract/backup.ts';
import { BackupError } from './failure.ts';
import type { Target } from './target/target.ts';

/** Version of the layout of a stored backup; a reader refuses a newer one. */
const FORMAT = 1;
const MAX_BYTES = 1024 * 1024;

const schema = z.object({
  format: z.literal(FORMAT),
  created: z.iso.datetime(),
  source: z.object({ namespace: z.string(), store: z.string(), uid: z.string(), projectId: z.string() }),
  encrypted: z.boolean(),
  data: z.object({
    size: z.int().min(0),
    storedSize: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    keys: z.int().min(0),
    expiringKeys: z.int().min(0),
    redisVersion: z.string(),
    rdbVersion: z.int().min(1),
  }),
});

/** What is written beside the data of a backup once all of it is stored: without it there is no backup. */
export type BackupManifest = z.infer<typeof schema>;

/** Path of a place's manifest. */
export function manifestPath({ object }: BackupPlace): string {
  return `${object}.json`;
}

/** Path of a place's data: an RDB as it is, or in the format of age. */
export function dataPath({ object }: BackupPlace, encrypted: boolean): string {
  return `${object}.rdb${encrypted ? '.age' : ''}`;
}

/** Stores a manifest, by which the backup becomes one. */
export async function writeManifest(
  target: Target,
  place: BackupPlace,
  manifest: Omit<BackupManifest, 'format'>,
): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`;
  await target.put(manifestPath(place), pieces(text));
}

/** Reads a manifest. Throws NotFound where the backup was never completed, TooNew and Corrupt. */
export async function readManifest(target: Target, place: BackupPlace): Promise<BackupManifest> {
  const read: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of target.get(manifestPath(place))) {
      bytes += piece.length;
      if (bytes > MAX_BYTES) throw corrupt('it is too long');
      read.push(piece);
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.reason !== 'NotFound') throw error;
    throw new BackupError('NotFound', `there is no backup ${place.object}: it was never completed, or was deleted`);
  }
  return parse(Buffer.concat(read).toString());
}

function parse(text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt('it is no JSON');
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > FORMAT) {
    throw new BackupError('TooNew', `the backup has the format ${format}: a newer Cubby made it, so upgrade this one`);
  }
  const { success, data } = schema.safeParse(value);
  if (!success) throw corrupt('something is missing in it');
  return data;
}

function corrupt(why: string): BackupError {
  return new BackupError('Corrupt', `the manifest of the backup is damaged: ${why}`);
}

async function* pieces(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
