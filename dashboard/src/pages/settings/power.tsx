import { Power as PowerIcon } from 'lucide-react';
import { useState } from 'react';
import type { StoreStatus } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import type { useStore } from './queries.ts';

interface PowerProps {
  status: StoreStatus;
  change: ReturnType<typeof useStore>['change'];
}

const REFUSED = 'Redis stops, and every request of this project answers 503 until KV is enabled again.';

/** Stops the store, with its data kept, or wakes it. */
export function Power({ status, change }: PowerProps) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const busy = change.isPending && change.variables.kind !== 'update';
  const failed = change.variables?.kind === 'update' ? null : change.error;
  if (!status.requested?.enabled) {
    return (
      <section className="card section power" aria-labelledby="power-title">
        <div>
          <h2 id="power-title">Stopped</h2>
          <p className="soft">
            Redis does not run, and requests answer 503. {status.persistence && 'The data is kept.'}
          </p>
        </div>
        <Button
          variant="primary"
          icon={<PowerIcon size={16} aria-hidden />}
          busy={busy}
          onClick={() => change.mutate({ kind: 'enable', words: 'To run again.' })}
        >
          Enable KV
        </Button>
        {failed && <ProblemNotice error={failed} />}
      </section>
    );
  }
  return (
    <section className="card section power" aria-labelledby="power-title">
      <div>
        <h2 id="power-title">Disable KV</h2>
        <p className="soft">
          Stops Redis and frees its memory.{' '}
          {status.persistence
            ? 'The data is kept, and comes back with it.'
            : 'The data is lost: the store keeps none on disk.'}
        </p>
      </div>
      <Button icon={<PowerIcon size={16} aria-hidden />} onClick={() => setAsking(true)}>
        Disable KV
      </Button>
      <ConfirmDialog
        open={asking}
        title={`Disable KV for ${status.project_id}?`}
        confirmLabel="Disable KV"
        busy={busy}
        error={failed}
        onConfirm={() => change.mutate({ kind: 'disable', words: 'To stop.' }, { onSuccess: close })}
        onClose={close}
      >
        {REFUSED} {status.persistence ? 'The data is kept.' : 'This store keeps nothing on disk: its data is lost.'}
      </ConfirmDialog>
    </section>
  );
}
