import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ErrorCode } from './errors.ts';
import type { Metrics } from './metrics.ts';

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The id that a request came with where it is a sane one, else a new one. */
export function requestIdOf(inbound: string | string[] | undefined): string {
  return typeof inbound === 'string' && SANE_REQUEST_ID.test(inbound) ? inbound : randomUUID();
}

/** How a request went; logs and metrics are made of it. No field holds a key, a value, a token or a query. */
export interface Outcome {
  requestId: string;
  /** Undefined where nothing is traced. */
  traceId: string | undefined;
  /** Path and id of the operation, `none` where there was no such route. */
  route: string;
  operation: string;
  method: string;
  /** 499 where the client went away before its answer. */
  status: number;
  code: ErrorCode | undefined;
  project: string | undefined;
  /** Nano-tokens. */
  charged: number;
  milliseconds: number;
}

/** Which requests have a line in the log: those that failed, but for what clients live with; or all. */
export type AccessLog = 'errors' | 'all';

/** A miss, a lock that is held, a limit that is reached: they are counted, and may come without end. */
const ORDINARY: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'not_found',
  'conflict',
  'rate_limited',
  'insufficient_tokens',
]);

/** Counts and logs how requests went. */
export function createObserver(log: Logger, metrics: Metrics, accessLog: AccessLog): (outcome: Outcome) => void {
  return (outcome) => {
    const { requestId, traceId, route, operation, method, status, code, project, charged, milliseconds } = outcome;
    metrics.count(route, method, status, code ?? '', milliseconds / 1000);
    if (charged > 0) metrics.countCharge(operation, charged);
    // Without a project it is a source whose authentications fail without end.
    if (code === 'rate_limited' && project !== undefined) metrics.countLimited();
    if (project !== undefined) metrics.countProject(project, status);
    if (accessLog === 'errors' && (status < 400 || ORDINARY.has(code))) return;
    const level = status >= 500 ? 'warn' : 'info';
    log[level]({ requestId, traceId, route, method, status, code, ms: Math.round(milliseconds * 10) / 10, project });
  };
}
