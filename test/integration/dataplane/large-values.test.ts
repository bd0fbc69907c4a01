import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';

const KEYS = 24;
/** Different for each key, and of the largest size that is taken. */
const textOf = (key: number) => JSON.stringify(String.fromCharCode(97 + key).repeat(262_142));

// The memory of large bodies, values and answers is given back at once: none of it may be somebody's still.
for (const plain of [true, false]) {
  describe(`large values, ${plain ? "in front of Node's HTTP" : "over Node's HTTP"}`, () => {
    let redis: TenantRedis;
    let api: Api;
    let headers: Record<string, string>;
    before(async () => {
      redis = await startTenantRedis('8.0');
      const { uid, host, port } = redis.address;
      const { pool } = redis.pool();
      api = await startApi({ stores: pool, endpointOf: () => ({ host, port }), heldBytes: 2 ** 28, plain });
      const token = api.tenant('large', { store: { uid } });
      headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      after(() => pool.close());
    });
    after(async () => {
      api.close();
      await redis.stop();
    });

    const put = (key: number) =>
      fetch(`${api.url}/infra/kv/k${key}`, { method: 'PUT', headers, body: `{"value":${textOf(key)}}` });

    test('what many write and read at the same time is theirs, to the byte', async () => {
      const keys = Array.from({ length: KEYS }, (_, key) => key);
      for (let round = 0; round < 3; round++) {
        await Promise.all([...keys.map((key) => write(key)), ...(round > 0 ? keys.map(read) : [])]);
      }
      async function write(key: number): Promise<void> {
        const answer = await put(key);
        assert.equal(await answer.text(), `{"key":"k${key}","value":${textOf(key)},"expires_at":null}`);
      }
      async function read(key: number): Promise<void> {
        const answer = await fetch(`${api.url}/infra/kv/k${key}`, { headers });
        assert.equal(await answer.text(), `{"key":"k${key}","value":${textOf(key)},"expires_at":null}`);
        const other = await fetch(`${api.url}/api/kv/get`, { method: 'POST', headers, body: `{"key":"k${key}"}` });
        assert.equal(await other.text(), `{"value":${textOf(key)}}`);
      }
    });

    test('a client that reads slowly gets its answers whole, while others go on', async () => {
      await put(0);
      await put(1);
      const request = `GET /infra/kv/k0 HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`;
      const slow = connect({ port: api.port, host: '127.0.0.1', noDelay: true });
      await once(slow, 'connect');
      slow.pause();
      let got = '';
      // Answers enough that they do not fit into the kernel's buffers, to requests that come one by one, as plain ones do.
      const answers = plain ? 180 : 60;
      for (let i = 0; i < answers; i++) {
        slow.write(request);
        assert.ok((await (await fetch(`${api.url}/infra/kv/k1`, { headers })).text()).includes(textOf(1)));
      }
      slow.setEncoding('latin1').on('data', (text) => {
        got += text;
      });
      slow.resume();
      for (let waited = 0; got.length < answers * 262_144 && waited < 10_000; waited += 50) await sleep(50);
      slow.destroy();
      assert.equal(got.split(`"value":${textOf(0)},"expires_at":null}`).length - 1, answers);
    });
  });
}
