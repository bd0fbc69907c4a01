import type { Logger } from 'pino';
import type { Attempts } from '../auth/attempts.ts';
import type { StoreIndex } from '../directory/stores.ts';
import type { TokenIndex, TokenRecord } from '../directory/tokens.ts';
import { EMPTY_OBJECT, type JsonObject } from '../json/object.ts';
import { createAudit } from './audit.ts';
import { authenticate, authorize, authorizeReading } from './authenticate.ts';
import { checkBody, checkQuery, hasBody, parseBody, readQuery, requireJson } from './body.ts';
import type { Answer, Call, Request, Services } from './call.ts';
import { ApiError, ERRORS, type ErrorCode, problem, toApiError } from './errors.ts';
import { readKey } from './key.ts';
import { charge, takePermit } from './limits.ts';
import { createMatcher } from './match.ts';
import { type Outcome, requestIdOf } from './observe.ts';
import type { Operation } from './operation.ts';
import { namedProject, requireServing, resolve } from './project.ts';
import type { Tracer } from './trace.ts';

/** All that the pipeline is made of; nothing in it listens, watches or reads files. */
export interface PipelineParts extends Services {
  operations: readonly Operation[];
  log: Logger;
  observe: (outcome: Outcome) => void;
  /** Absent: nothing is traced. */
  tracer?: Tracer | undefined;
  /** Answers ask clients to connect elsewhere while this is true. */
  draining: () => boolean;
  directory: { stores: StoreIndex; tokens: TokenIndex };
  systemNamespace: string;
  /** Absent: failed authentications are not limited. */
  attempts?: Attempts | undefined;
  /** The most bytes of a request body, where the operation does not say otherwise. */
  bodyBytes: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** An answer with all its headers; Content-Length and those of the connection are the transport's. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
  /** To be called once when the answer has left, or when the client has gone without it. */
  done: (delivered: boolean) => void;
}

export type Serve = (request: Request) => Promise<Reply>;

/** The way of every request, whatever transport it came by. `serve` never rejects. */
export function createPipeline(parts: PipelineParts): Serve {
  const { log, observe, tracer, draining, directory, systemNamespace, stores, meter, management, budget, now } = parts;
  const match = createMatcher(parts.operations);
  const audit = createAudit(log);

  return async function serve(request) {
    const started = performance.now();
    const call = {
      request,
      requestId: requestIdOf(request.headers['x-request-id']),
      services: parts,
      span: tracer?.begin(request),
    } as Partial<Call> as Call;
    const headers: Record<string, string> = { 'X-Request-Id': call.requestId, 'Cache-Control': 'no-store' };
    if (draining()) headers.Connection = 'close';
    const found = match(request.method, request.url);
    let code: ErrorCode | undefined;
    let answer: Answer;
    try {
      if (found.found !== 'operation') throw noSuchRoute(found);
      answer = await perform(found.operation, call, found.rawKey, found.query, headers);
      if (found.operation.access === 'kv:read') budget.check(call.token.namespace);
    } catch (error) {
      const apiError = toApiError(error);
      code = apiError.code;
      if (code === 'internal_error') logFailure(call.requestId, error);
      answer = refusal(apiError, call.requestId);
    }
    if (found.found === 'operation' && found.operation.audited) audit(found.operation.id, call, answer.status, code);
    headers['Content-Type'] = answer.type ?? 'application/json';
    if (answer.headers) Object.assign(headers, answer.headers);
    if (!answer.shared) request.hold(answer.body.length, call.token?.namespace);
    const { status } = answer;
    const operation = found.found === 'operation' ? found.operation : undefined;
    const done = (delivered: boolean) => {
      const outcome: Outcome = {
        requestId: call.requestId,
        traceId: call.span?.traceId,
        route: operation?.path ?? 'none',
        operation: operation?.id ?? 'none',
        method: request.method,
        status: delivered ? status : 499,
        code,
        project: call.project,
        charged: call.charged ?? 0,
        milliseconds: performance.now() - started,
      };
      try {
        observe(outcome);
        call.span?.end(outcome);
      } catch (error) {
        // The answer has left, and its connection goes on.
        logFailure(call.requestId, error);
      }
    };
    return { status, headers, body: answer.body, done };
  };

  /** The steps in order; each throws an ApiError where it is not passed. */
  async function perform(
    operation: Operation,
    call: Call,
    rawKey: string | undefined,
    rawQuery: string,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const { request } = call;
    if (operation.access !== 'none') {
      budget.check();
      call.token = authenticate(directory.tokens, request, parts.attempts, now());
      authorize(call.token, operation.access);
      budget.check(call.token.namespace);
    }
    const query = readQuery(rawQuery);
    call.key = rawKey === undefined ? '' : readKey(rawKey);
    const json = operation.body ? await readObject(operation, request, call.token) : EMPTY_OBJECT;
    if (operation.target !== 'none') locate(operation, call, json, query);
    if (call.target && !manages(operation, call.token)) {
      const passed = takePermit(meter, call.target, headers);
      if (passed) await passed;
    }
    call.query = checkQuery(query, operation.query);
    if (operation.body) call.body = { json, fields: operation.read?.(json, call) ?? checkBody(json, operation.body) };
    if (!operation.charge || !call.target) return operation.run(call, {});
    const counts = operation.charge(call);
    const price = counts instanceof Promise ? await counts : counts;
    return charge(meter, call.target, price, headers, call, () => operation.run(call, price));
  }

  async function readObject(operation: Operation, request: Request, token: TokenRecord): Promise<JsonObject> {
    if (!hasBody(request.headers)) return EMPTY_OBJECT;
    requireJson(request.headers);
    const body = request.readBody(operation.bodyBytes ?? parts.bodyBytes, token?.namespace);
    return parseBody(body instanceof Promise ? await body : body, operation.list);
  }

  function locate(operation: Operation, call: Call, json: JsonObject, query: URLSearchParams): void {
    const { token } = call;
    const found = resolve(directory.stores, systemNamespace, token, () => {
      call.named = namedProject(json, query) ?? (manages(operation, token) ? management?.defaultProject : undefined);
      return call.named;
    });
    if (operation.access === 'system:read') authorizeReading(token, found, systemNamespace);
    call.project = found.account?.project;
    if (operation.target === 'store') {
      call.target = requireServing(found);
      const store = stores.open(call.target);
      call.store = call.span?.follow(store) ?? store;
    } else if (found.state === 'serving') call.target = found.target;
    call.reach = found;
  }

  function logFailure(requestId: string, error: unknown): void {
    log.error({ requestId, stack: error instanceof Error ? error.stack : undefined }, 'failed');
  }
}

/** Whether the call is made by right of a role: then the limits of the project are not for it. */
function manages({ access }: Operation, { role }: TokenRecord): boolean {
  return role !== undefined && access.startsWith('system:');
}

function noSuchRoute(found: { found: 'nothing' } | { found: 'other-methods'; allow: readonly string[] }): ApiError {
  if (found.found === 'nothing') return new ApiError('not_found', 'there is no such route; check the path');
  const allow = found.allow.join(', ');
  return new ApiError('method_not_allowed', `this route takes ${allow}`, { headers: { Allow: allow } });
}

function refusal(error: ApiError, requestId: string): Answer {
  return {
    status: ERRORS[error.code].status,
    type: 'application/problem+json',
    headers: error.headers,
    body: problem(error, requestId),
  };
}
