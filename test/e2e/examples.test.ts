import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { apply, condition, eventually, type Manifest, read } from './cluster.ts';
import { createNamespace, request, tokenOf } from './tenant.ts';

const NAMESPACE = 'e2e-examples';
const folder = join(import.meta.dirname, '../../examples');
const kinds = ['PersistentVolumeClaim', 'Secret', 'KVStore', 'KVToken', 'KVBackup', 'KVBackupSchedule', 'Job'];

/** The stores, tokens, backups and jobs of the examples for the namespace of quickstart.yaml, moved into that of this test. */
function manifests(): Manifest[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map((document) => document.toJS() as Manifest & { spec?: Record<string, unknown> })
    .filter(({ kind, metadata }) => kinds.includes(kind) && metadata.namespace === 'quickstart')
    .map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: NAMESPACE },
      // A project is served by one store of the cluster, and that of quickstart.yaml runs already.
      spec: object.kind === 'KVStore' ? { ...object.spec, projectId: undefined } : object.spec,
    }));
}

test('every store of the examples becomes ready with all of its spec accepted, and every token, backup and job works', async (t) => {
  await createNamespace(t, NAMESPACE);
  const objects = manifests();
  await apply(...objects);
  assert.ok(objects.length >= 12);
  const isSettled = (kind: string, seen: Parameters<typeof condition>[0]) => {
    if (kind === 'PersistentVolumeClaim' || kind === 'Secret') return seen !== undefined;
    if (kind === 'Job' || kind === 'KVBackup') return condition(seen, 'Complete')?.status === 'True';
    return seen?.spec.enabled === false
      ? seen.status?.phase === 'Hibernated'
      : condition(seen, 'Ready')?.status === 'True';
  };
  for (const { kind, metadata } of objects) {
    const object = await eventually(`${kind} ${metadata.name}`, 120, async () => {
      const seen = await read(kind, NAMESPACE, metadata.name);
      return isSettled(kind, seen) ? seen : undefined;
    });
    if (kind === 'KVStore') assert.equal(condition(object, 'SpecAccepted')?.status, 'True', metadata.name);
  }

  const [web, worker, reader, key] = await Promise.all(
    ['web-kv', 'worker-kv', 'reader', 'integration'].map((secret) => tokenOf(NAMESPACE, secret)),
  );
  const put = (token: string | undefined, path: string) => request(token ?? '', 'PUT', path, { value: 1 });
  assert.equal((await put(web, '/infra/kv/a')).status, 200);
  assert.equal((await put(worker, '/infra/kv/a')).status, 200);
  assert.match((await put(reader, '/infra/kv/a')).body.detail, /kv:write/);
  assert.equal((await request(reader ?? '', 'GET', '/infra/kv/a')).status, 200);
  assert.equal((await put(key, `/infra/kv/a?project_id=${NAMESPACE}.cached`)).status, 200);
  assert.equal((await put(key, `/infra/kv/a?project_id=${NAMESPACE}.hibernated`)).body.code, 'store_hibernated');
  // What the job wrote by Redis' own protocol.
  const written = await request(key ?? '', 'GET', `/infra/kv/greeting?project_id=${NAMESPACE}.native`);
  assert.equal(written.body.value, 'hello');
});
