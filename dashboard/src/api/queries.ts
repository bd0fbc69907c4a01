import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useAccount, useApi } from './api.tsx';

/** How the project's store is. `everyMs` polls while the page is in front. */
export function useStatus({ everyMs }: { everyMs?: number | false } = {}) {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['status', projectId],
    queryFn: ({ signal }) => management.status(projectId, { signal }),
    refetchInterval: everyMs ?? false,
  });
}

/** The projects that the token reaches whose ids begin with `prefix`: the first hundred. */
export function useProjects(prefix: string, enabled = true) {
  const account = useAccount();
  return useQuery({
    queryKey: ['projects', prefix],
    queryFn: ({ signal }) => account.projects({ ...(prefix === '' ? {} : { prefix }), limit: 100, signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
}
