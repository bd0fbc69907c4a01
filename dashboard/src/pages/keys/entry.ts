import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CubbyError } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';
import type { WriteFields } from '../../api/entries.ts';

/** The value of a key. */
export function useEntry(key: string) {
  const { entries, projectId } = useApi();
  return useQuery({
    queryKey: ['entry', projectId, key],
    queryFn: ({ signal }) => entries.get(key, { signal }),
    staleTime: 0,
    // A key's value is not kept in memory once nobody looks at it.
    gcTime: 0,
  });
}

/** Writes a key, and shows what was written. */
export function useWrite() {
  const { entries, projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...fields }: WriteFields & { key: string }) => entries.put(key, fields),
    onSuccess: (entry, { key }) => {
      queries.setQueryData(['entry', projectId, key], entry);
      queries.invalidateQueries({ queryKey: ['status', projectId] });
    },
  });
}

/** Deletes a key; one that is gone already is what was asked for. */
export function useDelete() {
  const { kv, projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      kv.delete(key).catch((error: unknown) => {
        if (!(error instanceof CubbyError && error.code === 'not_found')) throw error;
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['status', projectId] }),
  });
}

/** Adds to a counter. */
export function useIncrement() {
  const { kv, projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ key, delta }: { key: string; delta: number }) => kv.increment(key, { delta }),
    onSuccess: (_, { key }) => queries.invalidateQueries({ queryKey: ['entry', projectId, key] }),
  });
}
