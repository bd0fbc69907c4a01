import type { KVStore, KVToken } from '../../../contract/objects.ts';
import { EditError, type EditFailure } from '../../../dataplane/directory/edit.ts';
import type { StoreEditor } from '../../../dataplane/directory/store-editor.ts';
import type { StoreIndex } from '../../../dataplane/directory/stores.ts';
import type { TokenEditor } from '../../../dataplane/directory/token-editor.ts';
import type { TokenIndex } from '../../../dataplane/directory/tokens.ts';
import type { Management } from '../../../dataplane/pipeline/call.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';

/** The namespace whose stores the editor writes. */
export const TENANTS = 'cubby-tenants';

/** An API server of stores and tokens, with an operator that accepts every token, as the management calls see them. */
export interface Stage {
  management: Management;
  /** What was written, in order. */
  writes: { verb: 'create' | 'patch'; name: string; spec: Record<string, unknown> }[];
  /** What is there. */
  objects: Map<string, KVStore>;
  tokens: Map<string, KVToken>;
  /** Fails the next so many writes that way. */
  fail(failure: EditFailure, times?: number, message?: string): void;
  /** Where written objects are shown at once, as the watch would a moment later; absent: the directory lags behind. */
  showIn: StoreIndex | undefined;
  /** The same for tokens, which are accepted then. */
  showTokensIn: TokenIndex | undefined;
}

/** An empty stage. */
export function createStage(): Stage {
  const objects: Stage['objects'] = new Map();
  const tokens: Stage['tokens'] = new Map();
  const writes: Stage['writes'] = [];
  let failures: EditError[] = [];
  let versions = 0;

  function store(object: KVStore): KVStore {
    object.metadata.resourceVersion = String(++versions);
    objects.set(object.metadata.name, object);
    stage.showIn?.upsert(structuredClone(object));
    return structuredClone(object);
  }

  const editor: StoreEditor = {
    namespace: TENANTS,
    get: async (name) => structuredClone(objects.get(name)),
    async create(name, spec) {
      const failure = failures.shift();
      if (failure) throw failure;
      if (objects.has(name)) throw new EditError('raced', 'already exists', undefined);
      writes.push({ verb: 'create', name, spec });
      return store(kvStore({ namespace: TENANTS, name, status: {}, ...withDefaults(spec) }));
    },
    async patch({ metadata }, spec) {
      const failure = failures.shift();
      if (failure) throw failure;
      const live = objects.get(metadata.name);
      if (live?.metadata.resourceVersion !== metadata.resourceVersion)
        throw new EditError('raced', 'changed', undefined);
      writes.push({ verb: 'patch', name: metadata.name, spec });
      const merged: Record<string, unknown> = { ...live.spec, ...withDefaults(spec) };
      for (const [field, value] of Object.entries(spec)) if (value === null) delete merged[field];
      const generation = live.metadata.generation + 1;
      return store({ ...live, metadata: { ...live.metadata, generation }, spec: merged as unknown as KVStore['spec'] });
    },
  };

  const tokenEditor: TokenEditor = {
    get: async (name) => structuredClone(tokens.get(name)),
    async create(name, spec) {
      const failure = failures.shift();
      if (failure) throw failure;
      if (tokens.has(name)) throw new EditError('raced', 'already exists', undefined);
      const { object } = kvToken({ namespace: TENANTS, name, hashes: [], ...spec });
      tokens.set(name, object);
      stage.showTokensIn?.upsert({ ...structuredClone(object), status: { hashes: [spec.issued.sha256] } });
      return structuredClone(object);
    },
    async remove({ metadata: { name } }) {
      const failure = failures.shift();
      if (failure) throw failure;
      const live = tokens.get(name);
      tokens.delete(name);
      if (live) stage.showTokensIn?.remove(live);
    },
  };

  const stage: Stage = {
    management: {
      editor,
      tokens: tokenEditor,
      defaultProject: 'default',
      defaultVersion: '8.0',
      defaultMemory: '256Mi',
    },
    writes,
    objects,
    tokens,
    fail(failure, times = 1, message = 'as told') {
      failures = Array.from({ length: times }, () => new EditError(failure, message, undefined));
    },
    showIn: undefined,
    showTokensIn: undefined,
  };
  return stage;
}

function withDefaults(spec: Readonly<Record<string, unknown>>): Partial<KVStore['spec']> {
  const { persistence } = spec;
  const filled = persistence ? { persistence: { mode: 'aof', fsync: 'everysec', size: '1Gi', ...persistence } } : {};
  return { ...spec, ...filled } as Partial<KVStore['spec']>;
}
