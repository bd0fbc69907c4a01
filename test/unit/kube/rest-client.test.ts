import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubeClient, WatchOptions } from '../../../kube/client.ts';
import { isConflict, isGone, isTransient, KubeError } from '../../../kube/errors.ts';
import { configMaps, nodes, secrets } from '../../../kube/resources.ts';
import { createRestClient } from '../../../kube/rest-client.ts';
import { createTransport } from '../../../kube/transport.ts';
import { eventually } from '../../integration/eventually.ts';

const token = 'a-very-secret-token';
let answer: (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;
let requests: { line: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
let client: KubeClient;
let answers: string[] = [];
let connections = 0;

const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    answer(request, response, body);
  });
});
server.on('connection', () => connections++);

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u', token });
  client = createRestClient(createTransport(config, 'tester/1'), {
    timeoutMs: 1000,
    onAnswer: ({ verb, resource, status }) => answers.push(`${verb} ${resource} ${status}`),
  });
});

beforeEach(() => {
  requests = [];
  answers = [];
  connections = 0;
  answer = (_, response) => response.end('{}');
});

after(() => {
  client.close();
  server.close();
  server.closeAllConnections();
});

const key = { namespace: 'ns', name: 'a' };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key };
const refuse = (status: number, body: object, headers = {}) => {
  answer = (_, response) => response.writeHead(status, headers).end(JSON.stringify(body));
};
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('succeeded'),
    (error) => error,
  );

test('each verb is the request that the API defines', async () => {
  await client.get(configMaps, key);
  await client.list(nodes, { labelSelector: 'a=b,c', limit: 5 }).catch(() => {});
  await client.create(configMaps, object, { dryRun: true });
  await client.replace(configMaps, object, { subresource: 'status' });
  await client.apply(configMaps, object, { fieldManager: 'm', force: true });
  await client.patch(configMaps, key, { data: {} }, { type: 'merge', resourceVersion: '7' });
  await client.delete(configMaps, key, { preconditions: { uid: 'u' }, propagationPolicy: 'Foreground' });
  const path = '/api/v1/namespaces/ns/configmaps';
  assert.deepEqual(
    requests.map(({ line }) => line),
    [
      `GET ${path}/a`,
      'GET /api/v1/nodes?labelSelector=a%3Db%2Cc&limit=5',
      `POST ${path}?dryRun=All`,
      `PUT ${path}/a/status`,
      `PATCH ${path}/a?fieldManager=m&force=true`,
      `PATCH ${path}/a`,
      `DELETE ${path}/a`,
    ],
  );
  const [, , create, , apply, patch, remove] = requests;
  assert.equal(create?.headers['content-type'], 'application/json');
  assert.equal(apply?.headers['content-type'], 'application/apply-patch+yaml');
  assert.equal(patch?.headers['content-type'], 'application/merge-patch+json');
  assert.equal(patch?.body, '{"data":{},"metadata":{"resourceVersion":"7"}}');
  assert.equal(remove?.body, '{"preconditions":{"uid":"u"},"propagationPolicy":"Foreground"}');
  assert.equal(apply?.headers.authorization, `Bearer ${token}`);
  assert.equal(apply?.headers['user-agent'], 'tester/1');
});

test('every answer is told of with what was asked and its status, refusals and watches too', async () => {
  answer = (_, response) => response.end('{"metadata":{"resourceVersion":"1"}}');
  await client.get(configMaps, key);
  await client.list(configMaps);
  await client.create(configMaps, object);
  await client.replace(configMaps, object);
  await client.apply(configMaps, object, { fieldManager: 'm' });
  await client.patch(configMaps, key, {}, { type: 'merge', subresource: 'status' });
  refuse(404, {});
  await client.delete(configMaps, key);
  answer = (_, response) => response.end();
  const { signal } = new AbortController();
  for await (const _ of client.watch(configMaps, { resourceVersion: '1', timeoutSeconds: 1, signal })) assert.fail();
  assert.deepEqual(answers, [
    'get configmaps 200',
    'list configmaps 200',
    'create configmaps 200',
    'update configmaps 200',
    'apply configmaps 200',
    'patch configmaps/status 200',
    'delete configmaps 404',
    'watch configmaps 200',
  ]);
});

test('calls one after the other share one connection', async () => {
  for (let i = 0; i < 20; i++) await client.get(configMaps, key);
  assert.ok(connections <= 1, `${connections} connections`);
});

test('a read on a connection that the server has just closed is repeated on a new one', async () => {
  await client.get(configMaps, key);
  let cut = 0;
  answer = (request, response) => (cut++ === 0 ? request.socket.destroy() : response.end('{}'));
  assert.deepEqual(await client.get(configMaps, key), {});
  assert.equal(cut, 2);
});

test('a write whose connection breaks is never repeated', async () => {
  await client.get(configMaps, key);
  requests = [];
  answer = (request) => request.socket.destroy();
  const error = await failure(client.create(configMaps, object));
  assert.ok(isTransient(error) && error.reason === 'Unreachable', String(error));
  assert.equal(requests.length, 1);
});

test('what is not there is undefined to get and false to delete', async () => {
  refuse(404, { reason: 'NotFound', message: 'no' });
  assert.equal(await client.get(configMaps, key), undefined);
  assert.equal(await client.delete(configMaps, key), false);
});

test('a refusal carries status, reason, fields and the time to wait', async () => {
  refuse(
    409,
    { reason: 'Conflict', message: 'modified', details: { causes: [{ field: '.data' }] } },
    { 'retry-after': '3' },
  );
  const error = await failure(client.replace(configMaps, object));
  assert.ok(isConflict(error));
  assert.deepEqual([error.retryAfterSeconds, error.fields, error.message], [3, ['.data'], 'modified']);
});

test('an answer that is no Status, of whoever stands in between, is an error all the same', async () => {
  answer = (_, response) => response.writeHead(502).end('<html>bad gateway</html>');
  const error = await failure(client.get(configMaps, key));
  assert.ok(isTransient(error) && error.status === 502, String(error));
});

test('neither token nor Secret value is in any error', async () => {
  const secret = { ...object, kind: 'Secret', data: { x: 'aHVzaA==' } };
  const quoting = { reason: 'Invalid', message: 'bad value "aHVzaA=="', details: { causes: [{ field: 'data[x]' }] } };
  const errors: unknown[] = [];
  for (const status of [400, 422, 500]) {
    refuse(status, quoting);
    errors.push(await failure(client.create(secrets, secret)));
  }
  answer = (_, response) => response.end('aHVzaA== is not JSON');
  errors.push(await failure(client.get(secrets, key)));
  answer = (request) => request.socket.destroy();
  errors.push(await failure(client.create(secrets, secret)));
  for (const error of errors) {
    assert.ok(error instanceof KubeError);
    const shown = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join();
    assert.doesNotMatch(shown, /aHVza|a-very-secret-token/);
  }
  assert.match(String(errors[1]), /Secret refused with status 422 \(Invalid\) at data\[x\]/);
});

test('a call without an answer, or with half of one, ends at its time limit', async () => {
  for (const respond of [() => {}, (response: http.ServerResponse) => response.write('{"a":')]) {
    answer = (_, response) => respond(response);
    const start = performance.now();
    const error = await failure(client.get(configMaps, key, { timeoutMs: 100 }));
    assert.ok(isTransient(error) && error.reason === 'Timeout', String(error));
    assert.ok(performance.now() - start < 500);
  }
});

test("an aborted call ends with its signal's reason", async () => {
  answer = () => {};
  const controller = new AbortController();
  const call = client.get(configMaps, key, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 50);
  assert.match(String(await failure(call)), /enough/);
  assert.match(String(await failure(client.get(configMaps, key, { signal: controller.signal }))), /enough/);
});

test('the items of a list say what they are', async () => {
  refuse(200, { metadata: { resourceVersion: '5', continue: 'next' }, items: [{ metadata: { name: 'a' } }] });
  const page = await client.list(configMaps);
  assert.deepEqual(page, {
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }],
    resourceVersion: '5',
    continue: 'next',
  });
});

async function readWatch(signal = new AbortController().signal): Promise<string[]> {
  const options: WatchOptions = { namespace: 'ns', resourceVersion: '1', timeoutSeconds: 9, signal };
  const seen: string[] = [];
  for await (const { type, object } of client.watch(configMaps, options)) seen.push(`${type} ${object.metadata.name}`);
  return seen;
}

const line = (type: string, name: string) => `${JSON.stringify({ type, object: { metadata: { name } } })}\n`;

test('a watch asks for bookmarks and an end, and puts together lines that come in pieces', async () => {
  const text = `${line('ADDED', 'a')}${line('MODIFIED', 'ü')}{"type":"DELE`;
  answer = async (_, response) => {
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
  assert.deepEqual(await readWatch(), ['ADDED a', 'MODIFIED ü']);
  assert.match(requests[0]?.line ?? '', /resourceVersion=1&timeoutSeconds=9&watch=true&allowWatchBookmarks=true/);
});

test('an ERROR line of a watch is thrown as what it says', async () => {
  const status = { code: 410, reason: 'Expired', message: 'too old' };
  answer = (_, response) => response.end(`${line('ADDED', 'a')}${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  assert.ok(isGone(await failure(readWatch())));
});

test('a watch that breaks off is unreachable, one that is aborted closes its connection', async () => {
  answer = (request, response) => response.write(line('ADDED', 'a'), () => request.socket.destroy());
  assert.ok(isTransient(await failure(readWatch())));
  let closed = false;
  answer = (_, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.write(line('ADDED', 'a'));
  };
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 50);
  assert.match(String(await failure(readWatch(controller.signal))), /enough/);
  await eventually('the server sees the end', 1000, () => closed);
});

test('watches do not take the connections of calls', async () => {
  answer = (request, response) => {
    if (request.url?.includes('watch=true')) response.write(line('ADDED', 'a'));
    else response.end('{}');
  };
  const controller = new AbortController();
  const watches = Array.from({ length: 100 }, () => failure(readWatch(controller.signal)));
  await eventually('all watches are open', 2000, () => requests.length === 100);
  assert.deepEqual(await client.get(configMaps, key), {});
  controller.abort(new Error('enough'));
  await Promise.all(watches);
});

test('credentials are asked for once for many calls, and again after they could not be had', async () => {
  const config = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u', token });
  const original = config.applyToHTTPSOptions.bind(config);
  let asked = 0;
  config.applyToHTTPSOptions = (options) => (++asked === 1 ? Promise.reject(new Error('not yet')) : original(options));
  const transport = createTransport(config, 'tester/1');
  const many = createRestClient(transport);
  await assert.rejects(many.get(configMaps, key), { reason: 'Unreachable' });
  await Promise.all([many.get(configMaps, key), many.get(configMaps, key), many.get(configMaps, key)]);
  assert.equal(asked, 2);
  assert.ok(requests.every(({ headers }) => headers.authorization === `Bearer ${token}`));
  many.close();
});
