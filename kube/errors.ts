/** What a {@link KubeError} is built from. */
export interface KubeFailure {
  /** The HTTP status; 0 where no answer came. */
  status: number;
  /** The API's machine-readable reason (`Conflict`, `Invalid`, …), or `Unreachable` and `Timeout` of ours at status 0. */
  reason: string;
  message: string;
  retryAfterSeconds?: number | undefined;
  /** The fields that a 422 or 409 is about, as JSON paths. */
  fields?: readonly string[] | undefined;
  cause?: unknown;
}

/** The API server refused, or did not answer. Carries no request body and no credential. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly string[];

  constructor(failure: KubeFailure) {
    super(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.status = failure.status;
    this.reason = failure.reason;
    this.retryAfterSeconds = failure.retryAfterSeconds;
    this.fields = failure.fields ?? [];
  }
}

const is = (error: unknown, test: (error: KubeError) => boolean): error is KubeError =>
  error instanceof KubeError && test(error);

/** Another writer was first, or owns a field that an unforced apply wants. */
export const isConflict = (error: unknown): error is KubeError =>
  is(error, (e) => e.status === 409 && e.reason !== 'AlreadyExists');
/** An object of that name exists. */
export const isAlreadyExists = (error: unknown): error is KubeError => is(error, (e) => e.reason === 'AlreadyExists');
/** The namespace is on its way out and takes nothing new; NamespaceLifecycle's words, since its cause has no field. */
export const isNamespaceEnding = (error: unknown): error is KubeError =>
  is(error, (e) => e.status === 403 && e.message.includes('because it is being terminated'));
/** There is no such object, or no such resource. */
export const isNotFound = (error: unknown): error is KubeError => is(error, (e) => e.status === 404);
/** The resource version is too old to list or watch from. */
export const isGone = (error: unknown): error is KubeError =>
  is(error, (e) => e.status === 410 || e.reason === 'Expired');
/** The API server will refuse this very object every time: by its schema, its CEL rules or an immutable field. */
export const isInvalid = (error: unknown): error is KubeError => is(error, (e) => e.status === 422 || e.status === 400);
/** The credentials are good but do not allow this: RBAC, or an admission plugin. */
export const isForbidden = (error: unknown): error is KubeError => is(error, (e) => e.status === 403);
/** Repeating the call later may succeed with nothing changed: no answer, overload, or a server's own fault. */
export const isTransient = (error: unknown): error is KubeError =>
  is(error, (e) => e.status === 0 || e.status === 408 || e.status === 429 || e.status >= 500);
