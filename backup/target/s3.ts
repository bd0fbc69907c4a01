import { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BackupTarget } from '../../contract/backup.ts';
import { BackupError } from '../failure.ts';
import { explain } from './s3-errors.ts';
import type { Target } from './target.ts';
import { upload } from './upload.ts';

/** What signs requests, and whom TLS trusts where that is not a public authority. */
export interface S3Secrets {
  accessKeyId: string;
  secretAccessKey: string;
  ca?: string | undefined;
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 60_000;

/** Backups as objects of a bucket. */
export function openS3(options: NonNullable<BackupTarget['s3']>, secrets: S3Secrets): Target {
  const { bucket: Bucket, endpoint } = options;
  const { accessKeyId, secretAccessKey, ca } = secrets;
  const client = new S3Client({
    region: options.region,
    ...(endpoint && { endpoint }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    credentials: { accessKeyId, secretAccessKey },
    // Services beside Amazon's know the newer checksums seldom; what is stored has one of our own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      ...(ca && { httpsAgent: new Agent({ ca, keepAlive: true }) }),
    },
  });
  const encryption = serverSideEncryption(options);

  const abortUploads = async (Key: string) => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
    const left = Uploads.filter((upload) => upload.Key === Key);
    for (const { UploadId } of left) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  };

  return {
    async put(path, body) {
      let cause: unknown;
      const source = async function* () {
        try {
          yield* body;
        } catch (error) {
          cause = error;
          throw error;
        }
      };
      return upload(client, { Bucket, Key: path, ...encryption }, source()).catch((error) => {
        throw cause ?? explain(error);
      });
    },
    async *get(path) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: path }));
        if (!Body) throw new BackupError('TargetUnavailable', 'the service answered without the object');
        yield* Body as Readable as AsyncIterable<Buffer>;
      } catch (error) {
        throw explain(error, path);
      }
    },
    async remove(path) {
      // An upload that was never completed is no object, but costs as one. Some services do not list them.
      await abortUploads(path).catch(() => {});
      await client.send(new DeleteObjectCommand({ Bucket, Key: path })).catch((error) => {
        const known = explain(error, path);
        if (known.reason !== 'NotFound') throw known;
      });
    },
  };
}

function serverSideEncryption({ serverSideEncryption, kmsKeyId }: NonNullable<BackupTarget['s3']>) {
  const options: Partial<PutObjectCommandInput> = {};
  if (serverSideEncryption) options.ServerSideEncryption = serverSideEncryption;
  if (kmsKeyId) options.SSEKMSKeyId = kmsKeyId;
  return options;
}
