import { useState } from 'react';
import type { Backup } from '../../../../sdk/src/index.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Check } from '../../components/field.tsx';
import { useToast } from '../../components/toast.tsx';
import { useDeleteBackup } from './queries.ts';

/** Asks before a backup is deleted, and whether what it stored goes with it. */
export function DeleteDialog({ backup, onClose }: { backup: Backup; onClose(): void }) {
  const { name, place, object } = backup;
  const [goes, setGoes] = useState(backup.deletion_policy === 'Delete');
  const { mutate, isPending, error } = useDeleteBackup();
  const toast = useToast();
  const done = () => {
    toast(goes ? `Deleting ${name} and its data` : `Deleted ${name}`);
    onClose();
  };
  return (
    <ConfirmDialog
      open
      title={`Delete ${name}?`}
      confirmLabel="Delete"
      typed={name}
      busy={isPending}
      error={error}
      onConfirm={() => mutate({ name, data: goes ? 'delete' : 'keep' }, { onSuccess: done })}
      onClose={onClose}
    >
      <div className="stack">
        <Check
          label="Delete what is stored as well"
          {...(object !== null && { hint: `${place}: ${object}` })}
          checked={goes}
          onChange={setGoes}
        />
        <p>
          {goes
            ? 'Nothing of it can be restored any more. This cannot be undone.'
            : 'Its data stays where it is, and can be restored by its path.'}
        </p>
      </div>
    </ConfirmDialog>
  );
}
