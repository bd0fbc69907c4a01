import { type FormEvent, useId, useState } from 'react';
import type { Scope, TokenCreated } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Check, Field } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { useCreateToken } from './queries.ts';
import { LIFETIMES, nameProblem } from './words.ts';

const TYPES = [
  { type: 'Project', label: 'Project key (sk_live_), for servers' },
  { type: 'Deployment', label: 'Deployment token (dt_), for one deployment' },
] as const;

const SCOPES: readonly { scope: Scope; label: string }[] = [
  { scope: 'kv:read', label: 'Read keys' },
  { scope: 'kv:write', label: 'Write and delete keys' },
];

/** Asks what the token is to be, and makes it. */
export function CreateDialog({ onClose, onCreated }: { onClose(): void; onCreated(created: TokenCreated): void }) {
  const form = useId();
  const [type, setType] = useState<'Project' | 'Deployment'>('Project');
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['kv:read', 'kv:write']);
  const [ttl, setTtl] = useState('');
  const { mutate, isPending, error } = useCreateToken();
  const problem = nameProblem(name.trim());

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined || scopes.length === 0) return;
    const wish = {
      type,
      scopes,
      ...(name.trim() !== '' && { name: name.trim() }),
      ...(ttl !== '' && { ttl: Number(ttl) }),
    };
    mutate(wish, { onSuccess: onCreated });
  };

  return (
    <Dialog
      open
      title="Create a token"
      about="Its text is shown once, after it is made."
      dismissible={false}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={isPending}
            disabled={problem !== undefined || scopes.length === 0}
          >
            Create token
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        <Field
          label="Name"
          hint="What uses it, such as web or nightly-job. Left empty, one is made up."
          error={problem}
        >
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
        <Field label="Type">
          {(field) => (
            <select
              {...field}
              className="input"
              value={type}
              onChange={(event) => setType(event.target.value === 'Deployment' ? 'Deployment' : 'Project')}
            >
              {TYPES.map((choice) => (
                <option key={choice.type} value={choice.type}>
                  {choice.label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <fieldset className="choices">
          <legend className="field-label">It may</legend>
          {SCOPES.map(({ scope, label }) => (
            <Check
              key={scope}
              label={label}
              checked={scopes.includes(scope)}
              onChange={(checked) => setScopes(checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
            />
          ))}
          {scopes.length === 0 && (
            <div className="field-error" role="alert">
              Choose at least one.
            </div>
          )}
        </fieldset>
        <Field label="Expires after" hint="It is refused from then on.">
          {(field) => (
            <select {...field} className="input" value={ttl} onChange={(event) => setTtl(event.target.value)}>
              {LIFETIMES.map(({ label, seconds }) => (
                <option key={label} value={seconds ?? ''}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {error && <ProblemNotice error={error} />}
      </form>
    </Dialog>
  );
}
