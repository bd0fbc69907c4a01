import type { KVStore } from '../../../contract/objects.ts';

/** What of a store is seen at one moment, by the cluster, by Redis itself and by a client of the API. */
export interface StoreSeen {
  store: KVStore;
  /** What the kubelet says of the container. */
  container: {
    image: string;
    restarts: number;
    resources: { requests: Record<string, string>; limits: Record<string, string> };
  };
  // biome-ignore lint/suspicious/noExplicitAny: rows look at fields of every kind
  pod: any;
  // biome-ignore lint/suspicious/noExplicitAny: rows look at fields of every kind
  claim: any;
  /** CONFIG GET *. */
  config: Record<string, string>;
  /** INFO, by field. */
  info: Record<string, string>;
  /** Names of the users in ACL LIST that may sign in. */
  users: string[];
  /** A read of a key that is there, over the API. */
  answer: { status: number; text: string; headers: Record<string, string> };
}
