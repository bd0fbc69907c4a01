import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { bundleSdk, type PackedSdk, packSdk } from './packed.ts';

/** What the SDK may weigh, minified and compressed; docs/sdk.md states what it does. */
const BUDGET_BYTES = 4500;

describe('the package of the SDK', () => {
  let packed: PackedSdk;
  before(async () => {
    packed = await packSdk();
  });
  after(() => packed?.remove());

  test('publint has nothing to say', async () => {
    const pkgDir = join(packed.directory, 'node_modules/@cubby-dev/sdk');
    const { messages } = await publint({ pkgDir, pack: false, strict: true });
    assert.deepEqual(messages, []);
  });

  test('types resolve however they are looked for; that require() finds a module is all there is to say', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(packed.tarball)));
    assert.ok(result.types);
    assert.deepEqual(
      result.problems.map(({ kind }) => kind),
      ['CJSResolvesToESM'],
    );
  });

  test('it depends on nothing', () => {
    const manifest = JSON.parse(
      readFileSync(join(packed.directory, 'node_modules/@cubby-dev/sdk/package.json'), 'utf8'),
    );
    const kinds = Object.keys(manifest).filter((name) => /dependencies$/i.test(name));
    assert.deepEqual(kinds, []);
  });

  test(`it has at most ${BUDGET_BYTES} bytes, minified and compressed, as the documentation says`, async () => {
    const bytes = gzipSync(await bundleSdk(packed), { level: 9 }).length;
    assert.ok(bytes <= BUDGET_BYTES, `${bytes} bytes`);
    const page = readFileSync(join(import.meta.dirname, '../../../docs/sdk.md'), 'utf8');
    const [, stated] = /(\d\.\d) kB minified and compressed/.exec(page) ?? [];
    assert.ok(
      Math.abs(Number(stated) - bytes / 1000) <= 0.1,
      `${bytes} bytes, and the documentation says ${stated} kB`,
    );
  });
});
