import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound, KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { resource } from '../../kube/resources.ts';

/**
 * Why a store was not written:
 * - `refused`: the API server does not take what was asked for, as its schema or a rule says;
 * - `forbidden`: the data plane may not do this there;
 * - `raced`: somebody else wrote or removed it since it was read; read it again;
 * - `unavailable`: it could not be done now.
 */
export type EditFailure = 'refused' | 'forbidden' | 'raced' | 'unavailable';

/** The message is the API server's: it names objects, fields and rights, and quotes what was asked for. */
export class EditError extends Error {
  readonly failure: EditFailure;

  constructor(failure: EditFailure, message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'EditError';
    this.failure = failure;
  }
}

/** Reads and writes the KVStores of one namespace. Every method rejects with an EditError and with nothing else. */
export interface StoreEditor {
  readonly namespace: string;
  /** The store as the API server has it now. */
  get(name: string): Promise<KVStore | undefined>;
  /** Makes a store; `raced` where there is one of that name. */
  create(name: string, spec: Readonly<Record<string, unknown>>): Promise<KVStore>;
  /** Writes fields of the spec, null removing one; `raced` where the store is no longer as it was read. */
  patch(read: KVStore, spec: Readonly<Record<string, unknown>>): Promise<KVStore>;
}

const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
const FIELD_MANAGER = 'cubby-dataplane';
/** A client waits for the answer. */
const TIMEOUT_MS = 5000;
const WRITE = { fieldManager: FIELD_MANAGER, timeoutMs: TIMEOUT_MS };

/** An editor of the stores of `namespace`. */
export function createStoreEditor(
  client: Pick<KubeClient, 'get' | 'create' | 'patch'>,
  namespace: string,
): StoreEditor {
  return {
    namespace,
    get: (name) =>
      attempt(() => client.get<KVStore>(kvStores, { namespace, name }, { timeoutMs: TIMEOUT_MS }), 'unavailable'),
    create(name, spec) {
      const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVStore', metadata: { namespace, name }, spec };
      // Nothing is there to be not found but the namespace.
      return attempt(
        () => client.create(kvStores, object, WRITE) as Promise<unknown> as Promise<KVStore>,
        'unavailable',
      );
    },
    patch({ metadata }, spec) {
      const { name, resourceVersion } = metadata;
      const options = { ...WRITE, type: 'merge', resourceVersion } as const;
      return attempt(() => client.patch<KVStore>(kvStores, { namespace, name }, { spec }, options), 'raced');
    },
  };
}

async function attempt<T>(call: () => Promise<T>, whenNotFound: EditFailure): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof KubeError)) throw new EditError('unavailable', 'the API server gave no answer', error);
    throw new EditError(failureOf(error, whenNotFound), error.message, error);
  }
}

function failureOf(error: KubeError, whenNotFound: EditFailure): EditFailure {
  if (isInvalid(error)) return 'refused';
  if (isForbidden(error)) return 'forbidden';
  if (isConflict(error) || isAlreadyExists(error)) return 'raced';
  if (isNotFound(error)) return whenNotFound;
  return 'unavailable';
}
