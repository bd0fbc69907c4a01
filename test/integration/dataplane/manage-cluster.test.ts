import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KVStore, KVToken } from '../../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../../contract/token.ts';
import { EditError } from '../../../dataplane/directory/edit.ts';
import { createStoreEditor } from '../../../dataplane/directory/store-editor.ts';
import { type ApiObject, keyOf } from '../../../kube/object.ts';
import {
  createNamespace,
  createStore,
  createToken,
  kvStores,
  kvTokens,
  SYSTEM_NAMESPACE,
  startCluster,
  until,
} from '../operator/world.ts';
import { grant, startProcess } from './manage-process.ts';

const TENANTS = 'cubby-tenants';

const { server, client } = await startCluster();

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of every answer
  json: any;
}

describe('management calls of the process, with the rights that it needs, beside a real API server', () => {
  let folder: string;
  let admin: string;
  const processes: ChildProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cubby-manage-'));
    await createNamespace(client, TENANTS);
    await grant(client, TENANTS);
    await createToken({ client }, SYSTEM_NAMESPACE, { type: 'ApiKey', role: 'SystemAdmin' }, 'admin');
    admin = formatToken('ApiKey', randomBytes(TOKEN_RANDOM_BYTES));
    const status = { hashes: [hashToken(admin)] };
    const key = { namespace: SYSTEM_NAMESPACE, name: 'admin' };
    await client.patch(kvTokens, key, { status }, { type: 'merge', subresource: 'status' });
  });
  after(async () => {
    for (const process of processes) process.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  async function start(name: string, management: object): Promise<string> {
    const files = join(folder, name);
    await mkdir(files);
    const { url, child } = await startProcess(server.kubeconfig, files, management);
    processes.push(child);
    return url;
  }

  async function send(url: string, method: string, path: string, body?: object, token = admin): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}/api/kv/${path}`, init);
    return { status: response.status, json: await response.json() };
  }

  const read = async (name: string) =>
    (await client.get(kvStores, { namespace: TENANTS, name })) as unknown as KVStore & {
      metadata: { managedFields?: { manager: string }[] };
    };

  describe('where it may write', () => {
    let url: string;
    before(async () => {
      url = await start('tenants', { namespace: TENANTS, defaultMemory: '64Mi' });
    });

    test('enable makes the object as asked for, which is shown once the operator has reported of it', async () => {
      const answer = await send(url, 'POST', 'enable', { project_id: 'Shop', max_memory: '128mb' });
      assert.equal(answer.status, 200, JSON.stringify(answer.json));
      const { items } = await client.list<KVStore>(kvStores, { namespace: TENANTS });
      const [store] = items;
      assert.ok(store && items.length === 1);
      assert.match(store.metadata.name, /^shop-[0-9a-f]{8}$/);
      const { projectId, version, memory, enabled, persistence } = store.spec;
      assert.deepEqual([projectId, version, memory, enabled], ['Shop', '8.0', '128Mi', true]);
      assert.deepEqual(persistence, { mode: 'aof', fsync: 'everysec', size: '1Gi' });
      const { managedFields } = (await read(store.metadata.name)).metadata;
      assert.deepEqual(
        managedFields?.map(({ manager }) => manager),
        ['cubby-dataplane'],
      );
      const Ready = { type: 'Ready', status: 'True', reason: 'Serving', message: '', lastTransitionTime: new Date() };
      const status = {
        observedGeneration: 1,
        phase: 'Ready',
        version: '8.0.2',
        image: 'docker.io/library/redis:8.0',
        memory: { used: 1_000_000 },
        conditions: [Ready],
      };
      await client.patch(kvStores, keyOf(store), { status }, { type: 'merge', subresource: 'status' });
      const view = await until('ready', async () => {
        const { json } = await send(url, 'GET', 'status?project_id=Shop');
        return json.healthy && json;
      });
      const { message, reason } = Ready;
      const condition = { type: 'Ready', status: 'True', reason, message };
      assert.deepEqual(view, {
        enabled: true,
        healthy: true,
        version: '8.0.2',
        docker_image: 'docker.io/library/redis:8.0',
        project_id: 'Shop',
        phase: 'Ready',
        max_memory: '128mb',
        used_memory: 1_000_000,
        persistence: true,
        keys: null,
        namespace: TENANTS,
        name: store.metadata.name,
        manageable: true,
        reads: 'primary',
        topology: { mode: 'Standalone', members: 1 },
        members: [],
        restore: null,
        plan: null,
        limits: null,
        conditions: [{ ...condition, last_transition_time: view.conditions[0].last_transition_time }],
        requested: { version: '8.0', docker_image: null, max_memory: '128mb', persistence: true, enabled: true },
      });
    });

    test('a token is made with its hash alone, works when the operator accepts it, and is gone when it is revoked', async () => {
      await send(url, 'POST', 'enable', { project_id: 'shop' });
      const asked = send(url, 'POST', 'tokens', { project_id: 'shop', name: 'web', ttl: 3600 });
      const key = { namespace: TENANTS, name: 'web' };
      const object = await until('made', () => client.get<KVToken>(kvTokens, key));
      const status = { hashes: [object.spec.issued?.sha256], lastFour: object.spec.issued?.lastFour };
      await client.patch(kvTokens, key, { status }, { type: 'merge', subresource: 'status' });
      const made = await asked;
      assert.equal(made.status, 200, JSON.stringify(made.json));
      const { value, token } = made.json;
      assert.deepEqual([token.state, object.spec.storeRef?.name], ['active', 'shop']);
      assert.deepEqual(status, { hashes: [hashToken(value)], lastFour: value.slice(-4) });
      assert.equal((await send(url, 'GET', 'status', undefined, value)).json.project_id, 'shop');
      assert.deepEqual((await send(url, 'GET', 'tokens?project_id=shop')).json.tokens, [token]);
      const taken = await send(url, 'POST', 'tokens', { project_id: 'shop', name: 'web' });
      assert.deepEqual([taken.status, taken.json.code], [409, 'conflict']);
      const revoked = await send(url, 'DELETE', 'tokens/web?project_id=shop');
      assert.equal(revoked.status, 200, JSON.stringify(revoked.json));
      await until('refused', async () => (await send(url, 'GET', 'status', undefined, value)).status === 401);
      assert.equal(await client.get(kvTokens, key), undefined);
      assert.equal((await send(url, 'DELETE', 'tokens/web?project_id=shop')).status, 404);
    });

    test('a project is listed while its store is there', async () => {
      const ids = async () => {
        const { json } = await send(url, 'GET', 'projects');
        return json.projects.map(({ project_id }: { project_id: string }) => project_id);
      };
      await send(url, 'POST', 'enable', { project_id: 'passing' });
      await until('listed', async () => (await ids()).includes('passing'));
      await client.delete(kvStores, { namespace: TENANTS, name: 'passing' });
      await until('not listed', async () => !(await ids()).includes('passing'));
    });

    test('disable and enable write spec.enabled alone, and update what was asked for', async () => {
      await send(url, 'POST', 'enable', {});
      const { uid } = (await read('default')).metadata;
      assert.equal((await send(url, 'DELETE', 'disable')).status, 200);
      assert.equal((await read('default')).spec.enabled, false);
      assert.equal((await send(url, 'PATCH', 'update', { max_memory: '32mb' })).status, 404);
      assert.equal((await send(url, 'POST', 'enable')).status, 200);
      assert.equal((await send(url, 'PATCH', 'update', { docker_image: 'redis:7.4' })).status, 200);
      assert.equal((await read('default')).spec.image, 'redis:7.4');
      assert.equal((await send(url, 'PATCH', 'update', { version: '7.0' })).status, 200);
      const { metadata, spec } = await read('default');
      assert.deepEqual([spec.enabled, spec.image, spec.version, spec.memory], [true, undefined, '7.0', '64Mi']);
      assert.equal(metadata.uid, uid);
    });

    test('what the rules of the schema refuse is 400 with the field and the reason, and nothing is written', async () => {
      await send(url, 'POST', 'enable', { project_id: 'ruled' });
      const { metadata } = await read('ruled');
      for (const [body, detail] of [
        [{ max_memory: '1mb' }, /spec\.memory.*at least 16Mi/],
        [{ docker_image: 'Not An Image' }, /spec\.image.*image reference/],
        [{ persistence: false }, /spec\.persistence.*cannot change to or from none/],
      ] as const) {
        for (const [method, path] of [
          ['PATCH', 'update'],
          ['POST', 'enable'],
        ] as const) {
          const { status, json } = await send(url, method, path, { project_id: 'ruled', ...body });
          assert.deepEqual([status, json.code], [400, 'bad_request'], json.detail);
          assert.match(json.detail, detail);
        }
      }
      assert.equal((await read('ruled')).metadata.resourceVersion, metadata.resourceVersion);
      const { status } = await send(url, 'POST', 'enable', { project_id: 'tiny', max_memory: '1mb' });
      assert.deepEqual([status, await read('tiny')], [400, undefined]);
    });

    test('a write gets through while the operator writes the status all the time', async () => {
      await send(url, 'POST', 'enable', { project_id: 'noisy' });
      let noisy = true;
      const noise = (async () => {
        for (let used = 0; noisy; used++) {
          const status = { memory: { used } };
          const options = { type: 'merge', subresource: 'status' } as const;
          await client.patch(kvStores, { namespace: TENANTS, name: 'noisy' }, { status }, options);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      for (const memory of ['32mb', '48mb', '64mb']) {
        const { status, json } = await send(url, 'PATCH', 'update', { project_id: 'noisy', max_memory: memory });
        assert.deepEqual([status, json.status?.max_memory], [200, memory], json.detail);
      }
      noisy = false;
      await noise;
    });

    test('a store of another namespace is not written, and whoever manages is told where it is', async () => {
      await createNamespace(client, 'elsewhere');
      const store = await createStore({ client }, 'elsewhere', { projectId: 'far' });
      const answer = await until('told', async () => {
        const found = await send(url, 'PATCH', 'update', { project_id: 'far', max_memory: '64mb' });
        return found.status === 403 && found;
      });
      assert.match(answer.json.detail, /namespace elsewhere/);
      const after = await client.get(kvStores, keyOf(store as ApiObject));
      assert.equal(after?.metadata.resourceVersion, store.metadata.resourceVersion);
    });

    test('while the API server is away writing is 503 and status goes on; then both work again', async () => {
      const restarted = server.restart(3000);
      await until('away', async () => {
        const { status, json } = await send(url, 'PATCH', 'update', { project_id: 'noisy', max_memory: '32mb' });
        return status === 503 && json.code === 'store_unavailable';
      });
      assert.equal((await send(url, 'GET', 'status?project_id=noisy')).json.enabled, true);
      await restarted;
      await until('back', async () => {
        const { status } = await send(url, 'PATCH', 'update', { project_id: 'noisy', max_memory: '32mb' });
        return status === 200;
      });
    });
  });

  test('where it may not write, enable is 403 with the namespace and the remedy', async () => {
    await createNamespace(client, 'not-granted');
    const url = await start('refused', { namespace: 'not-granted' });
    const { status, json } = await send(url, 'POST', 'enable', { project_id: 'unwritten' });
    assert.deepEqual([status, json.code], [403, 'forbidden']);
    assert.match(json.detail, /not-granted.*dataplane\.management/);
    await createStore({ client }, 'not-granted', { projectId: 'present' }, 'present');
    const refused = await until('told', async () => {
      const answer = await send(url, 'POST', 'tokens', { project_id: 'present' });
      return answer.status !== 404 && answer;
    });
    assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden']);
    assert.match(refused.json.detail, /KVTokens.*not-granted.*dataplane\.management/);
  });

  test('the editor tells a namespace that is not there, and a store that is gone, from what may be tried again', async () => {
    const isFailure = (failure: string) => (error: unknown) => error instanceof EditError && error.failure === failure;
    const spec = { version: '8.0' };
    await assert.rejects(createStoreEditor(client, 'nowhere').create('a', spec), isFailure('unavailable'));
    const editor = createStoreEditor(client, TENANTS);
    assert.equal(await editor.get('never'), undefined);
    const made = await editor.create('short', spec);
    await assert.rejects(editor.create('short', spec), isFailure('raced'));
    await client.delete(kvStores, { namespace: TENANTS, name: 'short' });
    await assert.rejects(editor.patch(made, { enabled: false }), isFailure('raced'));
  });
});
