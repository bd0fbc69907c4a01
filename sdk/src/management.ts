import { type BackupCalls, createBackupCalls } from './backups.ts';
import { segmentOf } from './connection.ts';
import type { CallOptions, ClientOptions } from './options.ts';
import { type Call, createSend } from './request.ts';
import type { BackupPlace } from './wire-backups.ts';
import type {
  Done,
  ProjectPage,
  Scope,
  StoreEdited,
  StoreStatus,
  Token,
  TokenCreated,
  TokenScopes,
  Usage,
  UsageHistory,
  Versions,
} from './wire-management.ts';

/** In place of the client's project. */
export interface ProjectChoice {
  projectId?: string | number | undefined;
}

/** What a store is to be; what is absent stays as it is, or is the installation's default. */
export interface StoreWish extends ProjectChoice {
  version?: string | undefined;
  dockerImage?: string | undefined;
  /** In Redis' units, such as `256mb`. */
  maxMemory?: string | undefined;
  persistence?: boolean | undefined;
}

/** `limit` is 1 to 1000 projects on a page, 100 where absent; `cursor` is `next_cursor` of the page before. */
export interface ProjectsOptions extends CallOptions {
  prefix?: string | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

/** A token to be made: by default a project key for reading and writing, with a name of its own, that never expires. */
export interface TokenWish extends ProjectChoice {
  type?: 'Project' | 'Deployment' | undefined;
  scopes?: readonly Scope[] | undefined;
  name?: string | undefined;
  /** Seconds until it expires. */
  ttl?: number | undefined;
}

/** What to restore: a backup by its name, or an object that was made elsewhere. */
export interface RestoreWish extends ProjectChoice {
  backup?: string | undefined;
  object?: string | undefined;
  /** Where `object` is; where the backups of the store go if absent. */
  place?: BackupPlace | undefined;
  /** Confirms that the data that the store has may be replaced. */
  overwriteData?: boolean | undefined;
}

/** The calls about stores, tokens and usage rather than keys. They reject with CubbyError; the API's answers are given as they are. */
export interface ManagementClient {
  /** What the client's own token may do. */
  scopes(options?: CallOptions): Promise<TokenScopes>;
  /** A page of the projects that the token reaches. */
  projects(options?: ProjectsOptions): Promise<ProjectPage>;
  versions(options?: CallOptions): Promise<Versions>;
  status(projectId?: string | number, options?: CallOptions): Promise<StoreStatus>;
  /** Makes the store of a project, or wakes it with its data; may be repeated. */
  enable(wish?: StoreWish, options?: CallOptions): Promise<StoreEdited>;
  update(wish: StoreWish, options?: CallOptions): Promise<StoreEdited>;
  /** Hibernates the store, which keeps its data. */
  disable(projectId?: string | number, options?: CallOptions): Promise<Done>;
  /** Begins a restore, into a new store where the project has none; `status` tells how far it is. */
  restore(wish: RestoreWish, options?: CallOptions): Promise<StoreEdited>;
  /** Asks that a replica becomes the primary; the members of `status` tell when. */
  failover(projectId?: string | number, options?: CallOptions): Promise<Done>;
  usage(projectId?: string | number, options?: CallOptions): Promise<Usage>;
  /** The last 24 hours, hour by hour, or with `period: 'month'` the last 31 days, day by day. */
  usageHistory(which?: ProjectChoice & { period?: 'day' | 'month' }, options?: CallOptions): Promise<UsageHistory>;
  tokens: {
    list(projectId?: string | number, options?: CallOptions): Promise<{ tokens: Token[] }>;
    /** Makes a token; its text is in this answer and nowhere else. */
    create(wish?: TokenWish, options?: CallOptions): Promise<TokenCreated>;
    revoke(name: string, projectId?: string | number, options?: CallOptions): Promise<Done>;
  };
  backups: BackupCalls;
}

/** A client of the management calls. Throws a TypeError for a token or a base URL that cannot be used. */
export function createManagementClient(options: ClientOptions): ManagementClient {
  const send = createSend(options);
  const ask = async <T>(call: Omit<Call, 'options'>, callOptions: CallOptions | undefined) =>
    (await send<T>({ ...call, options: callOptions })).json;
  const read = <T>(path: string, query: NonNullable<Call['query']>, options: CallOptions | undefined) =>
    ask<T>({ method: 'GET', path, query, safety: 'read' }, options);
  const of = (projectId: string | number | undefined) => (projectId === undefined ? {} : { project_id: projectId });
  const ofNone = { project_id: undefined };

  return {
    scopes: (options) => read('/core/tokens/me/scopes', {}, options),
    projects({ prefix, cursor, limit, ...options } = {}) {
      return read('/api/kv/projects', { ...ofNone, prefix, cursor, limit }, options);
    },
    versions: (options) => read('/api/kv/versions', ofNone, options),
    status: (projectId, options) => read('/api/kv/status', of(projectId), options),
    enable: (wish = {}, options) =>
      ask({ method: 'POST', path: '/api/kv/enable', ...edit(wish), safety: 'write' }, options),
    update: (wish, options) =>
      ask({ method: 'PATCH', path: '/api/kv/update', ...edit(wish), safety: 'write' }, options),
    disable: (projectId, options) =>
      ask({ method: 'DELETE', path: '/api/kv/disable', query: of(projectId), safety: 'write' }, options),
    restore({ projectId, backup, object, place, overwriteData }, options) {
      const body = JSON.stringify({ backup, object, place, overwrite_data: overwriteData });
      return ask({ method: 'POST', path: '/api/kv/restore', query: of(projectId), body, safety: 'write' }, options);
    },
    failover: (projectId, options) =>
      ask({ method: 'POST', path: '/api/kv/failover', query: of(projectId), safety: 'write' }, options),
    usage: (projectId, options) => read('/api/kv/usage', of(projectId), options),
    usageHistory: ({ projectId, period } = {}, options) =>
      read('/api/kv/usage/history', { ...of(projectId), period }, options),
    tokens: {
      list: (projectId, options) => read('/api/kv/tokens', of(projectId), options),
      create({ projectId, type, scopes, name, ttl } = {}, options) {
        const body = JSON.stringify({ type, scopes, name, ttl });
        return ask({ method: 'POST', path: '/api/kv/tokens', query: of(projectId), body, safety: 'write' }, options);
      },
      async revoke(name, projectId, options) {
        const path = `/api/kv/tokens/${segmentOf(name)}`;
        return ask({ method: 'DELETE', path, query: of(projectId), safety: 'write' }, options);
      },
    },
    backups: createBackupCalls(ask),
  };

  function edit({ projectId, version, dockerImage, maxMemory, persistence }: StoreWish) {
    const body = JSON.stringify({ version, docker_image: dockerImage, max_memory: maxMemory, persistence });
    return { query: of(projectId), body };
  }
}
