import { Database, Plus, SearchX } from 'lucide-react';
import { useEffect } from 'react';
import { CubbyError } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../navigation.ts';
import type { LiveListing } from './use-listing.ts';

interface NoKeysProps {
  listing: LiveListing;
  prefix: string;
  writable: boolean;
  onAdd(): void;
}

/** In place of a list without names: they are coming, cannot be had, or are not there. */
export function NoKeys({ listing, prefix, writable, onAdd }: NoKeysProps) {
  const { projectId } = useApi();
  const { complete, loading, error, more, reload } = listing;
  // A page may be empty while later ones are not.
  const goOn = !complete && !loading && error === undefined;
  useEffect(() => {
    if (goOn) more();
  }, [goOn, more]);

  if (error !== undefined) {
    // Of a project without a store, or one that sleeps, the settings can make or wake it.
    const absent = error instanceof CubbyError && ['not_found', 'store_hibernated'].includes(error.code);
    return (
      <ProblemState
        error={error}
        onRetry={reload}
        actions={
          absent && (
            <a className="button button-primary" href={hrefOf({ project: projectId, page: 'settings' })}>
              Open the settings
            </a>
          )
        }
      />
    );
  }
  if (!complete) return <Skeleton lines={8} label="Loading keys" />;
  if (prefix !== '') {
    return (
      <EmptyState icon={<SearchX size={20} aria-hidden />} title="No key begins with that">
        <p>
          No key begins with <code className="break">{prefix}</code>. Upper and lower case differ.
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={<Database size={20} aria-hidden />}
      title="No keys yet"
      actions={
        writable && (
          <Button variant="primary" icon={<Plus size={16} aria-hidden />} onClick={onAdd}>
            Add the first key
          </Button>
        )
      }
    >
      <p>Write one from your program with the SDK or the REST API, or add it here.</p>
    </EmptyState>
  );
}
