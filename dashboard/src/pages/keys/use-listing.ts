import { useCallback, useEffect, useReducer, useRef } from 'react';
import { useApi } from '../../api/api.tsx';
import { appendPage, emptyListing, type Listing, withName, withoutName } from './listing.ts';

const PAGE = 1000;

/** The names under a prefix, and how to get more of them. */
export interface LiveListing {
  names: readonly string[];
  /** Whether all names are there. */
  complete: boolean;
  loading: boolean;
  /** Why the last page did not come. */
  error: unknown;
  /** Fetches a further page, unless one is on its way or there are no more. */
  more(): void;
  /** Begins anew. */
  reload(): void;
  add(name: string): void;
  remove(name: string): void;
}

interface State {
  listing: Listing;
  loading: boolean;
  error: unknown;
}

const start = (): State => ({ listing: emptyListing(), loading: true, error: undefined });

/** Lists the names under a prefix page by page; begins anew when the prefix changes. */
export function useListing(prefix: string): LiveListing {
  const { kv } = useApi();
  const [state, update] = useReducer((old: State, change: (old: State) => State) => change(old), undefined, start);
  const current = useRef(state);
  current.current = state;
  const run = useRef<AbortController>(undefined);

  const fetchPage = useCallback(
    async (cursor: string | null | undefined, signal: AbortSignal) => {
      try {
        const from = cursor == null ? {} : { cursor };
        const page = await kv.scan({ ...(prefix === '' ? {} : { prefix }), ...from, limit: PAGE, signal });
        if (signal.aborted) return;
        update(({ listing }) => ({ listing: appendPage(listing, page), loading: false, error: undefined }));
      } catch (error) {
        if (!signal.aborted) update((old) => ({ ...old, loading: false, error }));
      }
    },
    [kv, prefix],
  );

  const reload = useCallback(() => {
    run.current?.abort();
    run.current = new AbortController();
    update(start);
    fetchPage(undefined, run.current.signal);
  }, [fetchPage]);

  const more = useCallback(() => {
    const { listing, loading } = current.current;
    if (loading || listing.cursor === null || !run.current) return;
    // Set at once: a scroll may ask again before the next rendering.
    current.current = { ...current.current, loading: true };
    update((old) => ({ ...old, loading: true, error: undefined }));
    fetchPage(listing.cursor, run.current.signal);
  }, [fetchPage]);

  useEffect(() => {
    reload();
    return () => run.current?.abort();
  }, [reload]);

  const add = useCallback((name: string) => update((old) => ({ ...old, listing: withName(old.listing, name) })), []);
  const remove = useCallback(
    (name: string) => update((old) => ({ ...old, listing: withoutName(old.listing, name) })),
    [],
  );
  const { listing, loading, error } = state;
  return { names: listing.names, complete: listing.cursor === null, loading, error, more, reload, add, remove };
}
