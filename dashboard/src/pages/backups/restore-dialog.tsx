import { type FormEvent, useId, useState } from 'react';
import type { Backup } from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useRoute } from '../../navigation.ts';
import { formatCount } from '../usage/format.ts';
import { useRestore } from './queries.ts';

const PROJECT = /^[A-Za-z0-9._-]{1,64}$/;

interface RestoreDialogProps {
  backup: Backup;
  onClose(): void;
  /** The restore into this project is asked for. */
  onBegun(): void;
}

/** Asks where to restore a backup to, and, where that replaces data, for a confirmation that has to be typed. */
export function RestoreDialog({ backup, onClose, onBegun }: RestoreDialogProps) {
  const form = useId();
  const { projectId } = useApi();
  const [, go] = useRoute();
  const [into, setInto] = useState<'new' | 'here'>('new');
  const [step, setStep] = useState<'choose' | 'confirm'>('choose');
  const [project, setProject] = useState('');
  const [typed, setTyped] = useState('');
  const { mutate, isPending, error } = useRestore();
  const isHere = into === 'here';
  const isConfirming = step === 'confirm';
  const mayGoOn = isConfirming
    ? !isHere || typed === projectId
    : isHere || (PROJECT.test(project) && project !== projectId);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!mayGoOn) return;
    if (!isConfirming) return setStep('confirm');
    const wish = isHere ? { overwriteData: true } : { projectId: project };
    const onSuccess = () => (isHere ? onBegun() : go({ project, page: 'settings' }));
    mutate({ backup: backup.name, ...wish }, { onSuccess });
  };
  return (
    <Dialog
      open
      title={`Restore ${backup.name}`}
      about={`${formatCount(backup.keys ?? 0)} keys${backup.redis_version ? `, made by Redis ${backup.redis_version}` : ''}. Step ${isConfirming ? 2 : 1} of 2.`}
      dismissible={false}
      onClose={onClose}
      footer={
        <>
          {isConfirming ? (
            <Button onClick={() => setStep('choose')}>Back</Button>
          ) : (
            <Button onClick={onClose}>Cancel</Button>
          )}
          <Button
            type="submit"
            form={form}
            variant={isConfirming && isHere ? 'danger' : 'primary'}
            busy={isPending}
            disabled={!mayGoOn}
          >
            {!isConfirming ? 'Next' : isHere ? 'Replace the data' : 'Restore'}
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        {!isConfirming && (
          <>
            <Field label="Into">
              {(field) => (
                <select
                  {...field}
                  className="input"
                  value={into}
                  onChange={(event) => setInto(event.target.value === 'here' ? 'here' : 'new')}
                >
                  <option value="new">A new project</option>
                  <option value="here">This project, in place of its data</option>
                </select>
              )}
            </Field>
            {!isHere && (
              <Field label="Name of the new project" hint="Letters, digits, dots, dashes and underscores.">
                {(field) => (
                  <input
                    {...field}
                    className="input"
                    autoComplete="off"
                    autoCapitalize="off"
                    spellCheck={false}
                    value={project}
                    onChange={(event) => setProject(event.target.value.trim())}
                  />
                )}
              </Field>
            )}
          </>
        )}
        {isConfirming && !isHere && (
          <p>
            A store is made for <strong>{project}</strong>, and begins with the backup. Nothing of this project changes.
          </p>
        )}
        {isConfirming && isHere && (
          <>
            <Notice tone="warn">
              <strong>What {projectId} holds now is replaced</strong>
              <span>
                Writes since the backup are lost. The data serves on until the backup is fetched and found good; then
                Redis restarts with it.
              </span>
            </Notice>
            <Field label={`Type ${projectId} to confirm`}>
              {(field) => (
                <input
                  {...field}
                  className="input mono"
                  autoComplete="off"
                  spellCheck={false}
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                />
              )}
            </Field>
          </>
        )}
        {error && <ProblemNotice error={error} />}
      </form>
    </Dialog>
  );
}
