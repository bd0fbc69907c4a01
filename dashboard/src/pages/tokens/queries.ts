import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { TokenWish } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';

const PENDING_MS = 1000;

/** The tokens that are bound to the project; asked again each second while one is not accepted yet. */
export function useTokens() {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['tokens', projectId],
    queryFn: async ({ signal }) => (await management.tokens.list(projectId, { signal })).tokens,
    refetchInterval: ({ state }) => (state.data?.some((token) => token.state === 'pending') ? PENDING_MS : false),
  });
}

/** Makes a token. What it answers with is kept by nobody but who called. */
export function useCreateToken() {
  const { management, projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wish: TokenWish) => management.tokens.create({ projectId, ...wish }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens', projectId] }),
    // The value must not stay in the cache after the dialog that shows it.
    gcTime: 0,
  });
}

/** Revokes a token by its name. */
export function useRevokeToken() {
  const { management, projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => management.tokens.revoke(name, projectId),
    onSettled: () => queries.invalidateQueries({ queryKey: ['tokens', projectId] }),
  });
}
