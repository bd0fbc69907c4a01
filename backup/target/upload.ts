import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { inBlocks } from '../blocks.ts';
import { BackupError, TakenError } from '../failure.ts';
import { partBytes } from './parts.ts';

/** Bytes that may be on their way at once. */
const BYTES_AT_ONCE = 24 * 1024 * 1024;

/** The bucket and name of an object, and how the service is to encrypt it. */
export type ObjectOptions = Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'ServerSideEncryption' | 'SSEKMSKeyId'>;

/**
 * Stores what `body` yields as one object, in parts where it is long, each signed with its SHA-256, by which the service
 * refuses one that was changed on its way. Resolves with its bytes; where it rejects there is no object, and no part is left.
 * The buffers of parts that are stored are used again.
 */
export async function upload(
  client: S3Client,
  object: ObjectOptions,
  body: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { Bucket, Key } = object;
  const free: Buffer[] = [];
  const take = (number: number) => {
    const length = partBytes(number);
    const spare = free.pop();
    return spare?.length === length ? spare : Buffer.allocUnsafeSlow(length);
  };
  const underWay = new Set<Promise<void>>();
  const stored: CompletedPart[] = [];
  const stop = new AbortController();
  let UploadId: string | undefined;
  let bytes = 0;
  let failure: { error: unknown } | undefined;

  const send = async (PartNumber: number, Body: Buffer) => {
    try {
      const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
      const { ETag } = await client.send(part, { abortSignal: stop.signal });
      if (!ETag) throw new BackupError('TargetUnavailable', 'the service stored a part and did not say which');
      stored[PartNumber - 1] = { PartNumber, ETag };
      free.push(Body);
    } catch (error) {
      failure ??= { error };
    }
  };
  const wait = async (parts: Promise<unknown>) => {
    await parts;
    if (failure) throw failure.error;
  };

  try {
    for await (const { number, block: part, isLast } of inBlocks(body, take)) {
      bytes += part.length;
      if (number === 1 && isLast) {
        await onlyNew(Key, (once) => client.send(new PutObjectCommand({ ...object, Body: part, ...once })));
        return bytes;
      }
      UploadId ??= (await client.send(new CreateMultipartUploadCommand(object))).UploadId;
      while (underWay.size * partBytes(number) >= BYTES_AT_ONCE) await wait(Promise.race(underWay));
      const sent: Promise<void> = send(number, part).finally(() => underWay.delete(sent));
      underWay.add(sent);
    }
    await wait(Promise.all(underWay));
    const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts: stored } };
    await onlyNew(Key, (once) => client.send(new CompleteMultipartUploadCommand({ ...whole, ...once })));
    return bytes;
  } catch (error) {
    stop.abort();
    await Promise.all(underWay); // a part that came later would stay
    if (UploadId) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => {});
    throw error;
  }
}

/** Sends a request that the service refuses where the object is there; one that knows no conditions gets it without. */
async function onlyNew(key: string | undefined, send: (condition: { IfNoneMatch?: string }) => Promise<unknown>) {
  try {
    await send({ IfNoneMatch: '*' });
  } catch (error) {
    const { name } = error as Error;
    if (name === 'PreconditionFailed' || name === 'ConditionalRequestConflict')
      throw new TakenError(`${key}`, { cause: error });
    if (name !== 'NotImplemented') throw error;
    await send({});
  }
}
