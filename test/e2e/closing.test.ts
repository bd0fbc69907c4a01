import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeInstallation } from '../../cluster/closing.ts';
import { run } from '../../cluster/command.ts';
import { kubeconfig, url } from './environment.ts';
import { request, tokenOf } from './tenant.ts';

const root = join(import.meta.dirname, '../..');
const text = describeInstallation(url, kubeconfig, 1000);

test('every command that `npm start` prints at its end runs as it stands, and shows what is said of it', async () => {
  const script = text
    .split('\n')
    .filter((line) => /^ {2}(?!Dashboard|API|Kubeconfig)/.test(line))
    .join('\n');
  assert.ok(existsSync(join(root, '.cluster/bin/cubby')), 'npm start links no cubby');
  const output = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: root });
  const [project, admin, ...values] = output.trim().split('\n');
  assert.match(project ?? '', /^sk_live_/);
  assert.match(admin ?? '', /^tk_/);
  assert.match(values.join('\n'), /"greeting":"hello".*"greeting": ?"hello"/s);
});

test('the address of the dashboard that it prints answers with a page', async () => {
  const [, address = ''] = /Dashboard +(\S+)/.exec(text) ?? [];
  const answer = await fetch(address);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
});

test('the admin key reads keys and the status of every project, and may manage', async () => {
  const key = await tokenOf('cubby-system', 'admin-key');
  const value = await request(key, 'GET', '/infra/kv/quickstart?project_id=quickstart');
  assert.equal(value.body.value.greeting, 'hello');
  assert.equal((await request(key, 'GET', '/api/kv/status?project_id=quickstart')).body.enabled, true);
  const scopes = await request(key, 'GET', '/core/tokens/me/scopes');
  assert.equal(scopes.body.role, 'SystemAdmin');
});
