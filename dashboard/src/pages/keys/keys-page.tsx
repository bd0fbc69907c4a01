import { useCallback, useRef, useState } from 'react';
import { useApi } from '../../api/api.tsx';
import { useStatus } from '../../api/queries.ts';
import { useToast } from '../../components/toast.tsx';
import type { ValueKind } from '../../json/kind.ts';
import { useRoute } from '../../navigation.ts';
import { useSession } from '../../session/session.tsx';
import { useDebounced } from '../../time/debounced.ts';
import { AddKeyDialog } from './add-key-dialog.tsx';
import { KeyList } from './key-list.tsx';
import { faultOfPrefix } from './key-rule.ts';
import { NoKeys } from './no-keys.tsx';
import { useShortcuts } from './shortcuts.ts';
import { Toolbar } from './toolbar.tsx';
import { useListing } from './use-listing.ts';
import { ValuePanel } from './value-panel.tsx';

/** The page KV Store: the keys of the project, and the value of the one that is open. */
export function KeysPage({ openKey }: { openKey: string | undefined }) {
  const { projectId } = useApi();
  const writable = useSession().identity.scopes.includes('kv:write');
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const [kinds, setKinds] = useState<ReadonlyMap<string, ValueKind>>(new Map());
  const [, go] = useRoute();
  const toast = useToast();
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);

  const fault = faultOfPrefix(text);
  const prefix = useDebounced(fault === undefined ? text : '', 200);
  const listing = useListing(prefix);
  const status = useStatus();

  const open = useCallback((key: string) => go({ project: projectId, page: 'kv', key }), [go, projectId]);
  const close = useCallback(() => {
    go({ project: projectId, page: 'kv' });
    list.current?.focus();
  }, [go, projectId]);
  const learn = useCallback(
    (kind: ValueKind) => {
      if (openKey === undefined) return;
      setKinds((old) => (old.get(openKey) === kind ? old : new Map(old).set(openKey, kind)));
    },
    [openKey],
  );
  useShortcuts((pressed) => {
    if (pressed === '/') search.current?.focus();
    else if (pressed === 'n' && writable) setAdding(true);
    else if (pressed === 'Escape' && openKey !== undefined) close();
    else return false;
    return true;
  });

  const none = listing.names.length === 0;
  return (
    <div className={`keys${openKey === undefined ? '' : ' keys-split'}`}>
      <div className="keys-main">
        <Toolbar
          text={text}
          fault={fault}
          inputRef={search}
          listing={listing}
          filtered={prefix !== ''}
          total={status.data?.keys ?? undefined}
          writable={writable}
          onText={setText}
          onDown={() => list.current?.focus()}
          onRefresh={() => {
            listing.reload();
            status.refetch();
          }}
          onAdd={() => setAdding(true)}
        />
        {none ? (
          <NoKeys listing={listing} prefix={prefix} writable={writable} onAdd={() => setAdding(true)} />
        ) : (
          <KeyList listing={listing} openKey={openKey} kinds={kinds} listRef={list} onOpen={open} />
        )}
      </div>
      {openKey !== undefined && (
        <ValuePanel
          key={openKey}
          name={openKey}
          writable={writable}
          onClose={close}
          onKind={learn}
          onDeleted={() => {
            listing.remove(openKey);
            toast('Deleted');
            close();
          }}
        />
      )}
      <div className="hidden" role="status">
        {openKey !== undefined && `The value of ${openKey} is shown beside the list`}
      </div>
      <AddKeyDialog
        open={adding}
        prefix={text}
        onClose={() => setAdding(false)}
        onAdded={(key) => {
          setAdding(false);
          if (key.startsWith(prefix)) listing.add(key);
          toast('Added');
          open(key);
        }}
      />
    </div>
  );
}
