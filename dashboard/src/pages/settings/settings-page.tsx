import { DatabaseZap } from 'lucide-react';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useSession } from '../../session/session.tsx';
import { EnableForm } from './enable-form.tsx';
import { Power } from './power.tsx';
import { useStore } from './queries.ts';
import { ReadOnly } from './read-only.tsx';
import { Replicas } from './replicas.tsx';
import { Shards } from './shards.tsx';
import { StoreCard } from './store-card.tsx';
import { Timeline } from './timeline.tsx';
import { UpdateForm } from './update-form.tsx';

/** KV Storage: how the project's store is, and what may be changed of it. */
export function SettingsPage() {
  const { status, error, refetch, steps, changing, change } = useStore();
  const { identity } = useSession();
  if (error && !status) return <ProblemState error={error} onRetry={() => refetch()} />;
  if (!status) return <Skeleton lines={8} label="Loading the store" />;

  if (status.phase === null) {
    return (
      <div className="page">
        <div className="page-inner page-narrow">
          {identity.role === 'SystemAdmin' ? (
            <EnableForm project={status.project_id ?? ''} change={change} />
          ) : (
            <EmptyState icon={<DatabaseZap size={20} aria-hidden />} title="This project has no store">
              <p>Apply a KVStore for it, or sign in with an API key that has the role SystemAdmin.</p>
            </EmptyState>
          )}
        </div>
      </div>
    );
  }
  return (
    <div className="page">
      <div className="page-inner page-narrow">
        <StoreCard status={status} />
        {status.topology?.mode === 'Replicated' && <Replicas status={status} />}
        {status.topology?.mode === 'Sharded' && <Shards status={status} />}
        {steps.length > 0 && <Timeline steps={steps} changing={changing} />}
        {status.manageable ? (
          <>
            {status.enabled && <UpdateForm status={status} change={change} />}
            <Power status={status} change={change} />
          </>
        ) : (
          <ReadOnly status={status} isAdmin={identity.role === 'SystemAdmin'} />
        )}
      </div>
    </div>
  );
}
