import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/** Emits the SDK's modules and types, one file each, into sdk/dist. */
export function buildSdk(root: string): void {
  rmSync(join(root, 'sdk/dist'), { recursive: true, force: true });
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['--project', 'sdk'], {
    cwd: root,
    stdio: 'inherit',
  });
}
