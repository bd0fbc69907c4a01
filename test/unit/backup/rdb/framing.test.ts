import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplicationStream } from '../../../../backup/rdb/framing.ts';

const MARKER = 'abcdefghij0123456789abcdefghij0123456789';
const RESYNC = '+FULLRESYNC 8d3a 0\r\n';

/** What comes out of a stream that gets `bytes` in pieces of those lengths. */
function receive(bytes: Buffer, lengths: readonly number[]): { rdb: Buffer; done: boolean } {
  const stream = new ReplicationStream();
  const parts: Buffer[] = [];
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const length = lengths[piece % lengths.length] ?? 1;
    parts.push(...stream.feed(bytes.subarray(at, at + length)));
    at += length;
  }
  return { rdb: Buffer.concat(parts), done: stream.done };
}

const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });
const rdb = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const newlines = fc.nat(5).map((count) => '\n'.repeat(count));

test('what comes before a marker is the RDB, however it is cut and whatever newlines come before', () => {
  fc.assert(
    fc.property(rdb, lengths, newlines, newlines, (data, cuts, first, second) => {
      const head = Buffer.from(`${first}${RESYNC}${second}$EOF:${MARKER}\r\n`);
      const received = receive(Buffer.concat([head, data, Buffer.from(MARKER)]), cuts);
      assert.deepEqual(received, { rdb: data, done: true });
    }),
  );
});

test('as many bytes as were announced are the RDB, however they are cut, and nothing after them', () => {
  fc.assert(
    fc.property(rdb, lengths, newlines, fc.boolean(), (data, cuts, between, more) => {
      const head = Buffer.from(`${RESYNC}${between}$${data.length}\r\n`);
      const rest = Buffer.from(more ? '*1\r\n$4\r\nPING\r\n' : '');
      assert.deepEqual(receive(Buffer.concat([head, data, rest]), cuts), { rdb: data, done: true });
    }),
  );
});

test('an RDB that is cut off is never done', () => {
  fc.assert(
    fc.property(rdb, lengths, fc.boolean(), fc.nat(), (data, cuts, marked, cut) => {
      const body = marked ? Buffer.concat([data, Buffer.from(MARKER)]) : data;
      const head = Buffer.from(`${RESYNC}${marked ? `$EOF:${MARKER}` : `$${data.length}`}\r\n`);
      const short = body.subarray(0, cut % body.length);
      assert.equal(receive(Buffer.concat([head, short]), cuts).done, false);
    }),
  );
});

test('a refusal in the place of the data is told, without what the Redis said beside its first word', () => {
  for (const [answer, message] of [
    ['-LOADING Redis is loading the dataset in memory\r\n', /still loads/],
    ["-NOPERM User backup has no permissions to run the 'psync' command\r\n", /does not let the user backup/],
    ['-ERR secret\r\n', /refused with "ERR"$/],
    [`${RESYNC}-ERR secret\r\n`, /refused with "ERR"$/],
    ['+CONTINUE\r\n', /answered PSYNC with/],
    [`${RESYNC}$-1\r\n`, /how long its data is/],
    [`${RESYNC}$EOF:short\r\n`, /marker/],
    ['x'.repeat(2000), /no reply/],
  ] as const) {
    assert.throws(() => receive(Buffer.from(answer), [7]), { reason: 'SourceUnavailable', message });
  }
});
