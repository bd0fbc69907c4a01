import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePlain } from '../../../dataplane/http/plain-request.ts';

interface Seen {
  method: string | undefined;
  target: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The requests that Node's own parser finds in these bytes, and whether it found fault with them. */
async function asNodeReads(bytes: Buffer): Promise<{ seen: Seen[]; fault: boolean }> {
  const seen: Seen[] = [];
  let fault = false;
  const server = createServer(async (req, res) => {
    const entry: Seen = { method: req.method, target: req.url, headers: req.headers, body: '' };
    seen.push(entry);
    req.setEncoding('latin1');
    for await (const chunk of req) entry.body += chunk;
    res.end();
  });
  server.on('clientError', () => {
    fault = true;
  });
  const [client, served] = duplexPair();
  client.resume();
  server.emit('connection', served);
  client.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 5));
  client.destroy();
  served.destroy();
  return { seen, fault };
}

const plain = (text: string) => parsePlain(Buffer.from(text, 'latin1'), undefined)?.request;
const GET = 'GET /infra/kv/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n';
const PUT =
  'PUT /infra/kv/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"value":1}';

test('what is plain is read', () => {
  assert.deepEqual(plain(GET), {
    method: 'GET',
    target: '/infra/kv/a',
    headers: { host: 'x', authorization: 'Bearer t' },
    body: undefined,
  });
  assert.equal(plain(PUT)?.body?.toString(), '{"value":1}');
});

test('what ends elsewhere than it seems, or means something to the connection, is left to Node', () => {
  const withHeader = (line: string) => GET.replace('Host: x\r\n', `Host: x\r\n${line}\r\n`);
  for (const odd of [
    GET.slice(0, -1),
    GET + GET,
    `${GET} `,
    PUT.slice(0, -1),
    `${PUT}x`,
    GET.replace('HTTP/1.1', 'HTTP/1.0'),
    GET.replace('Host: x\r\n', ''),
    GET.replaceAll('\r\n', '\n'),
    GET.replace('/infra', 'http://x/infra'),
    GET.replace('kv/a', 'kv/a b'),
    GET.replace('kv/a', 'kv/\xe9'),
    GET.replace('GET', 'get'),
    GET.replace('GET', 'OPTIONS'),
    withHeader('Host: y'),
    withHeader('Transfer-Encoding: chunked'),
    withHeader('Transfer-Encoding : chunked'),
    withHeader('Content-Length: 0\r\nContent-Length: 0'),
    withHeader('Content-Length: +0'),
    withHeader('Content-Length: 00'),
    withHeader('Content-Length: 0x0'),
    withHeader('Content-Length: 1'),
    withHeader('Connection: close'),
    withHeader('Connection: keep-alive, close'),
    withHeader('Expect: 100-continue'),
    withHeader('Upgrade: h2c'),
    withHeader('X: a\r\n b'),
    withHeader('X:'),
    withHeader('X: a\0b'),
    withHeader('X: \xff'),
    withHeader(': a'),
    withHeader('X a'),
    withHeader('__proto__: a'),
    withHeader(`X: ${'y'.repeat(9000)}`),
  ]) {
    assert.equal(plain(odd), undefined, JSON.stringify(odd.slice(0, 200)));
  }
});

test('a header block that is that of the request before is not read again', () => {
  const first = parsePlain(Buffer.from(GET), undefined);
  assert.ok(first);
  assert.equal(parsePlain(Buffer.from(GET.replace('/a', '/b')), first.block)?.block, first.block);
  assert.notEqual(parsePlain(Buffer.from(GET.replace('Bearer t', 'Bearer u')), first.block)?.block, first.block);
  assert.equal(parsePlain(Buffer.from(`${GET}x`), first.block), undefined);
});

test("whatever is taken for plain, Node's parser reads as the same one request", async () => {
  const piece = fc.constantFrom(
    ...[
      'GET',
      'PUT',
      ' ',
      '/',
      '/infra/kv/a',
      '?',
      '%',
      ' HTTP/1.1',
      ' HTTP/1.0',
      '\r\n',
      '\n',
      '\r',
      '\r\n\r\n',
      ':',
      ': ',
    ],
    ...[
      'Host: x',
      'host: y',
      'Content-Length: 3',
      'Content-Length: 0',
      'content-length:3',
      'Transfer-Encoding: chunked',
    ],
    ...[
      'Connection: keep-alive',
      'Connection: close',
      'X-A: 1',
      'X_A:\t2 ',
      'x-a: ',
      'abc',
      '3\r\nabc\r\n0\r\n\r\n',
      '\0',
      '\x80',
      '\t',
    ],
  );
  const mutated = fc
    .tuple(fc.constantFrom<string>(GET, PUT), fc.array(fc.tuple(fc.nat(), fc.nat(6), piece), { maxLength: 4 }))
    .map(([text, edits]) =>
      edits.reduce((now, [at, cut, add]) => {
        const from = at % (now.length + 1);
        return now.slice(0, from) + add + now.slice(from + cut);
      }, text),
    );
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        mutated,
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      ),
      async (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const request = parsePlain(bytes, undefined)?.request;
        if (!request) return;
        taken++;
        const { seen, fault } = await asNodeReads(bytes);
        assert.equal(fault, false);
        const { method, target, headers, body } = request;
        assert.deepEqual(seen, [{ method, target, headers, body: body?.toString('latin1') ?? '' }]);
      },
    ),
    { numRuns: 5000 },
  );
  assert.ok(taken > 200, `${taken} of the runs were plain`);
});
