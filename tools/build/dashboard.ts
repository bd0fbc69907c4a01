import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';

/** What index.html has in place of each name, and the entry that the name stands for. */
const ENTRIES = {
  icon: 'dashboard/assets/icon.svg',
  theme: 'dashboard/src/theme/boot.ts',
  style: 'dashboard/src/styles/index.css',
  script: 'dashboard/src/main.tsx',
} as const;

/**
 * Bundles the dashboard's pages into <outdir>: index.html, and under assets/ files whose names hold a hash of their
 * content. Each is there once more in Brotli's compression.
 */
export async function buildDashboard(root: string, outdir: string): Promise<void> {
  const common = {
    absWorkingDir: root,
    outdir,
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    assetNames: 'assets/[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true as const,
    target: ['chrome120', 'firefox121', 'safari17'],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none' as const,
    logLevel: 'warning' as const,
  } satisfies BuildOptions;
  const [pages, first] = await Promise.all([
    build({
      ...common,
      entryPoints: { app: ENTRIES.script, style: ENTRIES.style, icon: ENTRIES.icon },
      loader: { '.svg': 'copy' },
      format: 'esm',
      splitting: true,
      jsx: 'automatic',
    }),
    // A classic script, since it has to run before the page is painted.
    build({ ...common, entryPoints: { theme: ENTRIES.theme }, format: 'iife' }),
  ]);
  const names: Record<string, string> = {
    theme: outputOf(first.metafile, ENTRIES.theme),
    icon: outputOf(pages.metafile, ENTRIES.icon),
    style: outputOf(pages.metafile, ENTRIES.style),
    script: outputOf(pages.metafile, ENTRIES.script),
  };
  const page = readFileSync(join(root, 'dashboard/index.html'), 'utf8');
  writeFileSync(
    join(outdir, 'index.html'),
    page.replace(/%(\w+)%/g, (_, name: string) => names[name] ?? ''),
  );
  for (const file of globSync('**/*.{html,js,css,svg}', { cwd: outdir })) {
    writeFileSync(join(outdir, `${file}.br`), brotliCompressSync(readFileSync(join(outdir, file))));
  }
}

function outputOf(metafile: Metafile, entry: string): string {
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (output.entryPoint === entry) return `assets/${basename(path)}`;
  }
  throw new Error(`${entry} was not built`);
}
