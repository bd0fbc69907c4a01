import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';

type BackupSetting = NonNullable<KVStoreSpec['backup']>;
type Target = BackupSetting['target'];

/** Where the backups of a store go, as the management calls take and show it. */
export interface PlaceView {
  s3?: S3View | undefined;
  volume?: { claim_name: string; path?: string | undefined } | undefined;
  encryption_secret?: string | undefined;
}

interface S3View {
  bucket: string;
  credentials_secret: string;
  endpoint?: string | undefined;
  region?: string | undefined;
  prefix?: string | undefined;
  force_path_style?: boolean | undefined;
  server_side_encryption?: 'AES256' | 'aws:kms' | undefined;
  kms_key_id?: string | undefined;
  ca_secret?: string | undefined;
}

/** spec.backup of a store in the words of the API; what has no value is left out. */
export function viewPlace({ target, encryption }: BackupSetting): PlaceView {
  const { s3, volume } = target;
  return {
    ...(s3 && {
      s3: {
        bucket: s3.bucket,
        credentials_secret: s3.credentialsSecret.name,
        endpoint: s3.endpoint,
        region: s3.region,
        prefix: s3.prefix,
        force_path_style: s3.forcePathStyle,
        server_side_encryption: s3.serverSideEncryption,
        kms_key_id: s3.kmsKeyId,
        ca_secret: s3.caSecret?.name,
      },
    }),
    ...(volume && { volume: { claim_name: volume.claimName, path: volume.path } }),
    ...(encryption && { encryption_secret: encryption.secret.name }),
  };
}

/**
 * The spec.backup that such a place asks for. Of a Secret that `live` names as well its keys stay; of any other they are
 * taken to be those that the CRD has for defaults.
 */
export function placeSetting(
  { s3, volume, encryption_secret }: PlaceView,
  live?: BackupSetting,
): Record<string, unknown> {
  const before = live?.target.s3;
  const target = {
    ...(s3 && {
      s3: present({
        bucket: s3.bucket,
        credentialsSecret: secretRef(s3.credentials_secret, before?.credentialsSecret),
        endpoint: s3.endpoint,
        region: s3.region,
        prefix: s3.prefix,
        forcePathStyle: s3.force_path_style,
        serverSideEncryption: s3.server_side_encryption,
        kmsKeyId: s3.kms_key_id,
        caSecret: secretRef(s3.ca_secret, before?.caSecret),
      }),
    }),
    ...(volume && { volume: present({ claimName: volume.claim_name, path: volume.path }) }),
  };
  const secret = secretRef(encryption_secret, live?.encryption?.secret);
  return { target, ...(secret && { encryption: { secret } }) };
}

function secretRef(name: string | undefined, before: { name: string } | undefined): { name: string } | undefined {
  if (name === undefined) return undefined;
  return before?.name === name ? { ...before } : { name };
}

/** A target in one line, `s3://bucket/prefix` or `claim/path`. */
export function placeText({ s3, volume }: Target): string {
  if (s3) return `s3://${[s3.bucket, s3.prefix].filter(Boolean).join('/')}`;
  return [volume?.claimName, volume?.path].filter(Boolean).join('/');
}

/**
 * The merge patch (RFC 7396) that makes `wanted` of `live`: what `wanted` lacks is removed, also within objects.
 */
export function replacing(live: unknown, wanted: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const before = isObject(live) ? live : {};
  const removed = Object.keys(before).filter((name) => !(name in wanted));
  return {
    ...Object.fromEntries(removed.map((name) => [name, null])),
    ...Object.fromEntries(
      Object.entries(wanted).map(([name, value]) => [name, isObject(value) ? replacing(before[name], value) : value]),
    ),
  };
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
