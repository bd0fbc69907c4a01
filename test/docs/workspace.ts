import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { createProgress } from '../../cluster/progress.ts';
import { buildCli } from '../../tools/build/cli.ts';
import { buildSdk } from '../../tools/build/sdk.ts';

const root = join(import.meta.dirname, '../..');

/**
 * curl as it is, but a refused request is a failed command, unless the page asks for status or headers and so shows the
 * refusal.
 */
const CURL = `#!/bin/sh
for word; do
  case "$word" in
    -w|--write-out*|-sw) exec /usr/bin/curl --silent --show-error "$@" ;;
    -i|--include|-si) exec /usr/bin/curl --silent --show-error --write-out '\\n' "$@" ;;
  esac
done
exec /usr/bin/curl --silent --show-error --fail-with-body --write-out '\\n' "$@"
`;

/** What pages are run in: the clone under other paths, so that what a page writes is in no one's way, and programs. */
export interface Workspace {
  /** A directory for one page with everything of the clone, but `.cluster/` of its own. */
  createDirectory(name: string): string;
  /** The PATH of pages: kubectl, helm and the command line of this clone, then the caller's. */
  path: string;
  remove(): void;
}

/** Makes the workspace, with the command line and the SDK built from this clone. */
export async function createWorkspace(): Promise<Workspace> {
  const parent = mkdtempSync(join(tmpdir(), 'cubby-docs-'));
  const programs = join(parent, 'bin');
  mkdirSync(programs);
  buildSdk(root);
  await buildCli(root, join(parent, 'cli'));
  const { kubectl, helm } = await ensureBinaries(['kubectl', 'helm'], createProgress(console.error));
  symlinkSync(kubectl, join(programs, 'kubectl'));
  symlinkSync(helm, join(programs, 'helm'));
  symlinkSync(process.execPath, join(programs, 'node'));
  const cubby = `#!/bin/sh\nexec '${process.execPath}' '${join(parent, 'cli/cubby.js')}' "$@"\n`;
  const npm =
    '#!/bin/sh\necho "a page may not run npm, which would change the clone: say why it is not run" >&2\nexit 1\n';
  for (const [name, text] of [
    ['cubby', cubby],
    ['kubectl-cubby', cubby],
    ['curl', CURL],
    ['npm', npm],
  ] as const) {
    writeFileSync(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  }
  return {
    createDirectory(name) {
      const directory = join(parent, name);
      mkdirSync(directory);
      for (const entry of readdirSync(root)) {
        if (entry !== '.cluster') symlinkSync(join(root, entry), join(directory, entry));
      }
      mkdirSync(join(directory, '.cluster'));
      symlinkSync(programs, join(directory, '.cluster/bin'));
      return directory;
    },
    path: `${programs}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}
