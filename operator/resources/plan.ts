import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Acl } from './acl.ts';
import { digest } from './digest.ts';
import type { Replication } from './member-files.ts';
import type { LiveSettings } from './redis-conf.ts';

/** How large a store is. */
export interface Size {
  /** maxmemory in bytes. */
  memory: number;
  /** Processor time of the container, as spec has it. */
  cpu: NonNullable<NonNullable<KVStoreSpec['resources']>['cpu']>;
}

/** What only a restart can change. */
export interface RestartInputs {
  image: string;
  scheduling: NonNullable<KVStoreSpec['scheduling']>;
  /** The last size that only a new container could have; absent where every change of size was made in place. */
  size?: Size;
  /** The pod is a member of a replicated store; never taken back. */
  replicated?: true;
}

/**
 * What of spec has been taken over, kept on the StatefulSet. Where spec asks for something that cannot be had (an image
 * that cannot be pulled, less memory than is used), the store goes on with what is here.
 */
export interface Accepted extends RestartInputs, Pick<Size, 'memory'>, Partial<Pick<Size, 'cpu'>> {
  /** Tenant directives that a running Redis has taken. */
  config: Record<string, string>;
  /** With what the store ran before, until Redis has answered once with what it has now. */
  previous?: RestartInputs & Partial<Size> & { catalogueVersion?: string };
  /** Digest of what was taken over, did not start, and is not tried again. */
  rejected?: string;
}

/** All that a store's children are made from. */
export interface StorePlan {
  store: KVStore;
  accepted: Accepted;
  /** The size that the running container is asked to take on before it is accepted; absent where it has what it should. */
  asked?: Size | undefined;
  /** The spec.version for which the image was taken from the catalogue; absent under spec.image. */
  catalogueVersion?: string | undefined;
  imagePullPolicy?: string | undefined;
  /** What redis.conf says: accepted memory and config, and the persistence mode whose files are on the volume. */
  settings: LiveSettings;
  acl: Acl;
  /** The password of the user `native`; absent where programs may not sign in. */
  access?: { password: string } | undefined;
  /** Pods that the StatefulSet is to have: none hibernates. */
  replicas: number;
  /** By ordinal, the address of the Service of each pod, as far as it has one; absent where the store is one Redis. */
  addresses?: readonly (string | undefined)[] | undefined;
  /** What the members of a replicated store know of one another; absent until all of them have an address. */
  replication?: Replication | undefined;
  /** A pod is labelled as the primary, so that the store's Service can lead to it alone. */
  labelsPrimary?: boolean | undefined;
  /** What the claim that exists asks for, a quantity; absent where there is none yet. */
  claimSize?: string | undefined;
  systemNamespace: string;
}

/** On a StatefulSet: `Accepted` as JSON. */
export const ACCEPTED_ANNOTATION = 'cubby.dev/accepted';
/** On a pod: digest of redis.conf and users.acl; changing it makes the kubelet bring mounted files up to date at once. */
export const FILES_HASH_ANNOTATION = 'cubby.dev/files-hash';
/** On a volume claim: the persistence mode whose files are the newest, which is what Redis must start with. */
export const DATA_MODE_ANNOTATION = 'cubby.dev/data-mode';
/** On a volume claim: the Redis version that last wrote to it; older ones may not be able to read it. */
export const DATA_VERSION_ANNOTATION = 'cubby.dev/data-version';
/** On the claim: since when there may be values in its data that were not written over the API, RFC 3339. */
export const NATIVE_ACCESS_ANNOTATION = 'cubby.dev/native-access-since';

/** Digest of what only a restart can change; a pod with another one is to be replaced. */
export function restartHash({ image, scheduling, size, replicated }: RestartInputs): string {
  return digest({ image, scheduling, ...(size && { size }), ...(replicated && { replicated }) });
}
