import { Minus, Pencil, Plus, RefreshCw, SearchX, TimerOff, Trash2, X } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { CubbyError } from '../../../../sdk/src/index.ts';
import type { RawEntry } from '../../api/entries.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useToast } from '../../components/toast.tsx';
import { formatJson } from '../../json/format.ts';
import { kindOf, type ValueKind } from '../../json/kind.ts';
import { bytesOf, formatBytes } from '../../json/size.ts';
import { EditForm } from './edit-form.tsx';
import { useDelete, useEntry, useIncrement } from './entry.ts';
import { ExpiryText } from './expiry-text.tsx';
import { KindBadge } from './kind-badge.tsx';
import { ValueView } from './value-view.tsx';

interface ValuePanelProps {
  name: string;
  /** Whether the token may write. */
  writable: boolean;
  onClose(): void;
  onDeleted(): void;
  /** Tells what kind of value was read. */
  onKind(kind: ValueKind): void;
}

/** The value of a key beside the list; in front of it on a phone. */
export function ValuePanel({ name, writable, onClose, onDeleted, onKind }: ValuePanelProps) {
  const { data: entry, error, isFetching, refetch } = useEntry(name);
  const [mode, setMode] = useState<'view' | 'edit' | 'delete'>('view');
  const remove = useDelete();
  const toast = useToast();
  const panel = useRef<HTMLElement>(null);
  const refresh = useCallback(() => void refetch(), [refetch]);

  useEffect(() => {
    if (entry) onKind(kindOf(entry.text));
  }, [entry, onKind]);
  useEffect(() => {
    // Where the panel covers the list, the focus may not stay behind it.
    if (matchMedia('(max-width: 64rem)').matches) panel.current?.focus();
  }, []);

  const gone = error instanceof CubbyError && error.code === 'not_found';
  // What was typed outlives a reading that fails, such as the one when the window comes to the front again.
  const editing = entry !== undefined && mode === 'edit';
  return (
    <section
      ref={panel}
      className="entry"
      aria-label={`Key ${name}`}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || mode === 'delete') return;
        event.preventDefault();
        if (mode === 'view') onClose();
      }}
    >
      <header className="entry-head">
        <h2 className="entry-title">{name}</h2>
        <CopyButton text={name} what="name" />
        <IconButton label="Refresh" icon={<RefreshCw size={15} aria-hidden />} busy={isFetching} onClick={refresh} />
        <IconButton label="Close" icon={<X size={16} aria-hidden />} onClick={onClose} />
      </header>
      {gone && !editing && (
        <Gone expired={entry?.expiresAt != null && entry.expiresAt <= Date.now()} onClose={onClose} />
      )}
      {error && !gone && !editing && <ProblemState error={error} onRetry={refresh} />}
      {!entry && !error && <Skeleton lines={5} label="Loading the value" />}
      {editing && (
        <EditForm
          name={name}
          entry={entry}
          gone={gone}
          onCancel={() => setMode('view')}
          onSaved={() => {
            setMode('view');
            toast('Saved');
          }}
        />
      )}
      {entry && !error && mode !== 'edit' && (
        <>
          <div className="entry-facts">
            <KindBadge kind={kindOf(entry.text)} />
            <span className="soft numeric">{formatBytes(bytesOf(entry.text))}</span>
            <ExpiryText expiresAt={entry.expiresAt} onEnd={refresh} />
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="entry-body" tabIndex={0} aria-label="Value">
            {kindOf(entry.text) === 'counter' && <Counter name={name} entry={entry} writable={writable} />}
            {kindOf(entry.text) !== 'counter' && <ValueView key={entry.text} text={entry.text} />}
          </section>
          <footer className="entry-foot">
            <CopyButton text={formatJson(entry.text)} what="value" wide />
            {writable && (
              <>
                <Button icon={<Pencil size={15} aria-hidden />} onClick={() => setMode('edit')}>
                  Edit
                </Button>
                <Button
                  variant="quiet-danger"
                  icon={<Trash2 size={15} aria-hidden />}
                  onClick={() => setMode('delete')}
                >
                  Delete
                </Button>
              </>
            )}
          </footer>
        </>
      )}
      <ConfirmDialog
        open={mode === 'delete'}
        title="Delete this key?"
        confirmLabel="Delete key"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => {
          remove.reset();
          setMode('view');
        }}
        onConfirm={() => remove.mutate(name, { onSuccess: onDeleted })}
      >
        <code className="break">{name}</code> and its value are removed at once. This cannot be undone.
      </ConfirmDialog>
    </section>
  );
}

/** A whole number, large, with buttons that add to it. */
function Counter({ name, entry, writable }: { name: string; entry: RawEntry; writable: boolean }) {
  const { mutate, isPending, error } = useIncrement();
  return (
    <div className="counter">
      <output className="counter-number numeric" aria-label="Value">
        {entry.text.trim()}
      </output>
      {writable && (
        <div className="row">
          <Button
            icon={<Minus size={15} aria-hidden />}
            disabled={isPending}
            onClick={() => mutate({ key: name, delta: -1 })}
          >
            Subtract 1
          </Button>
          <Button
            icon={<Plus size={15} aria-hidden />}
            disabled={isPending}
            onClick={() => mutate({ key: name, delta: 1 })}
          >
            Add 1
          </Button>
        </div>
      )}
      {error && <ProblemNotice error={error} />}
    </div>
  );
}

/** The key is not there any more, or never was. */
function Gone({ expired, onClose }: { expired: boolean; onClose(): void }) {
  return (
    <EmptyState
      icon={expired ? <TimerOff size={20} aria-hidden /> : <SearchX size={20} aria-hidden />}
      title={expired ? 'This key has expired' : 'There is no such key'}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      <p>
        {expired
          ? 'Its time was over, and the store has removed it.'
          : 'It was deleted, has expired, or was never written.'}
      </p>
    </EmptyState>
  );
}
