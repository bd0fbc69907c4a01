import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { consoleProgress } from '../../cluster/progress.ts';
import { createNamespace, startCluster } from './operator/world.ts';

const folder = join(import.meta.dirname, '../../examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const { server, client } = await startCluster();
let kubectl: string;

before(async () => {
  ({ kubectl } = await ensureBinaries(['kubectl'], consoleProgress));
  // What a dry run puts into a namespace needs it to be there; Cubby's own is there already.
  for (const name of ['quickstart', 'team-shop']) await createNamespace(client, name);
});

/** What the API server says to a file; rejects where it refuses a part of it. A field that it does not know is refused. */
async function dryRun(manifest: string): Promise<{ objects: string[]; warnings: string[] }> {
  const warnings: string[] = [];
  const args = ['apply', '--dry-run=server', '--validate=strict', '--filename', '-', '--output', 'name'];
  const output = await run(kubectl, ['--kubeconfig', server.kubeconfig, ...args], {
    input: manifest,
    onLine: (line) => line.startsWith('Warning:') && !line.includes('last-applied') && warnings.push(line),
  });
  return { objects: output.trim().split('\n'), warnings };
}

for (const file of files) {
  test(`the API server takes ${file} as it stands and warns of nothing`, async () => {
    const manifest = readFileSync(join(folder, file), 'utf8');
    const { objects, warnings } = await dryRun(manifest);
    assert.equal(objects.length, manifest.split('\n---\n').length, objects.join());
    assert.deepEqual(warnings, []);
  });
}

test('an example with a field that is not there would have been refused', async () => {
  const manifest = readFileSync(join(folder, 'cached.yaml'), 'utf8');
  await assert.rejects(dryRun(manifest.replace('reads: cached', 'reeds: cached')), /unknown field "spec.reeds"/);
});

test('the list of examples names every one of them, and says in its first line what it shows', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const file of files) {
    assert.ok(list.includes(`[${file}](${file})`), `${file} is not in examples/README.md`);
    assert.match(readFileSync(join(folder, file), 'utf8'), /^# [A-Z]/, `${file} begins with no comment`);
  }
});
