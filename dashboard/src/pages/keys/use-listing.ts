import { useCallback, useEffect, useRef, useState } from 'react';
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
  const [state, show] = useState(start);
  // Changed here and shown as it is: React may run an updater twice, and a listing grows in place.
  const current = useRef(state);
  const update = useCallback((change: (old: State) => State) => {
    current.current = change(current.current);
    show(current.current);
  }, []);
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
    [kv, prefix, update],
  );

  const reload = useCallback(() => {
    run.current?.abort();
    run.current = new AbortController();
    update(start);
    fetchPage(undefined, run.current.signal);
  }, [fetchPage, update]);

  const more = useCallback(() => {
    const { listing, loading } = current.current;
    if (loading || listing.cursor === null || !run.current) return;
    update((old) => ({ ...old, loading: true, error: undefined }));
    fetchPage(listing.cursor, run.current.signal);
  }, [fetchPage, update]);

  useEffect(() => {
    reload();
    return () => run.current?.abort();
  }, [reload]);

  const add = useCallback(
    (name: string) => update((old) => ({ ...old, listing: withName(old.listing, name) })),
    [update],
  );
  const remove = useCallback(
    (name: string) => update((old) => ({ ...old, listing: withoutName(old.listing, name) })),
    [update],
  );
  const { listing, loading, error } = state;
  return { names: listing.names, complete: listing.cursor === null, loading, error, more, reload, add, remove };
}
