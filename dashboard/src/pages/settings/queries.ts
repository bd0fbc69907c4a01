import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { StoreStatus, StoreWish } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';
import { useStatus } from '../../api/queries.ts';
import { begin, isGoingOn, isSettled, record, type Step } from './change.ts';

const SETTLED_MS = 10_000;
const CHANGING_MS = 1000;

/** The Redis versions that a store may have here. */
export function useVersions() {
  const { management } = useApi();
  return useQuery({
    queryKey: ['versions'],
    queryFn: ({ signal }) => management.versions({ signal }),
    staleTime: 60_000,
  });
}

/** What can be done to the store. */
export interface Change {
  kind: 'enable' | 'update' | 'disable';
  wish?: StoreWish;
  /** What is asked for, in words. */
  words: string;
}

/** The store with what goes on with it, followed each second while something does, and how to change it. */
export function useStore() {
  const { management, projectId } = useApi();
  const queries = useQueryClient();
  const [unsettled, setUnsettled] = useState(false);
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const changing = unsettled || isGoingOn(steps);
  const { data, error, refetch, dataUpdatedAt } = useStatus({ everyMs: changing ? CHANGING_MS : SETTLED_MS });

  useEffect(() => {
    if (!data) return;
    setUnsettled(!isSettled(data));
    setSteps((seen) => record(seen, data, dataUpdatedAt));
  }, [data, dataUpdatedAt]);

  const show = useCallback(
    (status: StoreStatus) => queries.setQueryData(['status', projectId], status),
    [queries, projectId],
  );
  const change = useMutation({
    async mutationFn({ kind, wish }: Change): Promise<StoreStatus> {
      if (kind === 'enable') return (await management.enable({ projectId, ...wish })).status;
      if (kind === 'update') return (await management.update({ projectId, ...wish })).status;
      await management.disable(projectId);
      return management.status(projectId);
    },
    async onSuccess(status, { words }) {
      // An answer to an earlier poll must not come after this one.
      await queries.cancelQueries({ queryKey: ['status', projectId] });
      setSteps(begin(words, Date.now(), data?.requested));
      show(status);
      queries.invalidateQueries({ queryKey: ['projects'] });
    },
  });
  return { status: data, error, refetch, steps, changing, change };
}
