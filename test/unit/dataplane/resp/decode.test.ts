import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decoder, ProtocolError, REPLY_LIMITS } from '../../../../dataplane/store/resp/decode.ts';
import { type Reply, ReplyError } from '../../../../dataplane/store/resp/reply.ts';

type Event = { reply: Reply } | { push: readonly Reply[] };

/** What comes of a stream, fed in chunks that are overwritten afterwards, as a socket's buffer is. */
function decode(chunks: readonly Buffer[]): { events: Event[]; failed: boolean } {
  const events: Event[] = [];
  const decoder = new Decoder({ reply: (reply) => events.push({ reply }), push: (push) => events.push({ push }) });
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    try {
      decoder.feed(bytes);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, `a ProtocolError, not ${error}`);
      return { events, failed: true };
    }
    bytes.fill(0xff);
  }
  return { events, failed: false };
}

/** A stream cut at any places. */
function split(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  return [...places, stream.length].map((end, i) => stream.subarray(i === 0 ? 0 : places[i - 1], end));
}

const cuts = fc.array(fc.nat(5000), { maxLength: 20 });
const line = (text: string) => Buffer.from(`${text}\r\n`);

interface Written {
  wire: Buffer;
  value: Reply;
}

const words = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const framed = (type: string, content: Buffer) => Buffer.concat([line(`${type}${content.length}`), content, line('')]);
const leaf: fc.Arbitrary<Written> = fc.oneof(
  words.map((text) => ({ wire: line(`+${text}`), value: text })),
  words.map((text) => ({ wire: line(`-${text}`), value: new ReplyError(text) })),
  fc.maxSafeInteger().map((value) => ({ wire: line(`:${value}`), value: value === 0 ? 0 : value })),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => ({ wire: line(`:${value}`), value: Number.isSafeInteger(Number(value)) ? Number(value) : value })),
  fc.bigInt().map((value) => ({ wire: line(`(${value}`), value })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => ({ wire: line(`,${value}`), value: Number(String(value)) })),
  fc.boolean().map((value) => ({ wire: line(value ? '#t' : '#f'), value })),
  bytes.map((value) => ({ wire: framed('$', value), value })),
  bytes.map((value) => ({ wire: framed('=', Buffer.concat([Buffer.from('txt:'), value])), value })),
  words.map((text) => ({ wire: framed('!', Buffer.from(text)), value: new ReplyError(text) })),
  fc.constantFrom('_', '$-1', '*-1').map((text) => ({ wire: line(text), value: null })),
  fc.constant({ wire: line(',-inf'), value: -Infinity }),
);
const { reply } = fc.letrec<{ reply: Written }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.tuple(fc.constantFrom('*', '~'), fc.array(tie('reply'), { maxLength: 4 })).map(([type, items]) => ({
      wire: Buffer.concat([line(`${type}${items.length}`), ...items.map(({ wire }) => wire)]),
      value: items.map(({ value }) => value),
    })),
    fc.array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 3 }).map((pairs) => ({
      wire: Buffer.concat([line(`%${pairs.length}`), ...pairs.flat().map(({ wire }) => wire)]),
      value: pairs.flat().map(({ value }) => value),
    })),
    fc.tuple(tie('reply'), tie('reply'), tie('reply')).map(([name, attribute, { wire, value }]) => ({
      wire: Buffer.concat([line('|1'), name.wire, attribute.wire, wire]),
      value,
    })),
  ),
}));
const message = fc.array(leaf, { minLength: 1, maxLength: 3 }).map((items) => ({
  wire: Buffer.concat([line(`>${items.length}`), ...items.map(({ wire }) => wire)]),
  push: items.map(({ value }) => value),
}));

test('any stream of replies and push messages is told in order, however it is cut', () => {
  const stream = fc.array(fc.oneof(reply, message), { maxLength: 6 });
  fc.assert(
    fc.property(stream, cuts, (items, places) => {
      const wire = Buffer.concat(items.map((item) => item.wire));
      const { events, failed } = decode(split(wire, places));
      assert.equal(failed, false);
      assert.deepEqual(
        events,
        items.map((item) => ('push' in item ? { push: item.push } : { reply: item.value })),
      );
    }),
    { numRuns: 500 },
  );
});

test('a stream of one byte at a time is the same stream', () => {
  fc.assert(
    fc.property(reply, ({ wire, value }) => {
      const { events } = decode([...wire].map((byte) => Buffer.from([byte])));
      assert.deepEqual(events, [{ reply: value }]);
    }),
  );
});

test('a stream that is damaged anywhere ends in a ProtocolError or not, but in the same way however it is cut', () => {
  const damaged = fc
    .tuple(
      fc.array(reply, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 3 }),
    )
    .map(([items, damage]) => {
      const wire = Buffer.concat(items.map((item) => item.wire));
      for (const [place, byte] of damage) wire[place % wire.length] = byte;
      return wire;
    });
  const garbage = fc
    .string({ unit: fc.constantFrom(...'$*+-:%>|,#_(=!~0123456789\r\na'), maxLength: 200 })
    .map((text) => Buffer.from(text));
  let failures = 0;
  fc.assert(
    fc.property(fc.oneof(damaged, garbage), cuts, (wire, places) => {
      const whole = decode([wire]);
      if (whole.failed) failures++;
      assert.deepEqual(decode(split(wire, places)), whole);
    }),
    { numRuns: 2000 },
  );
  assert.ok(failures > 100, `${failures} of them failed`);
});

test('what breaks a rule of the protocol is refused', () => {
  const refused = [
    '?\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
    ':\r\n',
    ':1a\r\n',
    ':1\n',
    '+a\nb\r\n',
    '+a\rb\r\n',
    '$-2\r\n',
    '$?\r\n',
    '$3\r\nabcd\r\n',
    '*-2\r\n',
    '|-1\r\n',
    '*9223372036854775807\r\n',
    '#x\r\n',
    '_1\r\n',
    ',1e\r\n',
    '(1.5\r\n',
    '*1\r\n>1\r\n+x\r\n',
  ];
  for (const text of refused) assert.ok(decode([Buffer.from(text)]).failed, JSON.stringify(text));
});

test('a reply over a limit is refused before it is there; replies below it may be any number', () => {
  const { bytes: most, elements, depth, line: longest } = REPLY_LIMITS;
  const refused = [
    `$${most + 1}\r\n`,
    `*${elements + 1}\r\n`,
    `%${elements}\r\n`,
    '*1\r\n'.repeat(depth + 1),
    `+${'x'.repeat(longest + 1)}`,
    `+${'x'.repeat(longest + 1)}\r\n`,
    `:${'1'.repeat(longest + 2)}`,
    `*2\r\n$${most - 100}\r\n${'x'.repeat(most - 100)}\r\n$100\r\n`,
    `*100\r\n${'*2000\r\n'.repeat(100)}`,
    '|0\r\n'.repeat(most / 4 + 1),
  ];
  for (const text of refused) assert.ok(decode([Buffer.from(text)]).failed, text.slice(0, 30));
  const value = `$${most / 16}\r\n${'x'.repeat(most / 16)}\r\n`;
  assert.equal(decode([Buffer.from(value.repeat(20))]).events.length, 20);
  assert.equal(decode([Buffer.from(`+${'x'.repeat(longest)}\r\n`)]).events.length, 1);
});

test('a string that is longer than any value is let go, whatever chunks it comes in, and what follows it is read', () => {
  const { string: most } = REPLY_LIMITS;
  const of = (length: number) => `$${length}\r\n${'x'.repeat(length)}\r\n`;
  const wire = Buffer.from(`${of(most + 1)}:1\r\n${of(3 * most)}${of(most)}*1\r\n${of(most + 1)}`);
  for (const step of [wire.length, 65_536, most + 13, 4099]) {
    const chunks = Array.from({ length: Math.ceil(wire.length / step) }, (_, i) =>
      wire.subarray(i * step, (i + 1) * step),
    );
    const { events, failed } = decode(chunks);
    assert.ok(!failed);
    const [first, one, second, value, list] = events.map((event) => 'reply' in event && event.reply);
    for (const gone of [first, second]) assert.match(String(gone), /ReplyError: TOOLARGE/);
    assert.equal(one, 1);
    assert.equal((value as Buffer).length, most);
    assert.equal(((list as Reply[])[0] as Buffer).length, most + 1, 'within a list only the whole has a limit');
  }
});

test('a reply that comes byte by byte costs about as much as one that comes at once', () => {
  const items = 40_000;
  const wire = Buffer.from(`*${items}\r\n${':1\r\n'.repeat(items)}`);
  const start = performance.now();
  assert.equal(decode([...wire].map((byte) => Buffer.from([byte]))).events.length, 1);
  assert.ok(performance.now() - start < 5000);
});
