import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { after, test } from 'node:test';
import type { TestRedis } from '../../../cluster/test-redis.ts';
import type { TestS3 } from '../../../cluster/test-s3.ts';
import { makePod, placeIn, runHere, SOURCE } from './pipeline.ts';
import { setLarge, startPlace, startSource } from './servers.ts';

const s3 = await startPlace();
const large = await filled(30);
const small = await filled(2);

async function filled(megabytes: number): Promise<TestRedis> {
  const { redis, client } = await startSource();
  await setLarge(client, megabytes);
  return redis;
}

/** The S3 server behind a network that changes one bit, the first time that so much was sent over a connection. */
async function behindBitFlip(at: number): Promise<{ s3: TestS3; flipped: () => boolean }> {
  let flipped = false;
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(s3.endpoint).port), '127.0.0.1');
    let sent = 0;
    client.on('data', (chunk: Buffer) => {
      if (!flipped && sent + chunk.length > at) {
        chunk[at - sent] = (chunk[at - sent] ?? 0) ^ 4;
        flipped = true;
      }
      sent += chunk.length;
      upstream.write(chunk);
    });
    upstream.pipe(client);
    for (const socket of [client, upstream])
      socket.on('error', () => {}).on('close', () => [client, upstream].forEach((other) => void other.destroy()));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { s3: { ...s3, endpoint: `http://127.0.0.1:${port}` }, flipped: () => flipped };
}

for (const [what, redis, at] of [
  ['a part of a large backup', large, 5_000_000],
  ['a small backup', small, 1_000_000],
] as const)
  test(`${what} that was changed on its way is refused and not stored, and another try succeeds`, async () => {
    const network = await behindBitFlip(at);
    const place = placeIn(network.s3, `transit/${at}`);
    const job = { verb: 'backup', place, redis, source: SOURCE } as const;
    const pod = makePod();
    const first = await runHere(pod, job);
    assert.ok(network.flipped());
    assert.ok(first.result && !first.result.ok, JSON.stringify(first.result));
    assert.equal(first.result.reason, 'TargetUnavailable');
    assert.match(first.result.message, /changed on its way/);
    const none = await runHere(pod, { verb: 'verify', place });
    assert.ok(none.result && !none.result.ok && none.result.reason === 'NotFound', JSON.stringify(none.result));

    assert.equal((await runHere(pod, job)).code, 0);
    assert.equal((await runHere(pod, { verb: 'verify', place })).code, 0);
  });

/** The S3 server behind one that knows no conditional writes. */
async function withoutConditions(): Promise<{ s3: TestS3; refused: () => number }> {
  let refused = 0;
  const server = createHttpServer((incoming, response) => {
    if (incoming.headers['if-none-match'] !== undefined) {
      refused++;
      incoming.resume().once('end', () => {
        response
          .writeHead(501, { 'content-type': 'application/xml' })
          .end('<Error><Code>NotImplemented</Code></Error>');
      });
      return;
    }
    const { method = '', url = '', headers } = incoming;
    const upstream = request(new URL(url, s3.endpoint), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(upstream);
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  after(() => server.closeAllConnections());
  const { port } = server.address() as { port: number };
  return { s3: { ...s3, endpoint: `http://127.0.0.1:${port}` }, refused: () => refused };
}

test('a service that knows no conditional writes takes backups all the same', async () => {
  const service = await withoutConditions();
  const pod = makePod();
  for (const redis of [small, large]) {
    const place = placeIn(service.s3, `unconditional/${redis.port}`);
    const { code, output } = await runHere(pod, { verb: 'backup', place, redis, source: SOURCE });
    assert.equal(code, 0, output);
    assert.equal((await runHere(pod, { verb: 'verify', place })).code, 0);
  }
  assert.equal(service.refused(), 4, 'the data and the manifest of each');
});
