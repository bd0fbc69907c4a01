import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePorts } from '../../../cluster/daemon.ts';
import { ERRORS, type ErrorCode } from '../../../dataplane/pipeline/errors.ts';
import {
  type ConnectionOptions,
  CubbyError,
  createClient,
  createKVClient,
  createManagementClient,
} from '../../../sdk/src/index.ts';
import { type BrokenServer, type Fate, startBrokenServer } from './broken-server.ts';

const token = 'sk_live_0123456789';

/** An answer with which every call is content. */
const done = {
  status: 200,
  body: { key: 'k', value: 1, result: 'OK', keys: [], results: [], tokens: [] },
} satisfies Fate;

/** An error of Cubby; a wait of no time, so that the test does not wait either. */
function problem(code: ErrorCode): Fate {
  const { status } = ERRORS[code];
  return { status, headers: { 'Retry-After': '0', 'X-Request-Id': 'r-1' }, body: { code, detail: `told ${code}` } };
}

type Kind = 'read' | 'write' | 'idempotent';

/** Every call of every client, by what it is. */
function callsOf(options: ConnectionOptions): Record<Kind, Record<string, () => Promise<unknown>>> {
  const { kv: entries } = createClient(token, options).infra;
  const kv = createKVClient({ ...options, token });
  const manage = createManagementClient({ ...options, token });
  const idempotent = { idempotent: true };
  return {
    read: {
      'infra.get': () => entries.get('k'),
      'infra.scan': () => entries.scan(),
      'infra.scanAll': () => entries.scanAll().next(),
      'infra.batch of gets': () => entries.batch([{ op: 'get', key: 'k' }]),
      'kv.get': () => kv.get('k'),
      'kv.ttl': () => kv.ttl('k'),
      'kv.keys': () => kv.keys('*'),
      'manage.scopes': () => manage.scopes(),
      'manage.projects': () => manage.projects(),
      'manage.versions': () => manage.versions(),
      'manage.status': () => manage.status('p'),
      'manage.usage': () => manage.usage('p'),
      'manage.usageHistory': () => manage.usageHistory({ projectId: 'p', period: 'month' }),
      'manage.tokens.list': () => manage.tokens.list('p'),
    },
    write: {
      'infra.set': () => entries.set('k', 1),
      'infra.delete': () => entries.delete('k'),
      'infra.increment': () => entries.increment('k', idempotent as object),
      'infra.batch with a set': () => entries.batch([{ op: 'set', key: 'k', value: 1 }]),
      'kv.set': () => kv.set('k', 1),
      'kv.del': () => kv.del('k'),
      'kv.incr': () => kv.incr('k', 1, idempotent as object),
      'kv.expire': () => kv.expire('k', 1),
      'manage.enable': () => manage.enable({ projectId: 'p' }),
      'manage.update': () => manage.update({ projectId: 'p', version: '8.0' }),
      'manage.disable': () => manage.disable('p'),
      'manage.tokens.create': () => manage.tokens.create({ projectId: 'p' }),
      'manage.tokens.revoke': () => manage.tokens.revoke('t', 'p'),
    },
    idempotent: {
      'infra.set': () => entries.set('k', 1, idempotent),
      'infra.delete': () => entries.delete('k', idempotent),
      'infra.batch with a set': () => entries.batch([{ op: 'set', key: 'k', value: 1 }], idempotent),
      'kv.set': () => kv.set('k', 1, idempotent),
      'kv.del': () => kv.del(['k'], idempotent),
      'kv.expire': () => kv.expire('k', 1, idempotent),
    },
  };
}

/**
 * What a call does after each failure: `repeated` by which kinds, and whether a write that is given up says that it may
 * have been applied.
 */
const matrix: { what: string; fate: Fate; code: string; repeated: Kind[]; unknown: boolean }[] = [
  { what: 'a reset', fate: 'reset', code: 'network_error', repeated: ['read', 'idempotent'], unknown: true },
  { what: 'a lost reply', fate: 'no-reply', code: 'network_error', repeated: ['read', 'idempotent'], unknown: true },
  { what: 'half a reply', fate: 'half-reply', code: 'network_error', repeated: ['read', 'idempotent'], unknown: true },
  ...(['rate_limited', 'store_unavailable', 'store_hibernated'] as const).map((code) => ({
    what: code,
    fate: problem(code),
    code,
    repeated: ['read', 'write', 'idempotent'] as Kind[],
    unknown: false,
  })),
  {
    what: 'outcome_unknown',
    fate: problem('outcome_unknown'),
    code: 'outcome_unknown',
    repeated: ['idempotent'],
    unknown: true,
  },
  { what: 'internal_error', fate: problem('internal_error'), code: 'internal_error', repeated: [], unknown: true },
  ...(['bad_request', 'unauthorized', 'insufficient_tokens', 'not_found', 'conflict', 'store_full'] as const).map(
    (code) => ({
      what: code,
      fate: problem(code),
      code,
      repeated: [],
      unknown: false,
    }),
  ),
  ...[502, 503].map((status) => ({
    what: `a proxy's ${status}`,
    fate: { status, body: '<html>' },
    code: 'unexpected_answer',
    repeated: ['read', 'idempotent'] as Kind[],
    unknown: true,
  })),
  {
    what: "a proxy's 504",
    fate: { status: 504, body: '' },
    code: 'unexpected_answer',
    repeated: ['idempotent'],
    unknown: true,
  },
  {
    what: 'a page instead',
    fate: { status: 200, body: '<html>' },
    code: 'unexpected_answer',
    repeated: [],
    unknown: true,
  },
  {
    what: 'a redirection',
    fate: { status: 302, headers: { Location: '/elsewhere' }, body: '' },
    code: 'unexpected_answer',
    repeated: [],
    unknown: false,
  },
];

describe('what is sent again', { concurrency: true }, () => {
  /** A test with a server of its own. */
  function onServer(name: string, check: (server: BrokenServer) => Promise<void>): void {
    test(name, async () => {
      const server = await startBrokenServer();
      try {
        await check(server);
      } finally {
        await server.close();
      }
    });
  }

  async function failureOf(call: () => Promise<unknown>): Promise<CubbyError> {
    const error = await call().then(
      () => assert.fail('the call succeeded'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof CubbyError, String(error));
    return error;
  }

  for (const { what, fate, code, repeated, unknown } of matrix) {
    onServer(
      `${what}: repeated by ${repeated.join(', ') || 'none'}; a write given up ${unknown ? 'may have run' : 'has not run'}`,
      async (server) => {
        for (const [kind, calls] of Object.entries(callsOf({ baseUrl: server.url, retries: 1 })) as [Kind, never][]) {
          for (const [name, call] of Object.entries<() => Promise<unknown>>(calls)) {
            const goes = repeated.includes(kind);
            // Broken for good: tried twice or once, and told as it is.
            server.fates = [fate];
            const before = server.begun();
            const error = await failureOf(call);
            assert.equal(server.begun() - before, goes ? 2 : 1, `${kind} ${name}`);
            assert.equal(error.code, code, name);
            assert.equal(error.outcomeUnknown, kind !== 'read' && unknown, `${kind} ${name}`);
            assert.equal(
              error.requestId,
              typeof fate === 'object' && fate.headers?.['X-Request-Id'] ? 'r-1' : undefined,
            );
            assert.ok(!JSON.stringify([error.message, error.stack, error]).includes(token));
            // Broken once: a repetition gets through.
            server.fates = [fate, done];
            if (goes) await call();
            else assert.equal((await failureOf(call)).code, code);
          }
        }
      },
    );
  }

  test('no connection: everything is repeated, and no write may have run', async () => {
    const [port = 0] = await findFreePorts(1);
    let tries = 0;
    const counted: ConnectionOptions = {
      baseUrl: `http://127.0.0.1:${port}`,
      retries: 1,
      fetch: (url, init) => {
        tries++;
        return fetch(url, init);
      },
    };
    for (const calls of Object.values(callsOf(counted))) {
      for (const [name, call] of Object.entries(calls)) {
        tries = 0;
        const error = await failureOf(call);
        assert.equal(error.code, 'network_error', name);
        assert.equal(error.status, 0);
        assert.equal(error.outcomeUnknown, false, name);
        assert.equal(tries, 2, name);
      }
    }
  });

  onServer('an earlier attempt that may have run is not forgotten', async (server) => {
    const kv = createKVClient({ baseUrl: server.url, token, retries: 1 });
    server.fates = ['no-reply', problem('rate_limited')];
    const error = await failureOf(() => kv.set('k', 1, { idempotent: true }));
    assert.equal(error.code, 'rate_limited');
    assert.equal(error.outcomeUnknown, true);
  });

  onServer('a write on a connection that was kept open and breaks is sent once', async (server) => {
    const kv = createKVClient({ baseUrl: server.url, token });
    server.fates = [{ ...done, headers: { Connection: 'keep-alive' } }, 'no-reply'];
    await kv.incr('k');
    await sleep(50);
    const error = await failureOf(() => kv.incr('k'));
    assert.equal(error.outcomeUnknown, true);
    assert.equal(server.requests.length, 2);
    assert.equal(server.connections(), 1);
  });

  onServer('retries: 0 sends everything once', async (server) => {
    const kv = createKVClient({ baseUrl: server.url, token, retries: 0 });
    server.fates = [problem('store_unavailable')];
    await failureOf(() => kv.get('k'));
    assert.equal(server.requests.length, 1);
  });
});
