import { useEffect } from 'react';
import type { StoreRestore } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';
import type { Tone } from '../../components/tone.ts';
import { formatMoment } from '../../time/duration.ts';
import { formatCount } from '../usage/format.ts';
import { RESTORE_STEPS } from './words.ts';

interface RestoreProgressProps {
  restore: StoreRestore;
  /** Told when the restore is under way, and when it is no more. */
  onRunning(running: boolean): void;
}

/** How far the restore is that was last begun, or how it came out; read aloud as it goes on. */
export function RestoreProgress({ restore, onRunning }: RestoreProgressProps) {
  const { phase, keys, expected_keys, finished_at, message } = restore;
  const isRunning = phase !== 'Completed' && phase !== 'Failed';
  useEffect(() => {
    if (!isRunning) return;
    onRunning(true);
    return () => onRunning(false);
  }, [isRunning, onRunning]);
  const tone: Tone = phase === 'Completed' ? 'good' : phase === 'Failed' ? 'danger' : 'blue';
  return (
    <section className="card section" aria-labelledby="restore-title">
      <div className="section-head">
        <h2 id="restore-title">{isRunning ? 'Restore under way' : 'Last restore'}</h2>
        <Badge tone={tone} dot>
          {phase}
        </Badge>
      </div>
      <div aria-live="polite">
        <p>{RESTORE_STEPS[phase]}</p>
        {message !== null && <p className="soft">{message}</p>}
        {phase === 'Completed' && keys !== null && expected_keys !== null && (
          <p className="soft">
            {formatCount(keys)} of {formatCount(expected_keys)} keys; those that expired meanwhile are not restored.
          </p>
        )}
        {finished_at !== null && <p className="soft">{formatMoment(Date.parse(finished_at))}</p>}
      </div>
    </section>
  );
}
