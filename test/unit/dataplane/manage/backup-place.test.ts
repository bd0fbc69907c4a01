import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type PlaceView,
  placeSetting,
  placeText,
  replacing,
  viewPlace,
} from '../../../../dataplane/manage/backup-place.ts';

const S3: PlaceView = {
  s3: {
    bucket: 'kv',
    credentials_secret: 's3',
    endpoint: 'https://s3.example.com',
    region: 'eu-1',
    prefix: 'a/b',
    force_path_style: false,
    server_side_encryption: 'aws:kms',
    kms_key_id: 'key',
    ca_secret: 'ca',
  },
  encryption_secret: 'age',
};

describe('a place', () => {
  test('is shown as it was asked for', () => {
    for (const place of [S3, { volume: { claim_name: 'v', path: 'p' } }, { volume: { claim_name: 'v' } }]) {
      const shown = viewPlace(placeSetting(place) as unknown as Parameters<typeof viewPlace>[0]);
      assert.deepEqual(JSON.parse(JSON.stringify(shown)), place);
    }
  });

  test('has one line of text', () => {
    const secret = { credentialsSecret: { name: 's', accessKeyIdKey: 'a', secretAccessKeyKey: 'b' }, region: 'r' };
    assert.equal(placeText({ s3: { bucket: 'kv', prefix: 'a/b', ...secret } }), 's3://kv/a/b');
    assert.equal(placeText({ s3: { bucket: 'kv', ...secret } }), 's3://kv');
    assert.equal(placeText({ volume: { claimName: 'v', path: 'p' } }), 'v/p');
  });
});

/** What a JSON merge patch makes of a value (RFC 7396). */
function merged(live: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof live === 'object' && live !== null && !Array.isArray(live);
  const result: Record<string, unknown> = isObject ? { ...live } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

test('the patch that replaces one object by another makes exactly that of it', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer()));
  const { tree } = fc.letrec<{ tree: unknown; node: object }>((tie) => ({
    node: fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
    tree: fc.oneof({ depthSize: 'small' }, leaf, tie('node')),
  }));
  const object = fc.dictionary(name, tree, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.option(object, { nil: undefined }), object, (live, wanted) => {
      assert.deepEqual(merged(live, replacing(live, wanted)), wanted);
    }),
  );
});
