import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useApi } from '../../api/api.tsx';

const EVERY_MS = 15_000;

/** What the project has used of this month's budget. */
export function useUsage() {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['usage', projectId],
    queryFn: ({ signal }) => management.usage(projectId, { signal }),
    refetchInterval: EVERY_MS,
  });
}

/** The last 24 hours or 31 days. The former stays until the other has come. */
export function useUsageHistory(period: 'day' | 'month') {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['usage-history', projectId, period],
    queryFn: ({ signal }) => management.usageHistory({ projectId, period }, { signal }),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
}
