import type { Logger } from 'pino';
import type { Attempts } from '../auth/attempts.ts';
import type { TokenRecord } from '../directory/tokens.ts';
import { EMPTY_OBJECT, type JsonObject } from '../json/object.ts';
import type { Counts } from '../metering/port.ts';
import { createAudit } from './audit.ts';
import { authenticate, authorize, authorizeReading } from './authenticate.ts';
import { checkBody, checkQuery, hasBody, parseBody, readQuery, requireJson } from './body.ts';
import type { Answer, Call, Request, Services } from './call.ts';
import { discard } from './discard.ts';
import { mayBeDurable, requireDurability } from './durability.ts';
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
  /** Absent: failed authentications are not limited. */
  attempts?: Attempts | undefined;
  /** The most bytes of a request body, where the operation does not say otherwise. */
  bodyBytes: number;
}

/** An answer with all its headers; Content-Length and those of the connection are the transport's. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
  /** To be called once when the answer has left, or when the client has gone without it. */
  done: (delivered: boolean) => void;
}

/** Neither throws nor rejects; a promise only where something has to be waited for. */
export type Serve = (request: Request) => Reply | Promise<Reply>;

/** A request that is being served. */
interface Passage {
  started: number;
  call: Call;
  /** Those of the answer. */
  headers: Record<string, string>;
  operation: Operation | undefined;
}

/** The way of every request, whatever transport it came by. */
export function createPipeline(parts: PipelineParts): Serve {
  const { log, observe, tracer, draining, directory, systemNamespace, stores, meter, management, budget, now } = parts;
  const match = createMatcher(parts.operations);
  const audit = createAudit(log);

  return function serve(request) {
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
    const operation = found.found === 'operation' ? found.operation : undefined;
    const passage: Passage = { started, call, headers, operation };
    try {
      if (found.found !== 'operation') throw noSuchRoute(found);
      const answer = perform(found.operation, call, found.rawKey, found.query, headers);
      if (!(answer instanceof Promise)) return reply(passage, answer, undefined);
      return answer.then((late) => reply(passage, late, undefined)).catch((error: unknown) => refuse(passage, error));
    } catch (error) {
      return refuse(passage, error);
    }
  };

  function refuse(passage: Passage, error: unknown): Reply {
    const { requestId } = passage.call;
    const apiError = toApiError(error);
    if (apiError.code === 'internal_error') logFailure(requestId, error);
    return reply(passage, refusal(apiError, requestId), apiError.code);
  }

  function reply({ started, call, headers, operation }: Passage, answer: Answer, code: ErrorCode | undefined): Reply {
    const { request } = call;
    if (operation?.audited) audit(operation.id, call, answer.status, code);
    headers['Content-Type'] = answer.type ?? 'application/json';
    if (answer.headers) Object.assign(headers, answer.headers);
    if (!answer.shared) request.hold(answer.body.length, call.token?.namespace);
    const { status } = answer;
    const done = (delivered: boolean) => {
      // Not the request's body: a store that answers before it has read all keeps the write of it under way, and would be
      // sent whatever comes to stand in that memory.
      if (delivered && !answer.shared) discard(answer.body);
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
  }

  /** The steps in order; each throws an ApiError where it is not passed. First those up to the body. */
  function perform(
    operation: Operation,
    call: Call,
    rawKey: string | undefined,
    rawQuery: string,
    headers: Record<string, string>,
  ): Answer | Promise<Answer> {
    const { request } = call;
    if (operation.access !== 'none') {
      budget.check();
      call.token = authenticate(directory.tokens, request, parts.attempts, now());
      authorize(call.token, operation.access);
      budget.check(call.token.namespace);
    }
    const query = readQuery(rawQuery);
    call.key = rawKey === undefined ? '' : readKey(rawKey);
    const json = operation.body ? readObject(operation, call) : EMPTY_OBJECT;
    if (json instanceof Promise) return json.then((late) => enter(operation, call, late, query, headers));
    return enter(operation, call, json, query, headers);
  }

  /** The steps about the project, up to its rate limit. */
  function enter(
    operation: Operation,
    call: Call,
    json: JsonObject,
    query: URLSearchParams,
    headers: Record<string, string>,
  ): Answer | Promise<Answer> {
    if (operation.target !== 'none') locate(operation, call, json, query);
    if (call.target && !manages(operation, call.token)) {
      const passed = takePermit(meter, call.target, headers);
      if (passed) return passed.then(() => run(operation, call, json, query, headers));
    }
    return run(operation, call, json, query, headers);
  }

  /** The steps of the operation itself. */
  function run(
    operation: Operation,
    call: Call,
    json: JsonObject,
    query: URLSearchParams,
    headers: Record<string, string>,
  ): Answer | Promise<Answer> {
    call.query = checkQuery(query, operation.query);
    if (operation.body) call.body = { json, fields: operation.read?.(json, call) ?? checkBody(json, operation.body) };
    const { target } = call;
    if (!operation.charge || !target) return operation.run(call, {});
    const counts = operation.charge(call);
    const paid = (price: Counts) => charge(meter, target, price, headers, call, () => operation.run(call, price));
    return counts instanceof Promise ? counts.then(paid) : paid(counts);
  }

  function readObject(operation: Operation, call: Call): JsonObject | Promise<JsonObject> {
    const { request, token } = call;
    if (!hasBody(request.headers)) return EMPTY_OBJECT;
    requireJson(request.headers);
    const body = request.readBody(operation.bodyBytes ?? parts.bodyBytes, token?.namespace);
    return body instanceof Promise
      ? body.then((late) => parseBody(late, operation.list))
      : parseBody(body, operation.list);
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
      const { 'x-durability': durability } = call.request.headers;
      const opened = stores.open(call.target);
      const isDurable = durability !== undefined && mayBeDurable(operation);
      const store = isDurable ? requireDurability(opened, call.target, durability) : opened;
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
