import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';

type Credentials = NonNullable<KVStoreStatus['credentials']>;

/** What was seen of the passwords that a store accepts. */
export interface CredentialReport {
  /** Name of the master key whose passwords it accepts, now and after a restart; absent where that is not known. */
  masterKey?: string | undefined;
  /** The request for a rotation that a new store came with: there is nothing to rotate. */
  request?: string | undefined;
}

/** What to report of a store's credentials; undefined where nothing is known yet. */
export function credentialStatus(
  before: KVStoreStatus | undefined,
  { masterKey, request }: CredentialReport,
  now: Date,
): Credentials | undefined {
  const { previousGeneration, previousUntil, ...known } = before?.credentials ?? {};
  const rotatedFor = before?.observedGeneration ? known.rotatedFor : request;
  const isOver = masterKey !== undefined && Date.parse(previousUntil ?? '') <= now.getTime();
  const credentials: Credentials = {
    ...known,
    ...(masterKey !== undefined && { masterKey }),
    ...(rotatedFor !== undefined && { rotatedFor }),
    ...(previousGeneration !== undefined && !isOver && { previousGeneration }),
    ...(previousUntil !== undefined && !isOver && { previousUntil }),
  };
  return Object.keys(credentials).length > 0 ? credentials : undefined;
}
