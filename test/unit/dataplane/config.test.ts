import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../../../dataplane/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'cubby-config-'));
after(() => rmSync(directory, { recursive: true }));

function read(text: string) {
  const file = join(directory, 'dataplane.json');
  writeFileSync(file, text);
  return readConfig(file);
}

test('an empty object is a whole configuration, and cannot be changed', () => {
  const config = read('{}');
  assert.equal(config.port, 8080);
  assert.equal(config.storeWaitMs, 2000);
  assert.ok(config.limits.bodyBytes > 262_144, 'the largest value fits into a body');
  assert.throws(() => Object.assign(config, { port: 1 }), TypeError);
});

test('what is set is taken, and the rest keeps its default', () => {
  const config = read('{"port": 1, "limits": {"storeWaiting": 7}}');
  assert.equal(config.port, 1);
  assert.equal(config.limits.storeWaiting, 7);
  assert.equal(config.limits.storeInFlight, 1024);
});

test('every wrong or unknown field is named, with the file', () => {
  assert.throws(
    () => read('{"prot": 1, "drainSeconds": -1, "limits": {"bodyBites": 5}, "logLevel": "loud"}'),
    (error: Error) =>
      ['prot', 'drainSeconds', 'bodyBites', 'logLevel', 'dataplane.json'].every((word) => error.message.includes(word)),
  );
});

test('a budget that the largest body does not fit into is refused', () => {
  assert.throws(
    () => read('{"limits": {"bodyBytes": 4096, "heldBytes": 2048}}'),
    /heldBytes must be at least bodyBytes/,
  );
});

test('management needs a namespace, which must not be the system namespace; absent there is none', () => {
  assert.equal(read('{}').management, undefined);
  assert.deepEqual(read('{"management": {"namespace": "tenants"}}').management, {
    namespace: 'tenants',
    defaultProject: 'default',
    defaultVersion: '8.0',
    defaultMemory: '256Mi',
  });
  assert.throws(() => read('{"management": {}}'), /namespace/);
  assert.throws(() => read('{"management": {"namespace": "cubby-system"}}'), /must not be the system namespace/);
  assert.throws(() => read('{"management": {"namespace": "t", "defaultProject": "a b"}}'), /defaultProject/);
});

test('a file that is absent or no JSON is named', () => {
  assert.throws(() => readConfig('/nonexistent/dataplane.json'), /\/nonexistent\/dataplane\.json/);
  assert.throws(() => read('{'), /dataplane\.json/);
});
