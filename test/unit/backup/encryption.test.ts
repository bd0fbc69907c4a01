import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Decrypter, generateIdentity } from 'age-encryption';
import { openEncryption } from '../../../backup/encryption.ts';

const identity = await generateIdentity();
const { encrypt, decrypt } = await openEncryption(identity);

async function* pieces(bytes: Buffer, length = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const piece of source) read.push(piece);
  return Buffer.concat(read);
}

const plain = randomBytes(200_000);
const stored = await gather(encrypt(pieces(plain)));

test('what is encrypted is decrypted, and by any program that reads age as well', async () => {
  assert.deepEqual(await gather(decrypt(pieces(stored))), plain);
  const other = new Decrypter();
  other.addIdentity(identity);
  assert.deepEqual(Buffer.from(await other.decrypt(stored)), plain);
  assert.match(stored.toString('latin1', 0, 21), /^age-encryption\.org\/v1/);
});

test('any length is decrypted, that of whole chunks and nothing at all too', async () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072]) {
    const text = randomBytes(length);
    assert.deepEqual(await gather(decrypt(pieces(await gather(encrypt(pieces(text, 7_001)))))), text, `${length}`);
  }
});

test('nothing is encrypted with the same key twice', async () => {
  const again = await gather(encrypt(pieces(plain)));
  assert.notDeepEqual(again.subarray(-1000), stored.subarray(-1000));
});

test('another key is told apart from damage', async () => {
  const other = await openEncryption(await generateIdentity());
  await assert.rejects(gather(other.decrypt(pieces(stored))), { reason: 'WrongKey' });
});

test('what was cut off, at the end of a chunk too, or changed is refused', async () => {
  const header = stored.length - plain.length - 4 * 16;
  const chunk = 64 * 1024 + 16;
  for (const length of [stored.length - 1, header + chunk, header + 3 * chunk, 30, 0]) {
    await assert.rejects(gather(decrypt(pieces(stored.subarray(0, length)))), { reason: 'Corrupt' });
  }
  for (const at of [stored.length - 1, header + 1, header + chunk + 5]) {
    const changed = Buffer.from(stored);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(gather(decrypt(pieces(changed))), { reason: 'Corrupt' });
  }
});

test('an identity is read as age-keygen writes it, and what is none is refused without being quoted', async () => {
  await openEncryption(`# created: 2026-01-01\n# public key: age1…\n${identity}\n`);
  for (const text of ['', 'secret', `${identity.slice(0, -1)}Q`, 'AGE-SECRET-KEY-1secret']) {
    await assert.rejects(openEncryption(text), (error: Error & { reason: string }) => {
      assert.equal(error.reason, 'WrongKey');
      return text === '' || !error.message.includes(text);
    });
  }
});

test('what prevents the reading is told as it is', async () => {
  const lost = new Error('lost');
  const source = async function* () {
    yield stored.subarray(0, 100_000);
    throw lost;
  };
  await assert.rejects(gather(decrypt(source())), lost);
});
