import { Archive, CloudUpload } from 'lucide-react';
import { useState } from 'react';
import type { Backup, StoreStatus } from '../../../../sdk/src/index.ts';
import { useStatus } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useSession } from '../../session/session.tsx';
import { BackupDialog } from './backup-dialog.tsx';
import { BackupTable } from './backup-table.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { PlaceCard } from './place-card.tsx';
import { useBackups } from './queries.ts';
import { RestoreDialog } from './restore-dialog.tsx';
import { RestoreProgress } from './restore-progress.tsx';
import { ScheduleCard } from './schedule-card.tsx';

const RESTORING_MS = 1000;

/** The backups of the project: made now and by schedules, restored, deleted. */
export function BackupsPage() {
  const { data, error, refetch } = useBackups();
  const [following, setFollowing] = useState(false);
  const { data: status } = useStatus({ everyMs: following && RESTORING_MS });
  const { identity } = useSession();
  const [asking, setAsking] = useState(false);
  const [restoring, setRestoring] = useState<Backup>();
  const [deleting, setDeleting] = useState<Backup>();
  const mayManage = status?.manageable === true;
  const mayBackUp = mayManage && status.phase !== null && data?.place != null;

  const now = (
    <Button variant="primary" icon={<CloudUpload size={16} aria-hidden />} onClick={() => setAsking(true)}>
      Back up now
    </Button>
  );
  return (
    <div className="page">
      <div className="page-inner">
        <div className="section-head">
          <p className="soft">A backup is all data of the store at one moment. Backups outlive it.</p>
          {mayBackUp && data.backups.length > 0 && now}
        </div>
        {status?.restore && <RestoreProgress restore={status.restore} onRunning={setFollowing} />}
        {error && !data && <ProblemState error={error} onRetry={() => refetch()} />}
        {!data && !error && <Skeleton lines={5} label="Loading the backups" />}
        {data?.backups.length === 0 && (
          <EmptyState
            icon={<Archive size={20} aria-hidden />}
            title="No backups yet"
            actions={mayBackUp ? now : undefined}
          >
            <p>{data.place ? 'Make one now, or let a schedule make them.' : 'First say where they go.'}</p>
          </EmptyState>
        )}
        {data && data.backups.length > 0 && (
          <BackupTable backups={data.backups} {...(mayManage && { onRestore: setRestoring, onDelete: setDeleting })} />
        )}
        {data && status?.name && <PlaceCard place={data.place} mayManage={mayManage} />}
        {status?.name && <ScheduleCard store={status.name} mayManage={mayManage} hasPlace={data?.place != null} />}
        {status?.name && !mayManage && <Rights status={status} isAdmin={identity.role === 'SystemAdmin'} />}
      </div>
      {asking && <BackupDialog onClose={() => setAsking(false)} />}
      {restoring && (
        <RestoreDialog
          backup={restoring}
          onClose={() => setRestoring(undefined)}
          onBegun={() => {
            setRestoring(undefined);
            setFollowing(true);
          }}
        />
      )}
      {deleting && <DeleteDialog backup={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

/** Why backups can only be looked at, and how they are made. */
function Rights({ status, isAdmin }: { status: StoreStatus; isAdmin: boolean }) {
  return (
    <section className="card section" aria-labelledby="rights-title">
      <div>
        <h2 id="rights-title">Backups are made in Kubernetes</h2>
        <p className="soft">
          {isAdmin
            ? 'This store is not one that is made over the API, and neither are its backups. Whoever may in its namespace can make one:'
            : 'This token may look at backups, not make or restore them. Sign in with an API key that has the role SystemAdmin, or make one where you may:'}
        </p>
      </div>
      <Command line={`cubby -n ${status.namespace} backup ${status.name}`} />
    </section>
  );
}
