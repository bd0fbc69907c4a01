import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EdgeVM } from '@edge-runtime/vm';
import { run } from '../../../cluster/command.ts';
import { startBrowser } from '../../browser/start.ts';
import { exercise, expected } from './exercise.ts';
import { ensureNode18 } from './node18.ts';
import { bundleSdk, type PackedSdk, packSdk } from './packed.ts';
import { type Stage, startStage } from './stage.ts';

describe('the package of the SDK does the same everywhere', () => {
  let stage: Stage;
  let packed: PackedSdk;
  let program: string;
  before(async () => {
    [stage, packed] = await Promise.all([startStage(), packSdk()]);
    const args = [stage.url, stage.tokens.sk_live_].map((arg) => JSON.stringify(arg)).join(', ');
    program = `(${exercise})(sdk, ${args})`;
  });
  after(async () => {
    await stage?.close();
    await packed?.remove();
  });

  test('Node 18', async () => {
    const script = join(packed.directory, 'exercise.mjs');
    const told = 'console.log(process.version + JSON.stringify(result))';
    await writeFile(script, `import * as sdk from '@cubby-dev/sdk';\nconst result = await ${program};\n${told};\n`);
    const output = await run(await ensureNode18(), [script]);
    const [, version, result = ''] = /^(v\d+)[.\d]*(.*)$/s.exec(output) ?? [];
    assert.equal(version, 'v18');
    assert.deepEqual(JSON.parse(result), expected);
  });

  test('an edge runtime, which has no Node', async () => {
    const runtime = new EdgeVM();
    runtime.evaluate(await bundleSdk(packed));
    assert.equal(runtime.evaluate('typeof process'), 'undefined');
    assert.deepEqual(structuredClone(await runtime.evaluate(program)), expected);
  });

  test('Chromium, on a page of the same origin', async () => {
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      const html = `<!doctype html><script>${await bundleSdk(packed)}</script>`;
      await page.route(`${stage.url}/page`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
      await page.goto(`${stage.url}/page`);
      assert.deepEqual(await page.evaluate(program), expected);
    } finally {
      await browser.close();
    }
  });
});
