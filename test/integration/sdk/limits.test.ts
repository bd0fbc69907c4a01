import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CubbyError, createClient, createKVClient } from '../../../sdk/src/index.ts';
import { type BrokenServer, type Fate, startBrokenServer } from './broken-server.ts';

const token = 'sk_live_0123456789';

describe('what bounds a call', () => {
  let server: BrokenServer;
  before(async () => {
    server = await startBrokenServer();
  });
  after(() => server.close());

  const answerWith = (...fates: Fate[]) => {
    server.fates = fates;
    server.requests.length = 0;
  };
  const client = (options = {}) => createKVClient({ baseUrl: server.url, token, ...options });
  const failure = async (call: Promise<unknown>): Promise<CubbyError> => {
    const error = await call.then(
      () => assert.fail('the call succeeded'),
      (thrown) => thrown,
    );
    assert.ok(error instanceof CubbyError, String(error));
    return error;
  };
  const took = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };

  test('a time-out ends a call that gets no answer, of the client or of the call; a write may have run', async () => {
    answerWith('silence');
    const cases = [
      [() => client({ timeoutMs: 80 }).get('k'), false],
      [() => client().get('k', { timeoutMs: 80 }), false],
      [() => client({ timeoutMs: 60_000 }).set('k', 1, { timeoutMs: 80 }), true],
      [() => client().set('k', 1, { timeoutMs: 80, idempotent: true }), true],
    ] as const;
    for (const [call, unknown] of cases) {
      const ms = await took(() =>
        failure(call()).then(({ code, status, outcomeUnknown, detail }) => {
          assert.deepEqual([code, status, outcomeUnknown], ['timeout', 0, unknown]);
          assert.match(detail, /80 ms/);
        }),
      );
      // Far from the client's own 10 s; a machine that is busy is late.
      assert.ok(ms >= 75 && ms < 5000, `${ms} ms`);
    }
    // Time may be over before the server has read a request.
    assert.ok(server.requests.length <= cases.length, 'none is repeated');
  });

  test('a time-out ends a call whose answer does not end', async () => {
    answerWith({ status: 200, headers: { 'Content-Length': '1000' }, body: '{' });
    const endless = client({
      timeoutMs: 80,
      fetch: async () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([123])) })),
    });
    assert.equal((await failure(endless.get('k'))).code, 'timeout');
  });

  test('a time-out also ends a fetch that heeds no signal', async () => {
    const deaf = client({ timeoutMs: 50, fetch: () => new Promise(() => {}) });
    assert.equal((await failure(deaf.get('k'))).code, 'timeout');
  });

  test('Retry-After is waited for', async () => {
    answerWith(
      { status: 503, headers: { 'Retry-After': '1' }, body: { code: 'store_unavailable', detail: 'soon' } },
      { status: 200, body: { value: 7 } },
    );
    const ms = await took(() =>
      client()
        .get('k')
        .then((value) => assert.equal(value, 7)),
    );
    assert.ok(ms >= 1000 && ms < 3000, `${ms} ms`);
  });

  test('a Retry-After beyond the time that is left is not waited for, and told', async () => {
    answerWith({ status: 429, headers: { 'Retry-After': '30' }, body: { code: 'rate_limited', detail: 'slow down' } });
    const call = failure(client({ timeoutMs: 5000 }).set('k', 1));
    assert.ok((await took(() => call)) < 1000);
    const { code, retryAfterMs, outcomeUnknown } = await call;
    assert.deepEqual([code, retryAfterMs, outcomeUnknown], ['rate_limited', 30_000, false]);
    assert.equal(server.requests.length, 1);
  });

  for (const whose of ['client', 'call'] as const) {
    test(`the ${whose}'s signal ends a call with its reason, before it, in it and in a pause`, async () => {
      const reason = new Error('enough');
      const call = (signal: AbortSignal) =>
        whose === 'client' ? client({ signal }).get('k') : client().get('k', { signal });
      answerWith('silence');
      await assert.rejects(call(AbortSignal.abort(reason)), reason);
      assert.equal(server.requests.length, 0);
      for (const fate of ['silence', { status: 429, headers: { 'Retry-After': '5' }, body: {} }] as const) {
        answerWith(fate);
        const controller = new AbortController();
        const rejected = assert.rejects(call(controller.signal), reason);
        await sleep(60);
        controller.abort(reason);
        assert.ok((await took(() => rejected)) < 500);
        assert.equal(server.requests.length, 1);
      }
    });
  }

  test('an abort without a reason is an AbortError, as of fetch', async () => {
    await assert.rejects(client().get('k', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  test('calls leave no listener at the signals that they were given', async () => {
    answerWith({ status: 200, body: { value: 1 } });
    const { signal } = new AbortController();
    const kv = client({ signal });
    for (let i = 0; i < 20; i++) await kv.get('k', { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('a custom fetch gets everything, and its errors are told without the token', async () => {
    const seen: [string, RequestInit][] = [];
    const kv = client({
      projectId: 42,
      retries: 0,
      baseUrl: 'https://example.com/kv/',
      fetch: async (url: string, init: RequestInit) => {
        seen.push([url, init]);
        throw Object.assign(new Error(`cannot send ${JSON.stringify(init.headers)}`), { config: init });
      },
    });
    const error = await failure(kv.get('k', { cache: 'no-store' }));
    const [url, init] = seen[0] ?? assert.fail();
    assert.equal(url, 'https://example.com/kv/api/kv/get?project_id=42');
    const headers = new Headers(init.headers);
    assert.equal(headers.get('authorization'), `Bearer ${token}`);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(init.cache, 'no-store');
    assert.match(error.detail, /cannot send .*\*\*\*/);
    assert.ok(!JSON.stringify([error, error.message, error.stack, String(error)]).includes('0123456789'));
  });

  test('where requests take no cache mode, no-store is the header alone', async (context) => {
    context.mock.method(globalThis, 'Request', function refuse() {
      throw new Error('not implemented');
    });
    let init: RequestInit = {};
    const { infra } = createClient(token, {
      baseUrl: 'https://example.com',
      fetch: async (_, given) => {
        init = given;
        return Response.json({});
      },
    });
    await infra.kv.get('k', { cache: 'no-store' });
    assert.equal(new Headers(init.headers).get('cache-control'), 'no-store');
    assert.ok(!('cache' in init));
  });
});
