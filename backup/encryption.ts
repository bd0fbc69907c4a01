import { Decrypter, identityToRecipient } from 'age-encryption';
import { encryptFor } from './age.ts';
import { BackupError } from './failure.ts';

/** What encrypts and decrypts by one age identity (AGE-SECRET-KEY-1…), in pieces. */
export interface Encryption {
  encrypt(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Throws WrongKey where it was encrypted with another key, and Corrupt where it is not what was encrypted. */
  decrypt(source: AsyncIterable<Uint8Array>): AsyncIterable<Buffer>;
}

/** Reads an identity as `age-keygen` writes it, with or without its comments. Throws WrongKey where it is none. */
export async function openEncryption(text: string): Promise<Encryption> {
  const lines = text.split('\n').map((line) => line.trim());
  const identity = lines.find((line) => line.startsWith('AGE-SECRET-KEY-'));
  const recipient = identity && (await identityToRecipient(identity).catch(() => undefined));
  if (!identity || !recipient) {
    throw new BackupError(
      'WrongKey',
      'the key is no age identity: make one with age-keygen and put it into the Secret',
    );
  }
  return {
    encrypt: (source) => encryptFor(recipient, source),
    async *decrypt(source) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      let broken: unknown;
      const watched = watch(source, (error) => {
        broken = error;
      });
      try {
        const plain = await decrypter.decrypt(ReadableStream.from(watched) as ReadableStream<Uint8Array>);
        for await (const piece of plain) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      } catch (error) {
        throw broken ?? explain(error);
      }
    },
  };
}

async function* watch(source: AsyncIterable<Uint8Array>, onError: (error: unknown) => void) {
  try {
    yield* source;
  } catch (error) {
    onError(error);
    throw error;
  }
}

function explain(error: unknown): unknown {
  if (error instanceof BackupError) return error;
  if (/no identity matched/.test((error as Error).message)) {
    return new BackupError('WrongKey', 'it was encrypted with another key: name the Secret that holds that one');
  }
  return new BackupError('Corrupt', 'what is stored cannot be decrypted: it is cut off or was changed', {
    cause: error,
  });
}
