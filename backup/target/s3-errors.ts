import type { BackupFailure } from '../../contract/backup.ts';
import { BackupError } from '../failure.ts';

/** What of an SDK error says what it is. */
interface ServiceError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

const REMEDIES: Record<string, string> = {
  NoSuchBucket: 'there is no such bucket: make it, or correct the name',
  InvalidAccessKeyId: 'the service does not know the access key: look at credentialsSecret',
  SignatureDoesNotMatch: 'the secret access key is another: look at credentialsSecret',
  AccessDenied:
    'the access key may not do that: it needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload',
  PermanentRedirect: 'the bucket is in another region: correct region or endpoint',
  AuthorizationHeaderMalformed: 'the bucket is in another region: correct region',
};

/** What a service answers that got other bytes than were sent: it knows by their SHA-256, which is signed. */
const CHANGED = new Set(['XAmzContentSHA256Mismatch', 'BadDigest']);

/** Names under which Node tells that a certificate is not trusted. */
const TLS = /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_|HOSTNAME_MISMATCH)/;

/** A failure of the S3 service in words; `path` is what was read. What it wrote itself is not quoted but for its code. */
export function explain(error: unknown, path?: string): BackupError {
  if (error instanceof BackupError) return error;
  const { name, code = '', $metadata = {} } = error as ServiceError;
  const status = $metadata.httpStatusCode;
  const fail = (reason: BackupFailure, message: string) => new BackupError(reason, message, { cause: error });
  if (TLS.test(code))
    return fail('TargetRefused', `its certificate is not trusted (${code}): name its authority in caSecret`);
  if (CHANGED.has(name))
    return fail('TargetUnavailable', 'what was sent to the S3 service was changed on its way: look at the network');
  const remedy = REMEDIES[name];
  if (remedy) return fail('TargetRefused', remedy);
  if (path !== undefined && (name === 'NoSuchKey' || name === 'NotFound'))
    return fail('NotFound', `there is no object ${path}`);
  // An upload is gone where the service was started anew without its memory of it.
  const isPassing =
    status === undefined || status >= 500 || status === 408 || status === 429 || name === 'NoSuchUpload';
  const what = status === undefined ? code || name : `${status} ${name}`;
  return isPassing
    ? fail('TargetUnavailable', `the S3 service cannot be reached or failed (${what})`)
    : fail('TargetRefused', `the S3 service refused (${what}): look at the target and its credentialsSecret`);
}
