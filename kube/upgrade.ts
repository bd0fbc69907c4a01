import { KubeError } from './errors.ts';

/** A connection that the API server hands over to a pod; what of a WebSocket is used. */
export interface Tunnel {
  addEventListener(event: 'close', listener: () => void): void;
  close(): void;
}

/** A call that the API server answers by handing the connection over. */
export interface UpgradeCall {
  /** In words, for the message: `exec in pod shop/main-redis-0`. */
  what: string;
  /** The right that it takes, as in a Role: `pods/exec`. */
  resource: string;
  namespace: string;
}

/**
 * The `KubeError` for a hand-over that failed. The server's own words do not come through a failed WebSocket, so the
 * status is all there is, and the right that it takes is named here.
 */
export function upgradeFailure(error: unknown, { what, resource, namespace }: UpgradeCall): KubeError {
  const text = (error as { message?: unknown } | undefined)?.message;
  const message = typeof text === 'string' ? text : 'the connection could not be opened';
  const status = Number(/Unexpected server response: (\d+)/.exec(message)?.[1] ?? 0);
  if (status === 403 || status === 401) {
    const right = `it takes the verbs get and create on ${resource} in the namespace ${namespace}`;
    return new KubeError({ status, reason: 'Forbidden', message: `${what} is refused: ${right}` });
  }
  if (status === 404) return new KubeError({ status, reason: 'NotFound', message: `${what}: there is no such pod` });
  return new KubeError({ status, reason: 'Unreachable', message: `${what} failed: ${message}` });
}
