export type Scope = 'kv:read' | 'kv:write';

/** What a token may do; `project_id` is null for an API key, which is bound to none. */
export interface TokenScopes {
  scopes: Scope[];
  /** `sk_live_`, `dt_` and `tk_` in this order. */
  type: 'Project' | 'Deployment' | 'ApiKey';
  role: 'SystemAdmin' | 'SystemRead' | null;
  project_id: string | null;
  expires_at: string | null;
}

export type Phase = 'Pending' | 'Progressing' | 'Ready' | 'Degraded' | 'Hibernated';

/** A condition of the KVStore, as Kubernetes has them. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  last_transition_time: string;
}

/** How the store of a project is; everything but `enabled` and `healthy` is null where there is none. */
export interface StoreStatus {
  enabled: boolean;
  healthy: boolean;
  version: string | null;
  docker_image: string | null;
  project_id: string | null;
  phase: Phase | null;
  /** In Redis' units, such as `256mb`. */
  max_memory: string | null;
  /** Bytes. */
  used_memory: number | null;
  persistence: boolean | null;
  keys: number | null;
  namespace: string | null;
  name: string | null;
  /** Whether this token may change the store over the API. */
  manageable: boolean;
  reads: 'primary' | 'cached' | 'nearest' | null;
  /** What the store is made of now: one Redis, a primary with replicas, or a Redis Cluster. */
  topology: { mode: 'Standalone' | 'Replicated' | 'Sharded'; members: number } | null;
  /** The Redis pods of a store that has several. */
  members: StoreMember[];
  /** The restore that was last begun. */
  restore: StoreRestore | null;
  plan: string | null;
  limits: StoreLimits | null;
  conditions: Condition[];
  /** What the spec asks for, which differs from what runs while a change is under way. */
  requested: StoreRequest | null;
}

/** One Redis pod; `linked` and `lag_bytes` are of a replica, `slots` of a shard. */
export interface StoreMember {
  name: string;
  /** Null while it does not answer. */
  role: 'Primary' | 'Replica' | 'Shard' | null;
  ready: boolean;
  node: string | null;
  linked: boolean | null;
  lag_bytes: number | null;
  slots: number | null;
}

/** How far a restore is. `Failed` has left the data as it was; `message` says why. */
export interface StoreRestore {
  phase: 'Fetching' | 'Swapping' | 'Loading' | 'Completed' | 'Failed';
  keys: number | null;
  expected_keys: number | null;
  sha256: string | null;
  bytes: number | null;
  finished_at: string | null;
  message: string | null;
}

/** `tokens_per_month` is a decimal number as text. */
export interface StoreLimits {
  requests_per_second: number | null;
  burst: number | null;
  tokens_per_month: string | null;
}

export interface StoreRequest {
  version: string | null;
  docker_image: string | null;
  max_memory: string;
  persistence: boolean;
  enabled: boolean;
}

/** What a management call that changed a store answers. */
export interface StoreEdited {
  success: true;
  message: string;
  status: StoreStatus;
}

/** What a management call answers that has nothing else to show. */
export interface Done {
  success: true;
  message: string;
}

/** A project that the token reaches. */
export interface Project {
  project_id: string;
  namespace: string;
  name: string;
  phase: Phase | null;
  enabled: boolean;
  version: string | null;
  manageable: boolean;
}

/** A page of projects, sorted by `project_id`; `next_cursor` is null on the last one. */
export interface ProjectPage {
  projects: Project[];
  next_cursor: string | null;
}

/** The Redis versions of the installation's catalogue; `default` is that of a new store, null where there is none. */
export interface Versions {
  versions: string[];
  default: string | null;
}

export type PricedOperation = 'get' | 'set' | 'delete' | 'increment' | 'scan';

/** What a project has used this month (UTC); amounts of tokens are decimal numbers as text. */
export interface Usage {
  project_id: string;
  period: { start: string; end: string };
  /** Null where the project has no budget, as is `remaining`. */
  budget: string | null;
  used: string;
  remaining: string | null;
  operations: Record<PricedOperation, { count: number; tokens: string }>;
}

/** What a project has used over time, oldest point first, gaps filled with zeros; the last point still grows. */
export interface UsageHistory {
  project_id: string;
  period: 'day' | 'month';
  resolution: 'hour' | 'day';
  points: UsagePoint[];
}

/** `operations` are counts; `tokens` is a decimal number as text. */
export interface UsagePoint {
  start: string;
  tokens: string;
  operations: Record<PricedOperation, number>;
}

/** A token of a project, without its text. */
export interface Token {
  name: string;
  type: 'Project' | 'Deployment';
  prefix: string;
  last_four: string | null;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  rotates_at: string | null;
  state: 'active' | 'pending' | 'expired' | 'refused';
  message: string | null;
  secret_name: string | null;
  revocable: boolean;
}

/** A token that was made just now: `value` is shown in this answer and nowhere else. */
export interface TokenCreated {
  success: true;
  message: string;
  token: Token;
  value: string;
}
