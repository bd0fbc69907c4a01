import { Plus, RefreshCw, Search } from 'lucide-react';
import { type RefObject, useId } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import type { LiveListing } from './use-listing.ts';

interface ToolbarProps {
  text: string;
  /** Why no key can begin with the text. */
  fault: string | undefined;
  inputRef: RefObject<HTMLInputElement | null>;
  listing: LiveListing;
  filtered: boolean;
  /** Keys of the store; undefined where that is not known. */
  total: number | undefined;
  writable: boolean;
  onText(text: string): void;
  /** The arrow that leads from the search into the list. */
  onDown(): void;
  onRefresh(): void;
  onAdd(): void;
}

/** Search, counts, and what can be done above the list. */
export function Toolbar({ text, fault, inputRef, listing, writable, ...props }: ToolbarProps) {
  const about = useId();
  return (
    <div className="toolbar">
      <div className="search">
        <Search size={16} aria-hidden />
        <input
          ref={inputRef}
          className="input mono"
          type="search"
          placeholder="Search by prefix"
          aria-label="Search keys by prefix"
          aria-describedby={about}
          aria-invalid={fault !== undefined}
          aria-keyshortcuts="/"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={text}
          onChange={(event) => props.onText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') {
              event.preventDefault();
              props.onDown();
            } else if (event.key === 'Escape') {
              props.onText('');
              event.currentTarget.blur();
            }
          }}
        />
        <span className="shortcut" aria-hidden="true">
          /
        </span>
      </div>
      <div id={about} className="toolbar-count numeric" role="status">
        {fault ?? countOf(listing, props.filtered, props.total)}
      </div>
      <div className="toolbar-actions">
        <IconButton
          label="Refresh the list"
          icon={<RefreshCw size={15} aria-hidden />}
          busy={listing.loading}
          onClick={props.onRefresh}
        />
        {writable && (
          <Button variant="primary" icon={<Plus size={16} aria-hidden />} aria-keyshortcuts="n" onClick={props.onAdd}>
            Add key
          </Button>
        )}
      </div>
    </div>
  );
}

function countOf({ names, complete, loading }: LiveListing, filtered: boolean, total: number | undefined): string {
  if (filtered) {
    const found = `${names.length.toLocaleString()} found`;
    return complete ? found : loading ? `${found}, searching…` : `${found} so far`;
  }
  const count = complete ? names.length : total;
  if (count === undefined) return '';
  return count === 1 ? '1 key' : `${count.toLocaleString()} keys`;
}
