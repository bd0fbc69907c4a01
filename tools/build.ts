// Builds what the image carries into dist, and the npm packages beside their package.json. An argument names another
// folder than dist, and then the packages are left out.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildCli } from './build/cli.ts';
import { buildDashboard } from './build/dashboard.ts';
import { buildProcesses } from './build/processes.ts';
import { buildSdk } from './build/sdk.ts';

const root = join(import.meta.dirname, '..');
const [elsewhere] = process.argv.slice(2);
const outdir = resolve(root, elsewhere ?? 'dist');

rmSync(outdir, { recursive: true, force: true });
await Promise.all([buildProcesses(root, outdir), buildDashboard(root, join(outdir, 'dashboard'))]);
if (elsewhere === undefined) {
  buildSdk(root);
  await buildCli(root, join(root, 'cli/dist'));
}
