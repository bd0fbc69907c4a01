import assert from 'node:assert/strict';
import { execFileSync, type StdioOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { createProgress } from '../../cluster/progress.ts';
import type { RunOptions } from '../integration/cli/cubby.ts';
import { kubectl, read } from './cluster.ts';
import { type Installed, installCubby } from './cubby.ts';
import { kubeconfig, url } from './environment.ts';
import { createTenant } from './tenant.ts';

const NAMESPACE = 'e2e-cli';

const { kubectl: kubectlProgram } = await ensureBinaries(['kubectl'], createProgress(console.error));

const hasFish = spawnSync('fish', ['--version']).status === 0;

let installed: Installed;
const cleanups: (() => unknown)[] = [];
before(async () => {
  installed = await installCubby();
  await createTenant({ after: (cleanup) => void cleanups.push(cleanup as () => unknown) }, NAMESPACE);
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
  installed.remove();
});

/** The environment in which the installed programs are found. */
const environment = () => ({
  ...process.env,
  KUBECONFIG: kubeconfig,
  PATH: [installed.bin, dirname(process.execPath), process.env.PATH].join(delimiter),
});

const cubby = (args: readonly string[], options: RunOptions & { as?: string } = {}) =>
  installed.run(['--namespace', NAMESPACE, ...args], options);

/** What a run prints that ends well. */
async function prints(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cubby(args);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('what a store is like', () => {
  test('stores and status tell it, with keys and usage by a port-forward', async () => {
    await prints('set', 'told', '1');
    // It answers before all that it is made of is in place.
    const settled = ['--for=condition=Progressing=False', '--timeout=60s'];
    await kubectl('wait', 'kvstore/main', '-n', NAMESPACE, ...settled);
    assert.match(
      await prints('stores', '-o', 'wide'),
      /^NAME .*\nmain +Ready +7\.0\.\d+ .* e2e-cli\.main .*redis:7\.0/,
    );
    const status = JSON.parse(await prints('status', 'main', '-o', 'json'));
    assert.equal(status.phase, 'Ready');
    assert.ok(status.keys >= 1, String(status.keys));
    assert.ok(status.usage.operations.set.count >= 1);
    assert.ok(status.events.length > 0);
    const text = await prints('status');
    assert.match(text, /^main in e2e-cli: Ready\n/);
    assert.match(text, /✓ answers requests for \d+[sm]/);
    assert.match(text, /memory +\d.* of 32\.0 MiB/);
  });

  test('top shows memory, keys and operations per second', async () => {
    const { stores } = JSON.parse(await prints('top', '-o', 'json', '--interval', '1s'));
    assert.equal(stores[0].name, 'main');
    assert.ok(stores[0].memory.limit === 32 * 2 ** 20 && stores[0].keys >= 1);
    assert.equal(typeof stores[0].operationsPerSecond, 'number');
    assert.match(await prints('top', '--once'), /^NAMESPACE +NAME +PHASE +MEMORY +USED +KEYS +OPS\/S\n/);
  });

  test('logs prints as many lines as asked', async () => {
    assert.equal((await prints('logs', 'main', '--tail', '2')).trim().split('\n').length, 2);
    const { code, stderr } = await cubby(['logs', 'main', '--previous']);
    assert.deepEqual([code, /no earlier run/.test(stderr)], [3, true]);
  });
});

describe('keys and values', () => {
  test('they are written and read with nothing but a kubeconfig', async () => {
    assert.equal(await prints('set', 'greeting', '{"big":9007199254740993}', '--ttl', '1h'), 'OK\n');
    assert.equal(await prints('get', 'greeting'), '{"big":9007199254740993}\n');
    assert.match(await prints('ttl', 'greeting'), /^3[56]\d\d\n$/);
    await prints('set', 'n', '41');
    assert.equal(await prints('incr', 'n'), '42\n');
    await prints('expire', 'n', '1m');
    assert.match(await prints('scan', 'gree'), /^greeting\n$/);
    assert.equal(await prints('del', 'greeting', 'n', 'none'), '2\n');
    assert.equal((await cubby(['get', 'greeting'])).code, 3);
  });

  test('an address and a token do without a cluster', async () => {
    const secret = await read('secret', NAMESPACE, 'web');
    const bearer = Buffer.from(secret.data.token, 'base64').toString();
    const env = { CUBBY_URL: url, CUBBY_TOKEN: bearer, KUBECONFIG: '/nonexistent' };
    assert.equal((await installed.run(['set', 'direct', 'yes'], { env })).code, 0);
    assert.equal((await installed.run(['get', 'direct'], { env })).stdout, 'yes\n');
  });

  test('it is a plugin of kubectl, and kubectl completes it', async () => {
    const options = { env: environment(), encoding: 'utf8', stdio: 'pipe' } as const;
    const run = (...args: string[]) => execFileSync(kubectlProgram, args, options);
    run('cubby', 'set', 'plugged', 'in', '-n', NAMESPACE);
    assert.equal(run('cubby', 'get', 'plugged', '-n', NAMESPACE), 'in\n');
    assert.match(run('cubby', '--help'), /^Usage: kubectl cubby COMMAND/);
    assert.match(run('__complete', 'cubby', 'upg'), /^upgrade\t.*\n:4\n/);
    assert.match(run('__complete', 'cubby', '-n', NAMESPACE, 'status', ''), /^main\tstore\n:4\n/);
  });

  test('bash completes commands, stores and options', () => {
    const complete = (line: string) => {
      const script = `source <(cubby completion bash)
        COMP_LINE=$1 COMP_POINT=\${#1}
        _cubby cubby && printf '%s\\n' "\${COMPREPLY[@]}"`;
      const args = ['--norc', '-c', script, 'bash', line];
      const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
      return execFileSync('bash', args, { env: environment(), encoding: 'utf8', stdio }).trim().split('\n');
    };
    assert.deepEqual(complete('cubby upg'), ['upgrade']);
    assert.deepEqual(complete('cubby token r'), ['rotate', 'revoke']);
    assert.deepEqual(complete(`cubby -n ${NAMESPACE} status `), ['main']);
    assert.deepEqual(complete('cubby set a b --if'), ['--if-not-exists']);
  });

  test('fish completes as well', { skip: hasFish ? false : 'fish is not installed' }, () => {
    const script = `cubby completion fish | source; complete -C 'cubby token ro'; complete -C 'cubby -n ${NAMESPACE} status '`;
    const printed = execFileSync('fish', ['--no-config', '-c', script], { env: environment(), encoding: 'utf8' });
    assert.match(printed, /^rotate\t.*\n\s*main\tstore\n/);
  });
});

describe('changes', () => {
  test('an upgrade is told step by step, and a downgrade refused with its reason', async () => {
    await prints('set', 'kept', 'yes');
    const { code, stdout, stderr } = await cubby(['upgrade', 'main', '8.0']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /from 7\.0\.\d+ to 8\.0\n/);
    assert.match(stderr, /\d+s {2}(Checking|Saving|Restarting|Starting): /);
    assert.match(stdout, /^main runs 8\.0\.\d+\n$/);
    assert.equal(await prints('get', 'kept'), 'yes\n');

    const back = await cubby(['upgrade', 'main', '7.0']);
    assert.equal(back.code, 1);
    assert.match(back.stderr, /DowngradeRefused: /);
    assert.match(await prints('status'), /✗ has not taken over a part of its spec for \d+s\n {2}DowngradeRefused/);
    assert.equal((await cubby(['upgrade', 'main', '8.0'])).code, 0);
  });

  test('a store is stopped and woken with its data, and tells what to do meanwhile', async () => {
    await prints('set', 'asleep', 'kept');
    assert.match(await prints('disable', 'main'), /stopped, its data kept/);
    const asleep = await cubby(['get', 'asleep']);
    assert.deepEqual([asleep.code, /wake it with: cubby enable/.test(asleep.stderr)], [5, true]);
    assert.match(await prints('status'), /· is stopped on request/);
    assert.equal((await cubby(['logs', 'main'])).code, 3);
    assert.equal((await cubby(['redis-cli', 'main', '--', 'ping'])).code, 5);
    assert.match(await prints('enable', 'main'), /^main answers/);
    assert.equal(await prints('get', 'asleep'), 'kept\n');
  });

  test('a store is made, and a version that is not there is refused', async () => {
    const { code, stderr } = await cubby(['create', 'second', '--version', '1.0', '--memory', '32Mi']);
    assert.deepEqual([code, /VersionUnknown: /.test(stderr)], [1, true]);
    assert.match((await cubby(['upgrade', 'second', '8.0'])).stdout, /^second runs 8\.0/);
    assert.equal((await cubby(['create', 'second', '--version', '8.0'])).code, 7);
    const which = await cubby(['get', 'a']);
    assert.deepEqual([which.code, /has main, second: which one/.test(which.stderr)], [2, true]);
    await kubectl('delete', 'kvstore', 'second', '-n', NAMESPACE);
  });
});

describe('tokens and rights', () => {
  test('a token is made, used, replaced and revoked, and the replaced one goes on working', async () => {
    const { stdout: first } = await cubby(['token', 'create', 'ci', '--expires', '1h', '--show', '--store', 'main']);
    const use = (bearer: string) => installed.run(['get', 'told'], { env: { CUBBY_URL: url, CUBBY_TOKEN: bearer } });
    assert.equal((await use(first)).stdout, '1\n');
    const { code, stdout: second, stderr } = await cubby(['token', 'rotate', 'ci', '--show']);
    assert.equal(code, 0, stderr);
    assert.deepEqual([(await use(first)).code, (await use(second)).code], [0, 0]);
    assert.match(
      await prints('token', 'list'),
      /^NAME .*\nci +Project +main +kv:read,kv:write +sk_live_…\w{4} +accepted +in \d+m/,
    );
    await prints('token', 'revoke', 'ci');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.deepEqual([(await use(first)).code, (await use(second)).code], [4, 4]);
  });

  test('what is not allowed names the right and the remedy', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'cubby-cli-'));
    t.after(() => rmSync(directory, { recursive: true }));
    await kubectl('create', 'serviceaccount', 'viewer', '-n', NAMESPACE);
    await kubectl(
      'create',
      'rolebinding',
      'viewer',
      '--clusterrole=view',
      `--serviceaccount=${NAMESPACE}:viewer`,
      '-n',
      NAMESPACE,
    );
    const config = JSON.parse(await kubectl('config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'));
    config.users[0].user = { token: await kubectl('create', 'token', 'viewer', '-n', NAMESPACE) };
    const file = join(directory, 'kubeconfig');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const env = { KUBECONFIG: file };

    const status = await cubby(['status'], { env });
    assert.deepEqual(
      [status.code, /note: keys and usage are not shown: .*get on secrets/.test(status.stderr)],
      [0, true],
    );
    const refused: [string[], RegExp][] = [
      [
        ['get', 'told'],
        /Secret web, which you may not read\n {2}ask for the verb get on secrets in the namespace e2e-cli/,
      ],
      [
        ['stores', '-A'],
        /cannot list resource "kvstores".*\n {2}leave out -A, or ask for that right in all namespaces/,
      ],
      [['disable', 'main'], /cannot patch resource "kvstores"/],
      [['token', 'create', 'x'], /cannot create resource "kvtokens"/],
      [['redis-cli', 'main', '--', 'ping'], /cannot patch resource "kvstores"/],
    ];
    for (const [args, words] of refused) {
      const { code, stderr } = await cubby(args, { env });
      assert.equal(code, 4, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, words);
    }
    const secret = await read('secret', NAMESPACE, 'web');
    const bearer = Buffer.from(secret.data.token, 'base64').toString();
    const forward = await cubby(['get', 'told'], { env: { ...env, CUBBY_TOKEN: bearer } });
    assert.equal(forward.code, 4);
    assert.match(forward.stderr, /list on pods and get and create on pods\/portforward in the namespace cubby-system/);
  });
});

describe('redis-cli', () => {
  const annotation = async () => (await read('kvstore', NAMESPACE, 'main')).metadata.annotations?.['cubby.dev/shell'];
  const shell = (args: readonly string[], options: RunOptions = {}) => cubby(['redis-cli', 'main', ...args], options);

  test('a command is run as the user shell, whose time is over with it', async () => {
    const { code, stdout, stderr } = await shell(['--', 'acl', 'whoami']);
    assert.deepEqual([code, stdout], [0, 'shell\n'], stderr);
    assert.equal(await annotation(), undefined);
  });

  test('commands are read from standard input', async () => {
    const { code, stdout } = await shell([], { input: 'dbsize\nping\n' });
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\nPONG\n$/);
  });

  test('all of a large output comes, also to a slow reader', async () => {
    const value = 'x'.repeat(250_000);
    assert.equal((await cubby(['set', 'large', '-'], { input: value })).code, 0);
    const pipe = `cubby -n ${NAMESPACE} redis-cli main -- get large | (sleep 2; wc -c)`;
    const printed = execFileSync('bash', ['--norc', '-o', 'pipefail', '-c', pipe], {
      env: environment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal(Number(printed), value.length + 3);
  });

  test('Ctrl-C ends it and takes the access away', async () => {
    const { code, stderr } = await shell(['--', '-r', '100', '-i', '1', 'ping'], { interruptAt: /PONG/ });
    assert.equal(code, 130, stderr);
    assert.equal(await annotation(), undefined);
  });

  test('a second one is refused while another is open, and takes its place by --force', async () => {
    const until = new Date(Date.now() + 600_000).toISOString();
    await kubectl('annotate', 'kvstore', 'main', '-n', NAMESPACE, `cubby.dev/shell=${'0'.repeat(64)}:${until}`);
    const second = await shell(['--', 'ping']);
    assert.equal(second.code, 7);
    assert.match(second.stderr, /somebody has a redis-cli open on main, until .*\n {2}.*--force/);
    const taken = await shell(['--force', '--', 'ping']);
    assert.deepEqual([taken.code, taken.stdout], [0, 'PONG\n'], taken.stderr);
    assert.equal(await annotation(), undefined);
  });
});
