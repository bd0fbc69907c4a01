import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import { API_VERSION } from '../../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../../contract/token.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import { resource } from '../../../kube/resources.ts';

const root = join(import.meta.dirname, '../../..');
const stores = resource(API_VERSION, 'KVStore', 'kvstores');
const tokens = resource(API_VERSION, 'KVToken', 'kvtokens');
const crds = resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);

describe('the process, beside a real API server', () => {
  let api: TestApiServer;
  let client: KubeClient;
  let directory: string;
  let url: string;
  let metricsUrl: string;
  let child: ChildProcess;
  let output = '';

  before(async () => {
    api = await startApiServer();
    client = connect({ kubeconfig: api.kubeconfig, userAgent: 'test' });
    for (const file of globSync(join(root, 'crds/*.yaml')))
      await client.create(crds, parse(readFileSync(file, 'utf8')));
    directory = await mkdtemp(join(tmpdir(), 'cubby-dataplane-'));
    child = await run({ drainSeconds: 2 });
    const line = await logged(/"port":(\d+),"metricsPort":(\d+)/);
    url = `http://127.0.0.1:${line[1]}`;
    metricsUrl = `http://127.0.0.1:${line[2]}/metrics`;
    await until('ready', async () => (await fetch(`${url}/readyz`)).status === 200, 15_000);
  });
  after(async () => {
    child.kill('SIGKILL');
    client.close();
    await api.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function run(config: object): Promise<ChildProcess> {
    const [file, key] = [join(directory, 'dataplane.json'), join(directory, 'master-key')];
    await writeFile(key, randomBytes(32).toString('base64'));
    const ports = { host: '127.0.0.1', port: 0, metricsPort: 0 };
    await writeFile(file, JSON.stringify({ ...ports, masterKeyFile: key, storeWaitMs: 100, ...config }));
    const args = [join(root, 'dataplane/main.ts'), '--config', file, '--kubeconfig', api.kubeconfig];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    return started;
  }

  async function logged(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await until(String(pattern), async () => {
      found = pattern.exec(output);
      return found !== null;
    });
    return found as unknown as RegExpExecArray;
  }

  /** Waits for something to hold; how long it took, in ms. */
  async function until(what: string, holds: () => Promise<boolean>, limitMs = 10_000): Promise<number> {
    const start = performance.now();
    while (!(await holds())) {
      if (performance.now() - start > limitMs) throw new Error(`not in ${limitMs} ms: ${what}\n${output}`);
      await sleep(20);
    }
    return performance.now() - start;
  }

  async function issue(name: string): Promise<string> {
    const token = formatToken('Project', randomBytes(TOKEN_RANDOM_BYTES));
    const metadata = { name, namespace: 'default' };
    const spec = { type: 'Project', storeRef: { name: 'main' } };
    await client.create(tokens, { apiVersion: API_VERSION, kind: 'KVToken', metadata, spec });
    const status = { hashes: [hashToken(token)] };
    await client.patch(tokens, metadata, { status }, { type: 'merge', subresource: 'status' });
    return token;
  }

  const codeOf = async (token: string) => {
    const response = await fetch(`${url}/infra/kv/k`, { headers: { authorization: `Bearer ${token}` } });
    return ((await response.json()) as { code: string }).code;
  };

  test('a token is accepted soon after it was issued, and refused within 2 s of being revoked', async () => {
    const token = await issue('brief');
    await until('accepted', async () => (await codeOf(token)) !== 'unauthorized', 2000);
    await client.delete(tokens, { namespace: 'default', name: 'brief' });
    await until('revoked', async () => (await codeOf(token)) === 'unauthorized', 2000);
  });

  test('what the operator reports of a store is followed: absent, set up, hibernated', async () => {
    const token = await issue('follower');
    const key = { namespace: 'default', name: 'main' };
    const detail = async () => {
      const response = await fetch(`${url}/infra/kv/k`, { headers: { authorization: `Bearer ${token}` } });
      return ((await response.json()) as { detail: string }).detail;
    };
    await until('absent', async () => (await detail()).includes('does not exist'));
    const spec = { memory: '64Mi', version: '8.0' };
    await client.create(stores, { apiVersion: API_VERSION, kind: 'KVStore', metadata: key, spec });
    await until('being set up', async () => (await detail()).includes('being set up'));
    const status = { endpoint: { host: 'main-redis.default.svc', port: 6379 }, credentialGeneration: 1 };
    await client.patch(stores, key, { status }, { type: 'merge', subresource: 'status' });
    await until('tried', async () => (await detail()).includes('takes no commands now'));
    await client.patch(stores, key, { spec: { enabled: false } }, { type: 'merge' });
    await until('hibernated', async () => (await codeOf(token)) === 'store_hibernated');
  });

  test('while the API server is away known tokens are accepted and the process is ready; then it catches up', async () => {
    const token = await issue('steady');
    await until('accepted', async () => (await codeOf(token)) !== 'unauthorized');
    const restarted = api.restart(2000);
    await sleep(1000);
    assert.notEqual(await codeOf(token), 'unauthorized');
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    await restarted;
    const later = await issue('later');
    await until('caught up', async () => (await codeOf(later)) !== 'unauthorized', 20_000);
  });

  test('metrics are on a port of their own and tell of requests and of the directory', async () => {
    const text = await (await fetch(metricsUrl)).text();
    assert.match(text, /cubby_directory_synced 1/);
    assert.match(
      text,
      /cubby_http_requests_total\{route="\/infra\/kv\/\{key\}",method="GET",status="401",code="unauthorized"\}/,
    );
    assert.equal((await fetch(metricsUrl.replace('/metrics', '/'))).status, 404);
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
  });

  test('told to stop, it is not ready, serves on while it drains, and ends with 0', async () => {
    const exited = once(child, 'exit');
    const start = performance.now();
    child.kill('SIGTERM');
    await until('not ready', async () => (await fetch(`${url}/readyz`)).status === 503);
    const response = await fetch(`${url}/infra/kv/k`);
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('connection'), 'close');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(performance.now() - start > 1900 && performance.now() - start < 6000);
  });

  test('a wrong configuration ends it with every wrong field named', async () => {
    output = '';
    const wrong = await run({ prot: 1, drainSeconds: -1, logLevel: 'loud' });
    const [code] = await once(wrong, 'exit');
    assert.equal(code, 1);
    for (const field of ['prot', 'drainSeconds', 'logLevel', 'dataplane.json'])
      assert.ok(output.includes(field), output);
  });
});
