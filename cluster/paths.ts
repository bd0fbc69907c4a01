import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of this clone. */
export const cloneDirectory: string = resolve(import.meta.dirname, '..');

/** What the cluster of this clone keeps on disk; removed by nobody but its user. */
export const stateDirectory: string = join(cloneDirectory, '.cluster');

/** Builds that every clone of this user shares (XDG base directory specification). */
export const cacheDirectory: string = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cubby');
