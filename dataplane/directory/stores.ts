import { isDeepStrictEqual } from 'node:util';
import { memberHost, REDIS_PORT, serviceHost } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { parseTokens } from '../../contract/prices.ts';
import { claimedProject, PROJECT_ID_PATTERN, projectHolder } from '../../contract/projects.ts';
import { createProjectList, type ProjectList } from './projects.ts';

/** Where a store's Redis is and what its credentials derive from. Replaced by a new object when any of it changes. */
export interface StoreTarget extends Endpoint {
  uid: string;
  namespace: string;
  name: string;
  project: string;
  credentialGeneration: number;
  /** Reads may be answered from memory that Redis vouches for. */
  cachedReads: boolean;
  /** Reads may be answered by a replica. */
  nearestReads: boolean;
  /** Values may have been written past the API, and so be no JSON. */
  anyValues: boolean;
  /** Its Redis is being restarted by the operator. */
  restarting?: true;
  limits: Limits;
}

/** What the project may use, as the operator worked it out; absent means unlimited. */
export interface Limits {
  requestsPerSecond?: number;
  burst?: number;
  nanoTokensPerMonth?: bigint;
}

/** Names a KVStore. */
export interface StoreRef {
  namespace: string;
  name: string;
}

/** A project and what it may use, whether its store serves or not. */
export type StoreAccount = Pick<StoreTarget, 'project' | 'limits'>;

/**
 * What the data plane can do for a store now; `detail` says why not, in words for the client. `account` is absent where
 * the store does not hold the project that it claims.
 */
export type StoreState = { ref: StoreRef } & (
  | { state: 'serving'; target: StoreTarget; account: StoreTarget }
  | { state: 'hibernated'; account: StoreAccount }
  | { state: 'unavailable'; detail: string; account?: StoreAccount }
);

/** Where a store is; `topology` is there where it has several Redis, each at an address of its own. */
export interface Endpoint {
  host: string;
  port: number;
  topology?: { mode: 'Replicated' | 'Sharded'; members: readonly { host: string; port: number }[] };
}

/** Finds stores by name and by project. A state machine: it changes only when it is told of an object. */
export interface StoreIndex {
  readonly size: number;
  /** Takes the place of what was known of the object of this namespace and name. */
  upsert(store: KVStore): void;
  remove(store: KVStore): void;
  byName(namespace: string, name: string): StoreState | undefined;
  /** The object as it was last seen. */
  get(ref: StoreRef): KVStore | undefined;
  /**
   * The store that holds a project. With a namespace only its stores count: one that claims a project which another
   * store holds is found, and unavailable, so that its owner learns of the conflict.
   */
  byProject(project: string, namespace?: string): StoreState | undefined;
  /** Ids of projects, sorted, of the stores of one namespace or of all; `byProject` finds each. */
  projects: ProjectList['page'];
}

/**
 * An empty index. `endpointOf` says where a store's Redis listens, undefined while it has none; `systemNamespace` is where
 * the ledger is, whose project nobody else may claim.
 */
export function createStoreIndex(
  systemNamespace: string,
  endpointOf: (store: KVStore) => Endpoint | undefined = ownService,
): StoreIndex {
  const stores = new Map<string, KVStore>();
  const states = new Map<string, StoreState>();
  const claims = new Map<string, Map<string, KVStore>>();
  const projects = createProjectList();

  function forget(key: string): void {
    const old = stores.get(key);
    if (!old) return;
    stores.delete(key);
    states.delete(key);
    const project = claimedProject(old);
    projects.remove(old.metadata.namespace, project);
    const claimants = claims.get(project);
    claimants?.delete(key);
    if (claimants?.size === 0) claims.delete(project);
    else settle(project);
  }

  /** Works out the state of every claimant of a project, since one store's claim decides about another's. */
  function settle(project: string): void {
    const claimants = [...(claims.get(project)?.entries() ?? [])];
    const holder = projectHolder(
      claimants.map(([, store]) => store),
      systemNamespace,
    );
    for (const [key, store] of claimants) {
      const old = states.get(key);
      states.set(key, keep(old, stateOf(store, store === holder, endpointOf(store), old)));
    }
  }

  return {
    get size() {
      return stores.size;
    },
    upsert(store) {
      const key = keyOf(store.metadata.namespace, store.metadata.name);
      const old = stores.get(key);
      const project = claimedProject(store);
      const isKnown = old && claimedProject(old) === project;
      if (old && !isKnown) forget(key);
      if (!isKnown) projects.add(store.metadata.namespace, project);
      stores.set(key, store);
      const claimants = claims.get(project);
      if (claimants) claimants.set(key, store);
      else claims.set(project, new Map([[key, store]]));
      settle(project);
    },
    remove: (store) => forget(keyOf(store.metadata.namespace, store.metadata.name)),
    byName: (namespace, name) => states.get(keyOf(namespace, name)),
    get: ({ namespace, name }) => stores.get(keyOf(namespace, name)),
    byProject(project, namespace) {
      const claimants = [...(claims.get(project)?.values() ?? [])];
      const seen = namespace === undefined ? claimants : claimants.filter((s) => s.metadata.namespace === namespace);
      const store = projectHolder(seen, systemNamespace);
      return store && states.get(keyOf(store.metadata.namespace, store.metadata.name));
    },
    projects: projects.page,
  };
}

/** More Redis than any store has; a status that says more is not believed. */
const MOST_MEMBERS = 64;

/**
 * A store's own Services, once the operator has reported an endpoint. The hosts are computed and not read from the
 * status, so that whoever can write a status cannot point the data plane anywhere else.
 */
export function ownService(store: KVStore): Endpoint | undefined {
  const { namespace, name } = store.metadata;
  const { endpoint, topology } = store.status ?? {};
  // Before its shards have joined nobody has the slots, and none of them the whole.
  if (!endpoint || (store.spec.shards !== undefined && topology?.mode !== 'Sharded')) return undefined;
  const own = { host: serviceHost(namespace, name), port: REDIS_PORT };
  if (!topology || topology.mode === 'Standalone') return own;
  const length = Math.min(topology.members, MOST_MEMBERS);
  const members = Array.from({ length }, (_, i) => ({ host: memberHost(namespace, name, i), port: REDIS_PORT }));
  return { ...own, topology: { mode: topology.mode, members } };
}

function stateOf(
  store: KVStore,
  holdsProject: boolean,
  endpoint: Endpoint | undefined,
  old: StoreState | undefined,
): StoreState {
  const { metadata, spec, status } = store;
  const { uid, namespace, name } = metadata;
  const ref = { namespace, name };
  const project = claimedProject(store);
  const unavailable = (detail: string, account?: StoreAccount): StoreState => ({
    ref,
    state: 'unavailable',
    detail,
    ...(account && { account }),
  });
  if (!PROJECT_ID_PATTERN.test(project)) return unavailable('the projectId of the store is not valid; see its status');
  if (!holdsProject) {
    return unavailable('the projectId of the store is held by an older store; create the store with another one');
  }
  const account = { project, limits: limitsOf(status?.limits) };
  if (metadata.deletionTimestamp) return unavailable('the store is being deleted', account);
  if (!spec.enabled) return { ref, state: 'hibernated', account };
  if (!endpoint) return unavailable('the store is being set up', account);
  const credentialGeneration = status?.credentialGeneration ?? 1;
  const reads = { cachedReads: spec.reads === 'cached', nearestReads: spec.reads === 'nearest' };
  const anyValues = spec.access?.redis === true || status?.nativeAccessSince !== undefined;
  const restarting = isRestarting(status, old) && ({ restarting: true } as const);
  const where = { uid, namespace, name, ...account, ...endpoint, credentialGeneration };
  const target = { ...where, ...reads, anyValues, ...restarting };
  return { ref, state: 'serving', target, account: target };
}

/** From the operator's word that it restarts Redis until Redis is back, which a start of another cause is not. */
function isRestarting(status: KVStore['status'], old: StoreState | undefined): boolean {
  const progress = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progress?.status !== 'True') return false;
  if (progress.reason === 'Restarting') return true;
  const wasRestarting = old?.state === 'serving' && old.target.restarting === true;
  return wasRestarting && (progress.reason === 'Starting' || progress.reason === 'Loading');
}

function limitsOf(limits: NonNullable<KVStore['status']>['limits'] = {}): Limits {
  const { requestsPerSecond, burst, tokensPerMonth } = limits;
  const nanoTokensPerMonth = tokensPerMonth === undefined ? undefined : parseTokens(tokensPerMonth);
  return {
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    ...(burst !== undefined && { burst }),
    ...(nanoTokensPerMonth !== undefined && { nanoTokensPerMonth }),
  };
}

/** The old state where nothing in it changed, so that connections and accounts are replaced only for a reason. */
function keep(old: StoreState | undefined, state: StoreState): StoreState {
  return isDeepStrictEqual(old, state) && old ? old : state;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
