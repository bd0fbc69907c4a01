import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cloneDirectory } from '../../../cluster/paths.ts';

/** The revision that an upgrade comes from. To be moved with every release, to that of the release before. */
export const PREVIOUS_RELEASE = '4028de6650f1e3db66ad26994cdbf94340866019';

/** Puts the files of that revision into `directory`; throws where the history of this clone lacks it. */
export function unpackPreviousRelease(directory: string): void {
  const archive = join(directory, 'release.tar');
  const git = spawnSync('git', ['archive', '--output', archive, PREVIOUS_RELEASE], {
    cwd: cloneDirectory,
    encoding: 'utf8',
  });
  if (git.status !== 0) {
    const remedy = 'this test needs the whole history: fetch it with `git fetch --unshallow`';
    throw new Error(`the previous release, ${PREVIOUS_RELEASE}, is not in this clone; ${remedy}\n${git.stderr}`);
  }
  const tar = spawnSync('tar', ['--extract', '--file', archive, '--directory', directory], { encoding: 'utf8' });
  if (tar.status !== 0) throw new Error(`the previous release was not unpacked: ${tar.stderr}`);
}
