import { ArchiveRestore, Trash2 } from 'lucide-react';
import type { Backup } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';
import { IconButton } from '../../components/button.tsx';
import { formatLeft, formatMoment } from '../../time/duration.ts';
import { useNow } from '../../time/now.ts';
import { formatBytes, formatCount } from '../usage/format.ts';
import { STATES } from './words.ts';

const AGES_MS = 10_000;

interface BackupTableProps {
  backups: Backup[];
  /** Absent where backups can only be looked at. */
  onRestore?: (backup: Backup) => void;
  onDelete?: (backup: Backup) => void;
}

/** All backups, newest first, one a row; a card each on a phone. */
export function BackupTable({ backups, onRestore, onDelete }: BackupTableProps) {
  const now = useNow(AGES_MS);
  return (
    <div className="card record-card">
      <table className="table records">
        <caption className="hidden">Backups of the project</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Keys</th>
            <th scope="col">Size</th>
            <th scope="col">Place</th>
            <th scope="col">Age</th>
            {onRestore && (
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {backups.map((backup) => (
            <tr key={backup.name}>
              <th scope="row">
                {backup.name}
                {backup.schedule !== null && <span className="record-note">By {backup.schedule}</span>}
              </th>
              <td data-label="State">
                <Badge tone={STATES[backup.state].tone} dot>
                  {STATES[backup.state].word}
                </Badge>
                {backup.message !== null && <span className="record-message">{backup.message}</span>}
              </td>
              <td data-label="Keys">{backup.keys === null ? '–' : formatCount(backup.keys)}</td>
              <td data-label="Size">{sizeWords(backup)}</td>
              <td data-label="Place" className="mono" title={backup.object ?? undefined}>
                {backup.place ?? '–'}
                {backup.encrypted && <span className="record-note">Encrypted</span>}
              </td>
              <td data-label="Age">
                <Age at={backup.completed_at ?? backup.created_at} now={now} />
              </td>
              {onRestore && onDelete && (
                <td className="record-actions">
                  <IconButton
                    label={`Restore ${backup.name}`}
                    icon={<ArchiveRestore size={16} aria-hidden />}
                    disabled={backup.state !== 'completed'}
                    onClick={() => onRestore(backup)}
                  />
                  <IconButton
                    label={`Delete ${backup.name}`}
                    icon={<Trash2 size={16} aria-hidden />}
                    variant="quiet-danger"
                    disabled={backup.state === 'deleting'}
                    onClick={() => onDelete(backup)}
                  />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sizeWords({ size, progress_bytes }: Backup): string {
  if (size !== null) return formatBytes(size);
  return progress_bytes === null ? '–' : `${formatBytes(progress_bytes)} so far`;
}

function Age({ at, now }: { at: string; now: number }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={formatMoment(ms)}>
      {formatLeft(now - ms) || 'now'}
    </time>
  );
}
