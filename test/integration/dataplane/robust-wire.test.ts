import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Exchange, exchange, type Recorder, type Seen, startBare, startRecorder } from './robust.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const head = (...lines: string[]) => `${[...lines, '', ''].join('\r\n')}`;
const post = (...lines: string[]) => head('POST /first HTTP/1.1', 'Host: x', ...lines);
const FOLLOWING = head('GET /following HTTP/1.1', 'Host: x');
const PLAIN = head('GET /plain HTTP/1.1', 'Host: x', 'Authorization: Bearer t');
const SMUGGLED = head('GET /smuggled HTTP/1.1', 'Host: x');
const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';
const chunked = (line: string) => `${post(line)}${CHUNKS}`;
const both = (...lines: string[]) => `${post(...lines)}0\r\n\r\n${SMUGGLED}`;

/** Requests about whose end two parsers could differ, or that are no requests at all. */
const HOSTILE: Record<string, string> = {
  'CL.TE': both('Content-Length: 4', 'Transfer-Encoding: chunked'),
  'TE.CL': both('Transfer-Encoding: chunked', 'Content-Length: 4'),
  'CL.TE with a length that covers all': `${post(`Content-Length: ${5 + SMUGGLED.length}`, 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`,
  'TE.TE, second unknown': both('Transfer-Encoding: chunked', 'Transfer-Encoding: x'),
  'TE.TE, first unknown': both('Transfer-Encoding: x', 'Transfer-Encoding: chunked'),
  'TE identity': both('Transfer-Encoding: identity', 'Content-Length: 5'),
  'TE xchunked': chunked('Transfer-Encoding: xchunked'),
  'TE chunked, identity': chunked('Transfer-Encoding: chunked, identity'),
  'TE gzip, chunked': chunked('Transfer-Encoding: gzip, chunked'),
  'TE with a space before the colon': both('Transfer-Encoding : chunked', 'Content-Length: 5'),
  'TE with a tab': both('Transfer-Encoding:\tchunked', 'Content-Length: 5'),
  'TE with a vertical tab': both('Transfer-Encoding:\x0bchunked', 'Content-Length: 5'),
  'TE quoted': both('Transfer-Encoding: "chunked"', 'Content-Length: 5'),
  'TE with a NUL': both('Transfer-Encoding: chunked\0', 'Content-Length: 5'),
  'TE behind a bare LF': both('X: a\nTransfer-Encoding: chunked', 'Content-Length: 5'),
  'TE behind a bare CR': both('X: a\rTransfer-Encoding: chunked', 'Content-Length: 5'),
  'TE in an obsolete fold': both('X: a', ' Transfer-Encoding: chunked', 'Content-Length: 5'),
  'TE value in an obsolete fold': both('Transfer-Encoding:', ' chunked', 'Content-Length: 5'),
  'TE with an underscore': both('Transfer_Encoding: chunked', 'Content-Length: 5'),
  'TE with a leading space': both(' Transfer-Encoding: chunked', 'Content-Length: 5'),
  'TE empty': both('Transfer-Encoding:', 'Content-Length: 5'),
  'TE in capitals': chunked('TRANSFER-ENCODING: CHUNKED'),
  'TE over HTTP/1.0': `${head('POST /first HTTP/1.0', 'Host: x', 'Transfer-Encoding: chunked')}${CHUNKS}`,
  'two lengths that differ': both('Content-Length: 5', 'Content-Length: 6'),
  'two lengths that agree': both('Content-Length: 5', 'Content-Length: 5'),
  'lengths in a list': both('Content-Length: 5, 5'),
  'length +5': both('Content-Length: +5'),
  'length -5': both('Content-Length: -5'),
  'length 0x5': both('Content-Length: 0x5'),
  'length 05': both('Content-Length: 05'),
  'length 5.0': both('Content-Length: 5.0'),
  'length 5e0': both('Content-Length: 5e0'),
  'length 5 5': both('Content-Length: 5 5'),
  'length "5"': both('Content-Length: "5"'),
  'length empty': both('Content-Length:'),
  'length beyond 64 bits': both('Content-Length: 18446744073709551621'),
  'length in other digits': both('Content-Length: \xb2'),
  'length with a space before the colon': both('Content-Length : 5'),
  'length behind a bare LF': both('X: a\nContent-Length: 5'),
  'length with an underscore': both('Content_Length: 5'),
  'length in an obsolete fold': both('Content-Length: 5', ' 0'),
  'a chunk size with a sign': `${post('Transfer-Encoding: chunked')}+5\r\nhello\r\n0\r\n\r\n`,
  'a chunk size with 0x': `${post('Transfer-Encoding: chunked')}0x5\r\nhello\r\n0\r\n\r\n`,
  'a chunk size beyond 64 bits': `${post('Transfer-Encoding: chunked')}10000000000000005\r\nhello\r\n0\r\n\r\n`,
  'a chunk size with spaces': `${post('Transfer-Encoding: chunked')}5 \r\nhello\r\n0\r\n\r\n`,
  'a chunk that ends in LF alone': `${post('Transfer-Encoding: chunked')}5\nhello\n0\n\n`,
  'a chunk longer than it says': `${post('Transfer-Encoding: chunked')}4\r\nhello\r\n0\r\n\r\n`,
  'a chunk extension': `${post('Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n0;c\r\n\r\n`,
  'a chunk extension with LF': `${post('Transfer-Encoding: chunked')}5;a\nhello\r\n0\r\n\r\n`,
  'a quoted chunk extension': `${post('Transfer-Encoding: chunked')}5;a="\r\n\r\n"\r\nhello\r\n0\r\n\r\n`,
  'a huge chunk extension': `${post('Transfer-Encoding: chunked')}5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  trailers: `${post('Transfer-Encoding: chunked', 'Trailer: X')}5\r\nhello\r\n0\r\nX: y\r\n\r\n`,
  'a trailer that frames': `${post('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n`,
  'an obsolete fold': post('X: a', ' b', 'Content-Length: 0'),
  'lines that end in LF': 'POST /first HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello',
  'lines that end in CR': 'POST /first HTTP/1.1\rHost: x\r\rhello',
  'LF CR': 'POST /first HTTP/1.1\n\rHost: x\n\r\n\r',
  'CR in a value': post('X: a\rb', 'Content-Length: 0'),
  'NUL in a value': post('X: a\0b', 'Content-Length: 0'),
  'NUL in a name': post('X\0: a', 'Content-Length: 0'),
  'NUL in the target': head('GET /first\0 HTTP/1.1', 'Host: x'),
  'a name with a space': post('X Y: a', 'Content-Length: 0'),
  'a name that is empty': post(': a', 'Content-Length: 0'),
  'a name beyond ASCII': post('X\xe9: a', 'Content-Length: 0'),
  'a name of punctuation': post("!#$%&'*+-.^_`|~: a", 'Content-Length: 0'),
  'a line without a colon': post('Transfer-Encoding', 'Content-Length: 0'),
  'members of every object as names': post('__proto__: a', 'constructor: b', 'toString: c', 'Content-Length: 0'),
  'a value beyond ASCII': post('X: \xff\xfe', 'Content-Length: 0'),
  'two hosts': post('Host: y', 'Content-Length: 0'),
  'no host': head('GET /first HTTP/1.1', 'X: y'),
  'a host behind the first line': head('GET /first HTTP/1.1', ' Host: x'),
  'a space before the method': head(' GET /first HTTP/1.1', 'Host: x'),
  'a space before the first header': head('GET /first HTTP/1.1', '  X: y', 'Host: x'),
  'empty lines before': `\r\n\r\n${head('GET /first HTTP/1.1', 'Host: x')}`,
  'LF lines before': `\n\n${head('GET /first HTTP/1.1', 'Host: x')}`,
  'two spaces in the first line': head('GET  /first HTTP/1.1', 'Host: x'),
  'a tab in the first line': head('GET\t/first\tHTTP/1.1', 'Host: x'),
  'a space after the version': head('GET /first HTTP/1.1 ', 'Host: x'),
  'a space in the target': head('GET /fir st HTTP/1.1', 'Host: x'),
  'a second version in the target': head('GET /first HTTP/1.1 HTTP/1.1', 'Host: x'),
  'absolute form': head('GET http://y/first HTTP/1.1', 'Host: x'),
  'authority form': head('CONNECT y:443 HTTP/1.1', 'Host: x'),
  'asterisk form': head('OPTIONS * HTTP/1.1', 'Host: x'),
  'a target without a slash': head('GET first HTTP/1.1', 'Host: x'),
  'a fragment in the target': head('GET /first#a#b HTTP/1.1', 'Host: x'),
  'a target beyond ASCII': head('GET /\xff\xfe HTTP/1.1', 'Host: x'),
  'every printable character in the target': head(
    `GET /${Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('')} HTTP/1.1`,
    'Host: x',
  ),
  'HTTP/1.0': head('GET /first HTTP/1.0', 'Host: x'),
  'HTTP/1.0 kept alive': head('GET /first HTTP/1.0', 'Host: x', 'Connection: keep-alive'),
  'HTTP/0.9': 'GET /first\r\n',
  'HTTP/1.2': head('GET /first HTTP/1.2', 'Host: x'),
  'HTTP/2.0': head('GET /first HTTP/2.0', 'Host: x'),
  'http/1.1 in small letters': head('GET /first http/1.1', 'Host: x'),
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  'an upgrade to HTTP/2': head('GET /first HTTP/1.1', 'Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'),
  'a hello of TLS': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  'a method that there is not': head('SMUGGLE /first HTTP/1.1', 'Host: x'),
  'a method in small letters': head('get /first HTTP/1.1', 'Host: x'),
  'a method of WebDAV': head('PROPFIND /first HTTP/1.1', 'Host: x'),
  HEAD: head('HEAD /first HTTP/1.1', 'Host: x'),
  'a body on GET': `${head('GET /first HTTP/1.1', 'Host: x', 'Content-Length: 5')}hello`,
  'a request as the body of GET': `${head('GET /first HTTP/1.1', 'Host: x', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
  'a request as the body of POST': `${post(`Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
  'a body where none is announced': `${post('Content-Type: text/plain')}${SMUGGLED}`,
  'Connection: close with more behind it': `${post('Connection: close', 'Content-Length: 0')}${SMUGGLED}`,
  'Connection that names Content-Length': both('Connection: Content-Length', 'Content-Length: 5'),
  'Connection: keep-alive, close': post('Connection: keep-alive, close', 'Content-Length: 0'),
  'Expect: 100-continue': `${post('Expect: 100-continue', 'Content-Length: 5')}hello`,
  'an expectation that nobody meets': `${post('Expect: a miracle', 'Content-Length: 5')}hello`,
  '2500 headers': post(...Array.from({ length: 2500 }, (_, i) => `a${i}:`), 'Content-Length: 0'),
  '1500 headers': post(...Array.from({ length: 1500 }, (_, i) => `a${i}:1`), 'Content-Length: 0'),
  'one header repeated': post(...Array.from({ length: 100 }, () => 'X: y'), 'Content-Length: 0'),
  'headers of 8,000 bytes': post(`X: ${'y'.repeat(8000)}`, 'Content-Length: 0'),
  'headers of 16,000 bytes': post(`X: ${'y'.repeat(16_000)}`, 'Content-Length: 0'),
  'headers of 17,000 bytes': post(`X: ${'y'.repeat(17_000)}`, 'Content-Length: 0'),
  'a target of 17,000 bytes': head(`GET /${'y'.repeat(17_000)} HTTP/1.1`, 'Host: x'),
  'nothing but noise': '\x80\xff\0\x01garbage\r\n\r\n',
};

/** In which pieces a hostile text and what follows it reach the server. */
const WAYS: Record<string, (text: string) => string[]> = {
  'in one piece': (text) => [text + FOLLOWING],
  'with what follows apart': (text) => [text, FOLLOWING],
  'after a plain request': (text) => [PLAIN, text + FOLLOWING],
  'behind a plain request in one piece': (text) => [PLAIN + text + FOLLOWING],
};

describe('beside a bare server of Node', () => {
  let bare: Awaited<ReturnType<typeof startBare>>;
  let ours: [Recorder, Recorder];
  before(async () => {
    bare = await startBare();
    ours = [await startRecorder({ plain: true }), await startRecorder({ plain: false })];
  });
  after(() => {
    bare.close();
    for (const server of ours) server.close();
  });

  async function taken(server: { port: number; seen: Seen[] }, pieces: readonly Buffer[], atLeast = 0) {
    server.seen.length = 0;
    const answer = await exchange(server.port, pieces, { quietMs: 20, atLeast, gapMs: pieces.length > 1 ? 2 : 0 });
    return { answer, seen: structuredClone(server.seen) };
  }

  /** Asserts that both of ours take what Node takes and answer as often; what Node took. */
  async function compare(pieces: readonly Buffer[], atLeast?: number): Promise<{ seen: Seen[]; answer: Exchange }> {
    const [node, front, app] = await Promise.all([bare, ...ours].map((server) => taken(server, pieces, atLeast)));
    assert.ok(node && front && app);
    // Where Node finds fault with the input, it is chance which of the requests ahead of that still have their turn.
    const faulty = node.answer.statuses.some((status) => [400, 413, 431].includes(status));
    for (const { seen, answer } of [front, app]) {
      assert.ok(seen.length <= node.seen.length, `more requests than Node finds: ${JSON.stringify(seen.at(-1))}`);
      assert.deepEqual(seen, node.seen.slice(0, seen.length));
      assert.equal(answer.closed, node.answer.closed);
      assert.equal(answer.statuses.at(-1), node.answer.statuses.at(-1));
      if (!faulty) assert.deepEqual(answer.statuses, node.answer.statuses);
      if (!faulty) assert.equal(seen.length, node.seen.length);
    }
    return node;
  }

  for (const [way, pieces] of Object.entries(WAYS)) {
    test(`hostile input ${way}: not one request is served that Node alone would not have seen`, async (t) => {
      for (const [name, text] of Object.entries(HOSTILE)) {
        await t.test(name, async () => void (await compare(pieces(text).map(bytes))));
      }
    });
  }

  /** Well-formed input, and how many answers it gets. */
  const sound: [text: string, answers: number][] = [
    [PLAIN, 1],
    [`${post('Content-Type: text/plain', 'Content-Length: 5')}hello`, 1],
    [`${post('Content-Length: 5')}hello${PLAIN}`, 2],
    [`${PLAIN}${post('Content-Length: 5')}hello${PLAIN}${FOLLOWING}`, 4],
    [`${post('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n${PLAIN}`, 2],
    [`${post(`Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}${PLAIN}`, 2],
    [`${PLAIN}${head('HEAD /first HTTP/1.1', 'Host: x')}${PLAIN}`, 3],
    [`${PLAIN}${post('X-Big: '.padEnd(9000, 'y'), 'Content-Length: 0')}${PLAIN}`, 3],
  ];

  test('requests split in any two places are those of one piece', async () => {
    const cut = fc.record({ which: fc.nat(sound.length - 1), at: fc.tuple(fc.nat(), fc.nat()) });
    await fc.assert(
      fc.asyncProperty(cut, async ({ which, at }) => {
        const [text, answers] = sound[which] ?? ['', 0];
        const [first = 0, second = 0] = at.map((place) => place % (text.length + 1)).sort((a, b) => a - b);
        const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
        const { seen, answer } = await compare(pieces.filter((piece) => piece !== '').map(bytes), answers);
        assert.equal(seen.length, answers);
        assert.deepEqual(answer.statuses, Array(answers).fill(200));
      }),
      { numRuns: 250, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
    );
  });

  test('requests with bytes changed, and split anywhere: never more than Node finds, nor other ones', async () => {
    const piece = fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      '\0',
      ':',
      ',',
      ';',
      '0',
      '5',
      'Host: y\r\n',
      SMUGGLED,
    );
    const framing = fc.constantFrom('Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n', '\r\n\r\n');
    const edit = fc.tuple(fc.nat(), fc.nat(3), fc.oneof(piece, framing));
    const input = fc.record({
      which: fc.nat(sound.length - 1),
      edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
      at: fc.nat(),
    });
    let faulty = 0;
    await fc.assert(
      fc.asyncProperty(input, async ({ which, edits, at }) => {
        let [text = ''] = sound[which] ?? [];
        for (const [place, cut, add] of edits) {
          const from = place % (text.length + 1);
          text = text.slice(0, from) + add + text.slice(from + cut);
        }
        const split = at % (text.length + 1);
        const pieces = [text.slice(0, split), text.slice(split)].filter((part) => part !== '');
        const { answer } = await compare(pieces.map(bytes));
        if (answer.statuses.some((status) => status !== 200)) faulty++;
      }),
      { numRuns: 400, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
    assert.ok(faulty > 40, `${faulty} of the runs were faulty`);
  });
});
