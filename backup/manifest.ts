import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { BackupData, BackupPlace } from '../contract/backup.ts';
import { sumParts } from '../contract/backup-parts.ts';
import { BackupError } from './failure.ts';
import type { Target } from './target/target.ts';

/** Versions of the layout of a stored backup, of one Redis and of shards; a reader refuses one that is newer. */
const FORMAT = 1;
const FORMAT_OF_PARTS = 2;
const MAX_BYTES = 1024 * 1024;

const data = z.object({
  size: z.int().min(0),
  storedSize: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  keys: z.int().min(0),
  expiringKeys: z.int().min(0),
  redisVersion: z.string(),
  rdbVersion: z.int().min(1),
});
const slot = z.int().min(0).max(16_383);
const part = data.extend({ slots: z.array(z.tuple([slot, slot]).readonly()) });
const about = {
  created: z.iso.datetime(),
  source: z.object({ namespace: z.string(), store: z.string(), uid: z.string(), projectId: z.string() }),
  encrypted: z.boolean(),
};
const schema = z.discriminatedUnion('format', [
  z.object({ format: z.literal(FORMAT), ...about, data }),
  z
    .object({
      format: z.literal(FORMAT_OF_PARTS),
      ...about,
      data: data.extend({ parts: z.int().min(1) }),
      parts: z.array(part).min(1),
    })
    .refine(({ parts, data }) => isDeepStrictEqual(sumParts(parts), data)),
]);

/** Where a stored backup is of shards: what is known of the part of each, by ordinal, and the slots that it had. */
export type StoredPart = z.infer<typeof part>;

/** What is written beside the data of a backup once all of it is stored: without it there is no backup. */
export interface BackupManifest extends Omit<z.infer<(typeof schema.options)[0]>, 'format' | 'data'> {
  data: BackupData;
  parts?: StoredPart[];
}

/** Path of a place's manifest. */
export function manifestPath({ object }: BackupPlace): string {
  return `${object}.json`;
}

/** Path of a place's data, or of the part of a shard: an RDB as it is, or in the format of age. */
export function dataPath({ object }: BackupPlace, encrypted: boolean, part?: number): string {
  return `${object}${part === undefined ? '' : `.${part}`}.rdb${encrypted ? '.age' : ''}`;
}

/** Paths of all parts of a place's data, or its only one where it has no parts. */
export function dataPaths(place: BackupPlace, encrypted: boolean, parts?: number): string[] {
  if (parts === undefined) return [dataPath(place, encrypted)];
  return Array.from({ length: parts }, (_, part) => dataPath(place, encrypted, part));
}

/** Stores a manifest, by which the backup becomes one. */
export async function writeManifest(target: Target, place: BackupPlace, manifest: BackupManifest): Promise<void> {
  const format = manifest.parts ? FORMAT_OF_PARTS : FORMAT;
  const text = `${JSON.stringify({ format, ...manifest }, null, 2)}\n`;
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
  if (typeof format === 'number' && format > FORMAT_OF_PARTS) {
    throw new BackupError('TooNew', `the backup has the format ${format}: a newer Cubby made it, so upgrade this one`);
  }
  const read = schema.safeParse(value);
  if (!read.success) throw corrupt('something is missing in it');
  const { format: _, ...manifest } = read.data;
  return manifest;
}

function corrupt(why: string): BackupError {
  return new BackupError('Corrupt', `the manifest of the backup is damaged: ${why}`);
}

async function* pieces(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
