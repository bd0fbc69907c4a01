import { childNames, REDIS_PORT, serviceHost } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

/**
 * What a program needs to sign in to the store's Redis, with the keys and the type that the Service Binding
 * specification names (https://servicebinding.io/spec/core/1.1.0/, "Well-known Secret Entries").
 */
export function accessSecret({ store }: StorePlan, password: string): Manifest {
  const { name, namespace } = store.metadata;
  const host = serviceHost(namespace, name);
  const entries = {
    type: 'redis',
    provider: 'cubby',
    host,
    port: String(REDIS_PORT),
    username: 'native',
    password,
    database: '0',
    uri: `redis://native:${password}@${host}:${REDIS_PORT}/0`,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(store, childNames(name).accessSecret),
    type: 'servicebinding.io/redis',
    data: Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  };
}
