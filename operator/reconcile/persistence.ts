import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import { persistenceDirectives } from '../resources/redis-conf.ts';
import type { Finding } from '../status/finding.ts';
import type { RedisLook } from './look.ts';

type Mode = KVStoreSpec['persistence']['mode'];

/** The next move from one persistence mode to another in a running Redis. */
export interface PersistenceMove {
  set: Record<string, string>;
  snapshot: boolean;
  /** The mode whose files are now complete and the newest: what a start must read. */
  filesAre: Mode | undefined;
  step: Finding<'SwitchingPersistence'> | undefined;
}

/** A snapshot younger than this many seconds is the one made for the change of mode. */
const FRESH_SECONDS = 120;

/**
 * Changes the mode without a moment in which a restart would find files that are old or incomplete: the new kind of
 * file is complete before `startMode` (what redis.conf says) changes, and only then is the old kind given up.
 */
export function movePersistence(wanted: Mode, startMode: Mode, { info, config }: RedisLook): PersistenceMove {
  const target = persistenceDirectives(wanted);
  const switching = (message: string): Finding<'SwitchingPersistence'> => ({ reason: 'SwitchingPersistence', message });
  const move: PersistenceMove = { set: {}, snapshot: false, filesAre: undefined, step: undefined };
  if (info.loading) return move;
  if (config.save !== target.save && (wanted !== 'aof' || startMode === 'aof')) move.set.save = target.save;

  if (wanted === 'aof') {
    if (!info.aof.enabled)
      return { ...move, set: { ...move.set, appendonly: 'yes' }, step: switching('Redis starts its append-only file') };
    if (startMode === 'aof') return move;
    if (info.aof.rewriting || !info.aof.lastRewriteOk)
      return { ...move, step: switching('Redis writes its data into the append-only file') };
    return { ...move, filesAre: 'aof', step: switching('the append-only file is complete') };
  }
  if (wanted === 'rdb' && startMode !== 'rdb') {
    const { running, lastOk, ageSeconds } = info.snapshot;
    if (!running && lastOk && ageSeconds !== undefined && ageSeconds <= FRESH_SECONDS)
      return { ...move, filesAre: 'rdb', step: switching('the snapshot is complete') };
    return {
      ...move,
      snapshot: !running,
      step: switching('Redis saves a snapshot before its append-only file is given up'),
    };
  }
  if (info.aof.enabled) return { ...move, set: { ...move.set, appendonly: 'no' } };
  return move;
}
