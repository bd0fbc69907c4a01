import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ArrowLeftRight } from 'lucide-react';
import { useState } from 'react';
import type { StoreMember, StoreStatus } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useToast } from '../../components/toast.tsx';
import { formatBytes } from '../usage/format.ts';
import { MemberTable } from './member-table.tsx';

/** The primary and the replicas of a store, how far they are behind, and the button that lets one take over. */
export function Replicas({ status }: { status: StoreStatus }) {
  const [asking, setAsking] = useState(false);
  const { management, projectId } = useApi();
  const queries = useQueryClient();
  const toast = useToast();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => management.failover(projectId),
    onSuccess() {
      toast('Asked for the failover');
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ['status', projectId] });
    },
  });
  const isPossible = status.members.some(({ role, ready, linked }) => role === 'Replica' && ready && linked);
  return (
    <section className="card section" aria-labelledby="replicas-title">
      <div className="section-head">
        <h2 id="replicas-title">Primary and replicas</h2>
        {status.manageable && (
          <Button
            icon={<ArrowLeftRight size={16} aria-hidden />}
            disabled={!isPossible}
            onClick={() => setAsking(true)}
          >
            Fail over
          </Button>
        )}
      </div>
      <MemberTable members={status.members} detail="Behind" detailOf={lagWords} />
      <ConfirmDialog
        open={asking}
        title="Make a replica the primary?"
        confirmLabel="Fail over"
        danger={false}
        busy={isPending}
        error={error}
        onConfirm={() => mutate()}
        onClose={() => setAsking(false)}
      >
        Writes wait for a moment until the replica has all of them. None is lost.
      </ConfirmDialog>
    </section>
  );
}

function lagWords({ role, linked, lag_bytes }: StoreMember) {
  if (role === 'Primary') return '–';
  if (linked === false) return <Badge tone="warn">Not connected</Badge>;
  return lag_bytes === null ? '–' : formatBytes(lag_bytes);
}
