import type { ApiObject, KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resources.ts';

/** Bounds of one call: it fails when `signal` aborts or after `timeoutMs` (the client's default, 15 s, if absent). */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** Which objects a list or a watch is about; selectors in kubectl's syntax, no namespace for all of them. */
export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** What to list, and how much at once. */
export interface ListOptions extends Selection, CallOptions {
  /** Objects per page; without it the answer is everything at once. */
  limit?: number | undefined;
  /** Where the page before ended. */
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  resourceVersionMatch?: 'NotOlderThan' | 'Exact' | undefined;
}

/** One page of a list and the version from which a watch continues it; `continue` is set while pages remain. */
export interface ObjectList<T extends ApiObject = KubeObject> {
  items: T[];
  resourceVersion: string;
  continue?: string;
}

/** What to watch, from where and for how long. */
export interface WatchOptions extends Selection {
  /** Events after this version; the caller got it from a list, an event or a bookmark. */
  resourceVersion: string;
  /** The server ends the watch after this many seconds. */
  timeoutSeconds: number;
  /** Ends the watch; the iteration then throws the signal's reason. */
  signal: AbortSignal;
}

/** One line of a watch. A BOOKMARK's object carries a `resourceVersion` only. ERROR lines are thrown, as `KubeError`. */
export interface WatchEvent<T extends ApiObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** How to write an object. */
export interface WriteOptions extends CallOptions {
  /** `status`, `scale`, `resize`, …; the main resource if absent. */
  subresource?: string | undefined;
  /** The server validates and answers but stores nothing. */
  dryRun?: boolean | undefined;
  fieldManager?: string | undefined;
  /** Refuse (400) an object with fields that its schema does not have, which are dropped otherwise. */
  strict?: boolean | undefined;
}

/** How to apply an object. */
export interface ApplyOptions extends WriteOptions {
  fieldManager: string;
  /** Take fields over from other managers; without it, theirs are a conflict (409). */
  force?: boolean | undefined;
}

/** How to patch an object. */
export interface PatchOptions extends WriteOptions {
  type: 'merge' | 'json' | 'strategic';
  /** Refuse (409) unless the object is still at this version. Merge and strategic patches only. */
  resourceVersion?: string | undefined;
}

/** How to delete an object, as `metav1.DeleteOptions`. */
export interface DeleteOptions extends CallOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  gracePeriodSeconds?: number | undefined;
  /** Refuse (409) unless the object is the one that the caller saw. */
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
}

/**
 * The Kubernetes API as controllers need it. Every refusal and every failure to reach the server rejects with a
 * `KubeError`, an aborted call with its signal's reason. Nothing is retried but a read on a stale kept-alive connection.
 */
export interface KubeClient {
  /** Reads one object; undefined where there is none. */
  get<T extends ApiObject = KubeObject>(
    resource: Resource,
    key: ObjectKey,
    options?: CallOptions,
  ): Promise<T | undefined>;
  /** Reads one page. */
  list<T extends ApiObject = KubeObject>(resource: Resource, options?: ListOptions): Promise<ObjectList<T>>;
  /** Creates; an object of that name is a conflict of reason AlreadyExists. */
  create<T extends ApiObject = KubeObject>(resource: Resource, object: T, options?: WriteOptions): Promise<T>;
  /** Overwrites; with `metadata.resourceVersion` set only if it is still the stored one. */
  replace<T extends ApiObject = KubeObject>(resource: Resource, object: T, options?: WriteOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends ApiObject = KubeObject>(resource: Resource, object: T, options: ApplyOptions): Promise<T>;
  patch<T extends ApiObject = KubeObject>(
    resource: Resource,
    key: ObjectKey,
    body: unknown,
    options: PatchOptions,
  ): Promise<T>;
  /** Deletes; false where there was nothing to delete. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
  /** Streams changes until the server ends the watch, an error, or `signal`. */
  watch<T extends ApiObject = KubeObject>(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Closes kept-alive connections; the client is of no use afterwards. */
  close(): void;
}
