import { type FormEvent, useId, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Check, Field } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { useToast } from '../../components/toast.tsx';
import { useCreateBackup } from './queries.ts';
import { nameProblem } from './words.ts';

const MOST = 52;

/** Asks what the backup is to be called, and asks the server for it. */
export function BackupDialog({ onClose }: { onClose(): void }) {
  const form = useId();
  const [name, setName] = useState('');
  const [goes, setGoes] = useState(false);
  const { mutate, isPending, error } = useCreateBackup();
  const toast = useToast();
  const problem = nameProblem(name.trim(), MOST);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined) return;
    const wish = {
      ...(name.trim() !== '' && { name: name.trim() }),
      ...(goes && { deletionPolicy: 'Delete' as const }),
    };
    mutate(wish, {
      onSuccess({ backup }) {
        toast(`Asked for ${backup.name}`);
        onClose();
      },
    });
  };
  return (
    <Dialog
      open
      title="Back up now"
      about="The store serves on while it is made."
      dismissible={false}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={isPending} disabled={problem !== undefined}>
            Back up
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        <Field label="Name" hint="Such as before-sale. Left empty, one is made up." error={problem}>
          {(field) => (
            <input
              {...field}
              className="input"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Check
          label="Delete what is stored with the backup"
          hint="Otherwise deleting the backup here leaves its data where it is."
          checked={goes}
          onChange={setGoes}
        />
        {error && <ProblemNotice error={error} />}
      </form>
    </Dialog>
  );
}
