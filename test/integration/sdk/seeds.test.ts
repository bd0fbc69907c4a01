import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { run } from '../../../cluster/command.ts';
import { createKVClient } from '../../../sdk/src/index.ts';
import { type PackedSdk, packSdk } from './packed.ts';
import * as snippets from './snippets.ts';
import { type Stage, startStage } from './stage.ts';

const root = join(import.meta.dirname, '../../..');

/** A program around the snippets about `ss`; each in a function of its own, for their names would clash. */
const infra = `
import { createClient } from '@cubby-dev/sdk';

const ss = createClient(process.env.TOKEN, { baseUrl: process.env.BASE_URL });
const userId = 'u_123';

async function set() {
${snippets.setValue}
}
async function get() {
${snippets.getValue}
return { value: entry.value, expires: entry.expires_at !== null };
}
async function increment(): Promise<Response | number> {
${snippets.incrementValue}
return value;
}
async function scan() {
${snippets.scanKeys}
return { keys: result.keys.sort(), next: result.next_cursor };
}
async function batch() {
${snippets.batchOperations}
return results;
}

await set();
const entry = await get();
const batched = await batch();
const scanned = await scan();
let counted: Response | number = 0;
for (let calls = 0; calls < 101; calls++) counted = await increment();
const limited = counted instanceof Response ? [counted.status, await counted.text()] : counted;
console.log(JSON.stringify({ entry, batched, scanned, limited }));
`;

describe('the TypeScript of the public documents, with only host and token replaced', () => {
  let stage: Stage;
  let packed: PackedSdk;
  before(async () => {
    [stage, packed] = await Promise.all([startStage(), packSdk()]);
  });
  after(async () => {
    await stage?.close();
    await packed?.remove();
  });
  beforeEach(() => stage.clear());

  /** Compiles a program against the published types, runs it against the published modules, and gives what it prints. */
  async function runProgram(name: string, source: string, env: Record<string, string>): Promise<string> {
    const file = join(packed.directory, `${name}.mts`);
    await writeFile(file, source);
    const flags = '--noEmit --strict --target es2022 --module nodenext --skipLibCheck false --types node --typeRoots';
    const tsc = join(root, 'node_modules/.bin/tsc');
    await run(tsc, [...flags.split(' '), join(root, 'node_modules/@types'), file], { cwd: packed.directory });
    return run(process.execPath, [file], { env });
  }

  for (const prefix of ['sk_live_', 'dt_'] as const) {
    test(`ss.infra.kv with a token ${prefix}`, async () => {
      const env = { TOKEN: stage.tokens[prefix], BASE_URL: stage.url };
      assert.deepEqual(JSON.parse(await runProgram('infra', infra, env)), {
        entry: { value: { userId: 'u_123', role: 'admin' }, expires: true },
        batched: [
          { key: 'config:flags', value: null, status: 'not_found' },
          { key: 'session:new', value: { userId: 'u_456' }, status: 'ok' },
          { key: 'session:old', value: null, status: 'not_found' },
        ],
        scanned: { keys: ['session:new', 'session:u_123'], next: null },
        limited: [429, 'Rate limited'],
      });
    });
  }

  test('createKVClient of @temps-sdk/kv', async () => {
    const kv = createKVClient({ baseUrl: stage.url, token: stage.tokens.dt_ });
    await kv.set('session:1', true);
    const source = snippets.kvClient.replace('https://your-temps-instance.com', stage.url);
    const told = `\nconsole.log(JSON.stringify({ views, sessions }));\n`;
    const output = await runProgram('kv', source + told, { TEMPS_DEPLOYMENT_TOKEN: stage.tokens.dt_ });
    const [shown = '', rest = ''] = output.trim().split('\n');
    assert.equal(shown, "{ name: 'Alice', role: 'admin' }");
    assert.deepEqual(JSON.parse(rest), { views: 1, sessions: ['session:1'] });
    assert.equal(await kv.get('user:123'), null);
  });

  test('a program that is wrong does not compile', async () => {
    const wrong = infra.replace('next: result.next_cursor', 'next: result.nextCursor');
    await assert.rejects(runProgram('wrong', wrong, {}), /nextCursor/);
  });
});
