import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import { CliError, EXIT } from '../errors.ts';

type Place = NonNullable<KVStoreSpec['backup']>;
/** Where a backup goes or is, as far as a person has said it; the CRD's defaults fill in the rest. */
export interface PlaceSpec {
  target: object;
  encryption?: object;
}

/** The options that name a place. */
export interface PlaceOptions {
  /** `s3://bucket/prefix` or `volume:claim/folder`. */
  place?: string;
  endpoint?: string;
  region?: string;
  credentials?: string;
  encryption?: string;
}

/** The place that the options name, undefined where they name none. Throws a CliError of exit `usage` for half a one. */
export function placeOf({ place, endpoint, region, credentials, encryption }: PlaceOptions): PlaceSpec | undefined {
  if (place === undefined) {
    if ([endpoint, region, credentials, encryption].every((option) => option === undefined)) return undefined;
    throw new CliError(EXIT.usage, '--endpoint, --region, --credentials and --encryption say more of a --place');
  }
  const encrypted = encryption === undefined ? {} : { encryption: { secret: { name: encryption } } };
  const [, bucket, prefix] = /^s3:\/\/([^/]+)(?:\/(.+))?$/.exec(place) ?? [];
  if (bucket !== undefined) {
    if (credentials === undefined) {
      const remedy = 'name the Secret with accessKeyId and secretAccessKey by --credentials';
      throw new CliError(EXIT.usage, 'a bucket needs an access key', remedy);
    }
    const more = { ...(prefix && { prefix }), ...(endpoint && { endpoint }), ...(region && { region }) };
    return { target: { s3: { bucket, credentialsSecret: { name: credentials }, ...more } }, ...encrypted };
  }
  const [, claimName, path] = /^volume:([^/]+)(?:\/(.+))?$/.exec(place) ?? [];
  if (claimName !== undefined && [endpoint, region, credentials].every((option) => option === undefined)) {
    return { target: { volume: { claimName, ...(path && { path }) } }, ...encrypted };
  }
  throw new CliError(EXIT.usage, `${place} is no place`, 'write s3://BUCKET/PREFIX or volume:CLAIM/FOLDER');
}

/** A target in one line, as `--place` takes it; undefined where there is none. */
export function placeText(target: Partial<Place['target']> | undefined): string | undefined {
  const { s3, volume } = target ?? {};
  if (s3) return `s3://${[s3.bucket, s3.prefix].filter(Boolean).join('/')}`;
  return volume && `volume:${[volume.claimName, volume.path].filter(Boolean).join('/')}`;
}
