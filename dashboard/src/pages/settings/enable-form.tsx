import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Check } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { type Amount, memoryOf } from './memory.ts';
import { MemoryField } from './memory-field.tsx';
import { type useStore, useVersions } from './queries.ts';
import { VersionField } from './version-field.tsx';

interface EnableFormProps {
  project: string;
  change: ReturnType<typeof useStore>['change'];
}

/** Makes the store of a project that has none. */
export function EnableForm({ project, change }: EnableFormProps) {
  const { data: versions } = useVersions();
  const [chosen, setVersion] = useState<string>();
  const [amount, setAmount] = useState<Amount>({ text: '256', unit: 'mb' });
  const [persistence, setPersistence] = useState(true);
  const version = chosen ?? versions?.default ?? '';
  const maxMemory = memoryOf(amount);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wish = { maxMemory, persistence, ...(version !== '' && { version }) };
    change.mutate({ kind: 'enable', wish, words: `A store with Redis ${version} and ${maxMemory} of memory.` });
  };

  return (
    <form className="card section" onSubmit={submit} aria-labelledby="enable-title">
      <div>
        <h2 id="enable-title">Set up KV for {project}</h2>
        <p className="soft">The project has no store yet. It gets a Redis of its own, ready in less than a minute.</p>
      </div>
      <div className="fields">
        <VersionField version={version} hint="A newer one can be chosen later." onChange={setVersion} />
        <MemoryField amount={amount} hint="Can be changed at any time." onChange={setAmount} />
      </div>
      <Check
        label="Keep the data on disk"
        hint="Without it the store is a cache: its data ends with Redis."
        checked={persistence}
        onChange={setPersistence}
      />
      {change.error && <ProblemNotice error={change.error} />}
      <div className="row form-end">
        <Button type="submit" variant="primary" busy={change.isPending} disabled={maxMemory === undefined}>
          Enable KV
        </Button>
      </div>
    </form>
  );
}
