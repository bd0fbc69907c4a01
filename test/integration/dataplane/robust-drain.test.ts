import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import { API_VERSION } from '../../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../../contract/token.ts';
import { connect } from '../../../kube/config.ts';
import { resource } from '../../../kube/resources.ts';
import { eventually } from '../eventually.ts';
import { listen } from './listen.ts';

const root = join(import.meta.dirname, '../../..');
const DRAIN_SECONDS = 2;
/** How often the balancer looks which processes are ready. */
const PROBE_MS = 200;

/** One running data plane. */
interface Replica {
  port: number;
  ready: boolean;
  process: ChildProcess;
}

/** What is sent and how often it was not answered as it should be. */
interface Tally {
  answered: number;
  failures: string[];
}

describe('processes that are told to stop', { timeout: 240_000 }, () => {
  let api: TestApiServer;
  let directory: string;
  let token: string;
  let replicas: Replica[];

  before(async () => {
    api = await startApiServer();
    const client = connect({ kubeconfig: api.kubeconfig, userAgent: 'test' });
    const crds = resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);
    for (const file of globSync(join(root, 'crds/*.yaml'))) {
      await client.create(crds, parse(readFileSync(file, 'utf8')));
    }
    token = formatToken('Project', randomBytes(TOKEN_RANDOM_BYTES));
    const tokens = resource(API_VERSION, 'KVToken', 'kvtokens');
    const metadata = { name: 'web', namespace: 'default' };
    const spec = { type: 'Project', storeRef: { name: 'main' } };
    const created = async () => client.create(tokens, { apiVersion: API_VERSION, kind: 'KVToken', metadata, spec });
    await eventually('the kind is served', 30_000, () =>
      created().then(
        () => true,
        () => false,
      ),
    );
    await client.patch(
      tokens,
      metadata,
      { status: { hashes: [hashToken(token)] } },
      { type: 'merge', subresource: 'status' },
    );
    client.close();
    directory = await mkdtemp(join(tmpdir(), 'cubby-drain-'));
    await writeFile(join(directory, 'master-key'), randomBytes(32).toString('base64'));
    replicas = await Promise.all([start(), start()]);
  });
  after(async () => {
    for (const replica of replicas ?? []) replica.process.kill('SIGKILL');
    await api.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(env: NodeJS.ProcessEnv = {}): Promise<Replica> {
    const file = join(directory, `${randomBytes(4).toString('hex')}.json`);
    const config = { host: '127.0.0.1', port: 0, metricsPort: 0, drainSeconds: DRAIN_SECONDS };
    await writeFile(file, JSON.stringify({ ...config, masterKeyFile: join(directory, 'master-key') }));
    const args = [join(root, 'dataplane/main.ts'), '--config', file, '--kubeconfig', api.kubeconfig];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    await eventually('listening', 30_000, async () => /"port":\d+/.test(output));
    const replica = { port: Number(/"port":(\d+)/.exec(output)?.[1]), ready: false, process: child };
    await eventually('ready', 30_000, () => isReady(replica.port));
    return { ...replica, ready: true };
  }

  async function isReady(port: number): Promise<boolean> {
    return fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } }).then(
      (response) => response.ok,
      () => false,
    );
  }

  let turn = 0;

  /** A connection to a process that is ready, as a balancer of connections gives them; they stay with that process. */
  function dial(): Socket {
    const ready = replicas.filter((replica) => replica.ready);
    const port = ready[turn++ % ready.length]?.port ?? 0;
    return connectTcp({ port, host: '127.0.0.1', noDelay: true });
  }

  function agentOf(keepAlive: boolean): Agent {
    const agent = new Agent({ keepAlive, ...(keepAlive ? { maxSockets: 4 } : {}) });
    agent.createConnection = dial;
    return agent;
  }

  /** Sends requests of one kind until told to stop. */
  function load(pauseMs: number, send: () => Promise<void>) {
    const tally: Tally = { answered: 0, failures: [] };
    const running = new Set<Promise<void>>();
    const timer = setInterval(() => {
      const one = send().then(
        () => void tally.answered++,
        (error: Error) => void tally.failures.push(`${error.message} after ${tally.answered}`),
      );
      running.add(one);
      void one.finally(() => running.delete(one));
    }, pauseMs);
    return async () => {
      clearInterval(timer);
      await Promise.all(running);
      return tally;
    };
  }

  /** A request that is answered at once. */
  function quick(agent: Agent): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const sent = request({ agent, path: '/core/tokens/me/scopes', headers }, (response) => {
        response
          .resume()
          .on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))));
        response.on('error', reject);
      });
      sent.on('error', reject).end();
    });
  }

  /** A request whose body takes half a second. There is no store, which is not what is tested: the answer says so. */
  function slow(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = dial();
      const head = [
        'PUT /infra/kv/k HTTP/1.1',
        'Host: x',
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        'Content-Length: 11',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n{"val`);
      setTimeout(() => socket.write('ue":1}'), 500);
      let text = '';
      socket
        .setEncoding('latin1')
        .on('error', reject)
        .on('data', (more) => {
          text += more;
          if (text.includes('does not exist')) socket.end(resolve);
        });
      socket.on('close', () => reject(new Error(`closed: ${text}`)));
    });
  }

  test('two behind a balancer, replaced one by one under load, drop no request: not on kept connections, not on new ones, not one that is on its way', async (t) => {
    let watching = true;
    const watch = (async () => {
      while (watching) {
        await Promise.all(
          replicas.map(async (replica) => {
            replica.ready = await isReady(replica.port);
          }),
        );
        await sleep(PROBE_MS);
      }
    })();
    const [kept, fresh] = [agentOf(true), agentOf(false)];
    const ends = [load(1, () => quick(kept)), load(15, () => quick(fresh)), load(50, slow)];
    await sleep(1000);
    for (let i = 0; i < replicas.length; i++) {
      const successor = await start();
      const old = replicas[i];
      assert.ok(old);
      replicas.push(successor);
      const exited = once(old.process, 'exit');
      old.process.kill('SIGTERM');
      assert.deepEqual(await exited, [0, null], 'it ends by itself and in order');
      replicas.splice(replicas.indexOf(old), 1);
      replicas.splice(i, 0, ...replicas.splice(-1));
      await sleep(500);
    }
    const tallies = await Promise.all(ends.map((end) => end()));
    kept.destroy();
    watching = false;
    await watch;
    t.diagnostic(`answered: kept ${tallies[0]?.answered}, new ${tallies[1]?.answered}, slow ${tallies[2]?.answered}`);
    for (const { answered, failures } of tallies) {
      assert.deepEqual(failures, []);
      assert.ok(answered > 100, `${answered} requests are enough to tell`);
    }
  });

  test('one that traces sends the spans that it has before it ends', async (t) => {
    let received = '';
    const receiver = createServer(async (req, res) => {
      for await (const chunk of req) received += chunk;
      res.setHeader('Content-Type', 'application/json').end('{}');
    });
    t.after(() => receiver.close());
    const replica = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await listen(receiver)}` });
    t.after(() => replica.process.kill('SIGKILL'));
    const exited = once(replica.process, 'exit');
    replica.process.kill('SIGTERM');
    // Within the last moments, so that no batch has been due.
    await sleep(DRAIN_SECONDS * 1000 - 500);
    const headers = { authorization: `Bearer ${token}`, 'x-request-id': 'last-of-all' };
    const answer = await fetch(`http://127.0.0.1:${replica.port}/core/tokens/me/scopes`, { headers });
    assert.equal(answer.status, 200);
    assert.deepEqual(await exited, [0, null]);
    assert.ok(received.includes('last-of-all'));
  });
});
