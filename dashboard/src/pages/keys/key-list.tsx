import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from 'react';
import { explain } from '../../api/problem.ts';
import { Button } from '../../components/button.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import type { ValueKind } from '../../json/kind.ts';
import { KindBadge } from './kind-badge.tsx';
import type { LiveListing } from './use-listing.ts';

const ROW_PX = 40;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 300;

interface KeyListProps {
  listing: LiveListing;
  openKey: string | undefined;
  /** What is known of the values' kinds. */
  kinds: ReadonlyMap<string, ValueKind>;
  listRef: RefObject<HTMLDivElement | null>;
  onOpen(key: string): void;
}

/** The names as a list of which only the rows in sight are in the page; more are fetched as its end comes near. */
export function KeyList({ listing, openKey, kinds, listRef, onOpen }: KeyListProps) {
  const { names, complete, loading, error, more } = listing;
  const id = useId();
  const [active, setActive] = useState(0);
  const rows = useVirtualizer({
    count: names.length,
    getScrollElement: () => listRef.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    paddingStart: 4,
    paddingEnd: 4,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const wanted = !complete && !loading && error === undefined && last >= names.length - AHEAD;
  useEffect(() => {
    if (wanted) more();
  }, [wanted, more]);

  const current = Math.min(active, Math.max(0, names.length - 1));
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(names.length - 1, index));
    setActive(next);
    rows.scrollToIndex(next, { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = Math.max(1, Math.floor((listRef.current?.clientHeight ?? 0) / ROW_PX) - 1);
    const steps: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + step,
      PageUp: current - step,
      Home: 0,
      End: names.length - 1,
    };
    const target = steps[event.key];
    const name = names[current];
    if (target !== undefined) moveTo(target);
    else if ((event.key === 'Enter' || event.key === ' ') && name !== undefined) onOpen(name);
    else return;
    event.preventDefault();
  };

  // A key that is opened from elsewhere, such as by its address, is brought into sight once it is listed.
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (openKey === shown.current) return;
    const index = openKey === undefined ? -1 : names.indexOf(openKey);
    if (openKey !== undefined && index < 0) return;
    shown.current = openKey;
    if (index < 0) return;
    setActive(index);
    rows.scrollToIndex(index, { align: 'auto' });
  }, [openKey, names, rows]);

  const inSight = items.some((item) => item.index === current);
  return (
    <div className="keys-scroll">
      <div
        ref={listRef}
        className="keys-list"
        role="listbox"
        tabIndex={0}
        aria-label="Keys"
        aria-activedescendant={inSight ? `${id}-${current}` : undefined}
        aria-busy={loading}
        onKeyDown={onKeyDown}
      >
        <div className="keys-rows" role="presentation" style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const name = names[index] ?? '';
            const kind = kinds.get(name);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option
              <div
                key={name}
                id={`${id}-${index}`}
                role="option"
                aria-selected={name === openKey}
                aria-posinset={index + 1}
                aria-setsize={complete ? names.length : -1}
                className={`key-row${index === current ? ' key-row-active' : ''}`}
                style={{ transform: `translateY(${start}px)` }}
                onClick={() => {
                  setActive(index);
                  onOpen(name);
                }}
              >
                <span className="key-name">{name}</span>
                {kind && <KindBadge kind={kind} />}
              </div>
            );
          })}
        </div>
      </div>
      {error !== undefined && <ListingProblem error={error} onRetry={more} />}
    </div>
  );
}

/** A page did not come though others did: what is there stays, and the rest is asked for again. */
function ListingProblem({ error, onRetry }: { error: unknown; onRetry(): void }) {
  const waitMs = explain(error).retryAfterMs;
  useEffect(() => {
    if (waitMs === undefined) return;
    const timer = setTimeout(onRetry, waitMs);
    return () => clearTimeout(timer);
  }, [waitMs, onRetry]);
  return (
    <div className="keys-problem">
      <ProblemNotice error={error} />
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}
