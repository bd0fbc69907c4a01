import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createMemoryStore } from '../../../dataplane/store/memory.ts';
import { StoreError } from '../../../dataplane/store/port.ts';
import { startTracing, type Tracing } from '../../../dataplane/tracing/start.ts';
import { type Api, startApi } from './api.ts';
import { listen } from './listen.ts';

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Attribute[];
  status: { code: number };
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

interface Batch {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[];
}

const SERVER = 2;
const CLIENT = 3;
const FAILED = 2;
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

const attributesOf = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

describe('traces, as a receiver of OTLP over HTTP gets them', () => {
  let receiver: Server;
  let tracing: Tracing;
  let api: Api;
  let token: string;
  const bodies: string[] = [];
  let spans: Span[];
  const environment = { ...process.env };

  before(async () => {
    receiver = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      if (req.url === '/v1/traces') bodies.push(body);
      res.setHeader('Content-Type', 'application/json').end('{}');
    });
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${await listen(receiver)}`;
    process.env.OTEL_SERVICE_NAME = 'cubby-under-test';
    tracing = startTracing(process.env, pino({ level: 'silent' }));
    const store = createMemoryStore();
    const broken = () => Promise.reject(new StoreError('unknown', 'the reply was lost'));
    const stores = { open: () => ({ ...store, delete: broken }), close: async () => {} };
    api = await startApi({ stores, tracer: tracing.tracer });
    token = api.tenant('traced');
    await requests();
    await tracing.close();
    spans = bodies.flatMap((body) =>
      (JSON.parse(body) as Batch).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  });
  after(() => {
    process.env = environment;
    api.close();
    receiver.close();
  });

  async function requests(): Promise<void> {
    const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
      const all = { authorization: `Bearer ${token}`, 'x-request-id': `${method}-1`, ...headers };
      const response = await fetch(
        api.url + path,
        body === undefined ? { method, headers: all } : { method, headers: all, body },
      );
      await response.arrayBuffer();
    };
    const json = { 'content-type': 'application/json' };
    const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
    await call('PUT', '/infra/kv/secret-key', { ...json, traceparent }, '{"value":"secret-value"}');
    await call('GET', '/infra/kv/secret-key?project_id=secret-query');
    await call('DELETE', '/infra/kv/secret-key');
    await call('GET', '/nowhere/secret-path', { traceparent: '00-00000000000000000000000000000000-0-01' });
    await call('GET', '/infra/kv/secret-key', { authorization: 'Bearer secret-token' });
    await call('GET', '/infra/kv/unsampled', { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` });
  }

  const requestSpan = (name: string, status: number) => {
    const found = spans.filter(
      (span) => span.name === name && attributesOf(span.attributes)['http.response.status_code'] === status,
    );
    assert.equal(found.length, 1, `${found.length} spans ${name} ${status}`);
    return found[0] as Span;
  };

  test('a request is a span by route, status, code and project, with one of its store command inside', () => {
    const get = requestSpan('GET /infra/kv/{key}', 200);
    assert.equal(get.kind, SERVER);
    assert.deepEqual(attributesOf(get.attributes), {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/infra/kv/{key}',
      'cubby.operation': 'getEntry',
      'cubby.request_id': 'GET-1',
      'cubby.project': 'project-traced',
    });
    const inner = spans.filter(({ parentSpanId }) => parentSpanId === get.spanId);
    assert.deepEqual(
      inner.map(({ name, kind, traceId }) => [name, kind, traceId]),
      [['get', CLIENT, get.traceId]],
    );
    const [command] = inner as [Span];
    assert.deepEqual(attributesOf(command.attributes), { 'db.system.name': 'redis', 'db.operation.name': 'get' });
    assert.ok(BigInt(command.startTimeUnixNano) >= BigInt(get.startTimeUnixNano) - 1_000_000n);
    assert.ok(BigInt(command.endTimeUnixNano) <= BigInt(get.endTimeUnixNano) + 1_000_000n);
  });

  test('a traceparent is gone on from; one that is not valid, or says not to, is respected', () => {
    const put = requestSpan('PUT /infra/kv/{key}', 200);
    assert.deepEqual([put.traceId, put.parentSpanId], [CALLER.traceId, CALLER.spanId]);
    const nowhere = requestSpan('GET', 404);
    assert.match(nowhere.traceId, /^(?!0+$)[0-9a-f]{32}$/);
    assert.ok(!nowhere.parentSpanId);
    assert.ok(!bodies.join('').includes('1'.repeat(32)));
  });

  test('failures are marked: the command by how it failed, the request by its error code', () => {
    const failed = requestSpan('DELETE /infra/kv/{key}', 504);
    assert.equal(failed.status.code, FAILED);
    assert.equal(attributesOf(failed.attributes)['error.type'], 'outcome_unknown');
    const command = spans.find(({ parentSpanId }) => parentSpanId === failed.spanId);
    assert.equal(command?.status.code, FAILED);
    assert.equal(attributesOf(command?.attributes ?? [])['error.type'], 'unknown');
    const refused = requestSpan('GET /infra/kv/{key}', 401);
    assert.notEqual(refused.status.code, FAILED, 'what the client did wrong is no failure of the server');
  });

  test('nothing of keys, values, queries or tokens is in them', () => {
    const all = bodies.join('');
    assert.ok(all.length > 1000);
    assert.ok(!all.includes('secret'), all);
    assert.ok(!all.includes(token));
  });

  test('the service is named by the environment, and log lines carry the trace', () => {
    const [batch] = bodies.map((body) => JSON.parse(body) as Batch);
    const resource = attributesOf(batch?.resourceSpans[0]?.resource.attributes ?? []);
    assert.equal(resource['service.name'], 'cubby-under-test');
    const line = api
      .logged()
      .split('\n')
      .find((text) => text.includes('PUT-1'));
    assert.equal(JSON.parse(line ?? '{}').traceId, CALLER.traceId);
  });
});
