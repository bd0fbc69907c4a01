import type { KVBackup, KVBackupSchedule, KVStore, KVToken } from '../../../contract/objects.ts';
import type { BackupEditor } from '../../../dataplane/directory/backup-editor.ts';
import type { BackupReader } from '../../../dataplane/directory/backup-reader.ts';
import { EditError, type EditFailure } from '../../../dataplane/directory/edit.ts';
import type { StoreEditor } from '../../../dataplane/directory/store-editor.ts';
import type { StoreIndex } from '../../../dataplane/directory/stores.ts';
import type { TokenEditor } from '../../../dataplane/directory/token-editor.ts';
import type { TokenIndex } from '../../../dataplane/directory/tokens.ts';
import type { Management } from '../../../dataplane/pipeline/call.ts';
import { kvBackup, kvBackupSchedule, kvStore, kvToken } from '../../unit/dataplane/objects.ts';

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
  backups: Map<string, KVBackup>;
  schedules: Map<string, KVBackupSchedule>;
  /** Sees what is there. */
  reader: BackupReader;
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
  const backups: Stage['backups'] = new Map();
  const schedules: Stage['schedules'] = new Map();
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
      const merged = withDefaults(merge(live.spec, spec) as Record<string, unknown>);
      const generation = live.metadata.generation + 1;
      return store({ ...live, metadata: { ...live.metadata, generation }, spec: merged as KVStore['spec'] });
    },
    async annotate({ metadata }, annotations) {
      const failure = failures.shift();
      if (failure) throw failure;
      const live = objects.get(metadata.name);
      if (live?.metadata.resourceVersion !== metadata.resourceVersion)
        throw new EditError('raced', 'changed', undefined);
      return store({ ...live, metadata: { ...live.metadata, annotations: { ...annotations } } });
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

  const backupEditor: BackupEditor = {
    backups: editorOf(backups, (name, spec) => kvBackup({ namespace: TENANTS, name, ...spec })),
    schedules: editorOf(schedules, (name, spec) => kvBackupSchedule({ namespace: TENANTS, name, ...spec })),
  };

  /** An editor of what is in a map, which makes objects with `make`. */
  function editorOf<T extends KVBackup | KVBackupSchedule, Spec>(
    all: Map<string, T>,
    make: (name: string, spec: Spec) => T,
  ) {
    const attempt = () => {
      const failure = failures.shift();
      if (failure) throw failure;
    };
    return {
      get: async (name: string) => structuredClone(all.get(name)),
      async create(name: string, spec: Spec) {
        attempt();
        if (all.has(name)) throw new EditError('raced', 'already exists', undefined);
        const made = make(name, spec);
        all.set(name, made);
        return structuredClone(made);
      },
      async patch(read: T, spec: Readonly<Record<string, unknown>>) {
        attempt();
        const live = all.get(read.metadata.name) as T;
        const patched = { ...live, spec: merge(live.spec, spec) } as T;
        all.set(read.metadata.name, patched);
        return structuredClone(patched);
      },
      async remove({ metadata: { name } }: T) {
        attempt();
        all.delete(name);
      },
    };
  }

  const ofStore = <T extends KVBackup | KVBackupSchedule>(all: Map<string, T>, namespace: string, name: string) =>
    [...all.values()].filter(({ metadata, spec }) => metadata.namespace === namespace && spec.storeRef.name === name);

  const stage: Stage = {
    management: {
      editor,
      tokens: tokenEditor,
      backups: backupEditor,
      defaultProject: 'default',
      defaultVersion: '8.0',
      defaultMemory: '256Mi',
    },
    writes,
    objects,
    tokens,
    backups,
    schedules,
    reader: {
      backups: async ({ namespace, name }) => structuredClone(ofStore(backups, namespace, name)),
      schedules: async ({ namespace, name }) => structuredClone(ofStore(schedules, namespace, name)),
    },
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

/** What a JSON merge patch makes of a value (RFC 7396). */
function merge(live: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(live as object | undefined) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}
