import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type {
  CallOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { isNotFound, KubeError } from './errors.ts';
import { readLines } from './lines.ts';
import type { ApiObject } from './object.ts';
import { keyOf } from './object.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { failureFromStatus, failureOf, type Status } from './status.ts';
import type { Exchange, Transport } from './transport.ts';
import { pathOf, type Query } from './urls.ts';

interface Call extends Omit<Exchange, 'signal' | 'path' | 'body'> {
  resource: Resource;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
  query?: Query;
  body?: unknown;
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};
/** YAML by name, and JSON is YAML: the only content type that every supported server takes for server-side apply. */
const applyType = 'application/apply-patch+yaml';

/** A call that the server answered, refusals included; for metrics. */
export interface Answered {
  verb: Verb;
  /** Lower-case plural of the kind, with the subresource behind a slash. */
  resource: string;
  /** The HTTP status. */
  status: number;
}

/** What is asked of the API server, as RBAC and its audit log call it, but that apply stands for itself. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'apply' | 'patch' | 'delete';

export interface RestOptions {
  /** Bounds calls that set no limit of their own (default 15 s); watches have none. */
  timeoutMs?: number | undefined;
  /** Told of every answer as it begins. */
  onAnswer?: ((answered: Answered) => void) | undefined;
}

/** The client port over a transport. */
export function createRestClient(transport: Transport, options: RestOptions = {}): KubeClient {
  const { timeoutMs = 15_000, onAnswer = () => {} } = options;

  async function open(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    const { resource, method, contentType, stream } = call;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const response = await transport.open({ method, path: pathOf(call), body, contentType, stream, signal });
    const status = response.statusCode ?? 0;
    const { plural } = resource;
    onAnswer({ verb: verbOf(call), resource: call.subresource ? `${plural}/${call.subresource}` : plural, status });
    if (status < 300) return response;
    throw failureOf(resource, status, response.headers['retry-after'], await readBody(response, signal));
  }

  async function perform<T>(call: Call, options: CallOptions = {}): Promise<T> {
    const limitMs = options.timeoutMs ?? timeoutMs;
    return withinTime(`${call.method} ${pathOf(call)}`, limitMs, options.signal, async (signal) => {
      const response = await open(call, signal);
      return parseJson(await readBody(response, signal)) as T;
    });
  }

  const write = (options: WriteOptions = {}): Pick<Call, 'subresource' | 'query'> => ({
    subresource: options.subresource,
    query: {
      fieldManager: options.fieldManager,
      dryRun: options.dryRun ? 'All' : undefined,
      fieldValidation: options.strict ? 'Strict' : undefined,
    },
  });

  return {
    async get(resource, key, options) {
      try {
        return await perform({ method: 'GET', resource, ...key }, options);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async list<T extends ApiObject>(resource: Resource, options: ListOptions = {}): Promise<ObjectList<T>> {
      const { namespace, signal, timeoutMs: limitMs, ...query } = options;
      type Answer = { metadata: { resourceVersion: string; continue?: string }; items: T[] | null };
      const call: Call = { method: 'GET', resource, namespace, query };
      const answer = await perform<Answer>(call, { signal, timeoutMs: limitMs });
      const { resourceVersion, continue: next } = answer.metadata;
      // The items of a list leave out what they are; a single object and a watched one carry it.
      const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
      const items = (answer.items ?? []).map((item) => ({ ...type, ...item }));
      return next ? { items, resourceVersion, continue: next } : { items, resourceVersion };
    },
    create(resource, object, options) {
      const { namespace } = object.metadata;
      return perform({ method: 'POST', resource, namespace, body: object, ...write(options) }, options);
    },
    replace(resource, object, options) {
      return perform({ method: 'PUT', resource, ...keyOf(object), body: object, ...write(options) }, options);
    },
    apply(resource, object, options) {
      const call: Call = { method: 'PATCH', resource, ...keyOf(object), body: object, ...write(options) };
      const query = { ...call.query, force: options.force ? 'true' : undefined };
      return perform({ ...call, contentType: applyType, query }, options);
    },
    patch(resource, key, body, options) {
      const { type, resourceVersion } = options;
      const guarded = resourceVersion ? withResourceVersion(body, resourceVersion) : body;
      const call: Call = { method: 'PATCH', resource, ...key, body: guarded, ...write(options) };
      return perform({ ...call, contentType: patchTypes[type] }, options);
    },
    async delete(resource, key, options = {}) {
      const { signal, timeoutMs: limitMs, ...body } = options;
      try {
        await perform({ method: 'DELETE', resource, ...key, body }, { signal, timeoutMs: limitMs });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
    async *watch<T extends ApiObject>(resource: Resource, options: WatchOptions) {
      const { namespace, signal, ...selection } = options;
      const query = { ...selection, watch: 'true', allowWatchBookmarks: 'true' };
      const response = await open({ method: 'GET', resource, namespace, query, stream: true }, signal);
      for await (const line of readLines(response, signal)) yield parseEvent<T>(resource, line);
    },
    close: () => transport.close(),
  };
}

const WRITES = { POST: 'create', PUT: 'update', DELETE: 'delete' } as const;

function verbOf({ method, name, stream, contentType }: Call): Verb {
  if (method === 'GET') return stream ? 'watch' : name ? 'get' : 'list';
  if (method === 'PATCH') return contentType === applyType ? 'apply' : 'patch';
  return WRITES[method];
}

function withResourceVersion(body: unknown, resourceVersion: string): unknown {
  const object = body as { metadata?: object };
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

async function readBody(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  try {
    return await text(response);
  } catch (error) {
    signal.throwIfAborted();
    throw new KubeError({
      status: 0,
      reason: 'Unreachable',
      message: "the API server's answer broke off",
      cause: error,
    });
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The parser's message quotes the text, which may be a Secret.
    throw new KubeError({
      status: 0,
      reason: 'Unreachable',
      message: "what answers in the API server's place speaks no JSON",
    });
  }
}

function parseEvent<T extends ApiObject>(resource: Resource, line: string): WatchEvent<T> {
  const event = parseJson(line) as { type: string; object: Status & { code?: number } };
  if (event.type === 'ERROR') throw failureFromStatus(resource, event.object.code ?? 500, event.object);
  return event as unknown as WatchEvent<T>;
}

/** Runs under a signal that aborts with the caller's, or with a `KubeError` of reason Timeout when time is up. */
async function withinTime<T>(
  what: string,
  limitMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const message = `${what} got no complete answer within ${limitMs} ms`;
  const expire = () => controller.abort(new KubeError({ status: 0, reason: 'Timeout', message }));
  const timer = setTimeout(expire, limitMs);
  const abort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', abort, { once: true });
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}
