import { createCipheriv, hkdfSync } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { inBlocks } from './blocks.ts';

/** Lengths in the format of age (https://age-encryption.org/v1, "Payload"), in bytes. */
const NONCE = 16;
const TAG = 16;
const CHUNK = 64 * 1024;

/**
 * Encrypts for an age recipient. The library makes the key and the header; the payload is encrypted with OpenSSL's ChaCha20
 * rather than the library's in JavaScript, which takes eight times as long.
 */
export async function* encryptFor(recipient: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { header, key } = await makeHeader(recipient);
  yield header;
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  for await (const { number, block, isLast } of inBlocks(source, () => chunk)) {
    const cipher = createCipheriv('chacha20-poly1305', key, streamNonce(number - 1, isLast), { authTagLength: TAG });
    yield cipher.update(block);
    cipher.final();
    yield cipher.getAuthTag();
  }
}

/** Eleven bytes that count the chunks, and one that says whether it is the last. */
function streamNonce(count: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(count, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** A header with the nonce that follows it, and the key of the payload, which both derive from. */
async function makeHeader(recipient: string): Promise<{ header: Buffer; key: Buffer }> {
  let fileKey: Uint8Array = new Uint8Array();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key;
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array());
  const header = Buffer.from(empty.subarray(0, -TAG));
  const key = Buffer.from(hkdfSync('sha256', fileKey, header.subarray(-NONCE), 'payload', 32));
  return { header, key };
}
