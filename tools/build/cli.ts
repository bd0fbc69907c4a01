import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles the command line into <outdir>/cubby.js: one file, with all that it needs but Node. */
export async function buildCli(root: string, outdir: string): Promise<void> {
  const outfile = join(outdir, 'cubby.js');
  await build({
    absWorkingDir: root,
    entryPoints: ['cli/main.ts'],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    legalComments: 'none',
    logLevel: 'warning',
    // Bundled CommonJS packages call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  chmodSync(outfile, 0o755);
}
