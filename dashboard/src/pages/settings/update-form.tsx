import { type FormEvent, useState } from 'react';
import type { StoreStatus } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { type Amount, amountOf, isSameMemory, memoryOf } from './memory.ts';
import { MemoryField } from './memory-field.tsx';
import type { useStore } from './queries.ts';
import { VersionField } from './version-field.tsx';

interface UpdateFormProps {
  status: StoreStatus;
  change: ReturnType<typeof useStore>['change'];
}

/** Version and memory of a store that runs. What is not touched follows the store. */
export function UpdateForm({ status, change }: UpdateFormProps) {
  const { requested } = status;
  const [draft, setDraft] = useState<{ version?: string; amount?: Amount }>({});
  const current = requested?.version ?? '';
  const currentMemory = requested?.max_memory ?? '';
  const version = draft.version ?? current;
  const amount = draft.amount ?? amountOf(currentMemory);
  const memory = memoryOf(amount);

  const wish = {
    ...(version !== '' && version !== current && { version }),
    ...(memory !== undefined && !isSameMemory(memory, currentMemory) && { maxMemory: memory }),
  };
  const words = [
    wish.version !== undefined && `Redis ${wish.version}`,
    wish.maxMemory !== undefined && `${wish.maxMemory} of memory`,
  ].filter((part) => part !== false);
  const failed = change.variables?.kind === 'update' ? change.error : null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { kind: 'update', wish, words: `${words.join(' and ')}.` },
      // What was sent is what the store asks for from now on.
      { onSuccess: () => setDraft({}) },
    );
  };

  return (
    <form className="card section" onSubmit={submit} aria-labelledby="settings-title">
      <div className="section-head">
        <h2 id="settings-title">Settings</h2>
      </div>
      <div className="fields">
        <VersionField
          version={version}
          empty={current === '' ? `Image ${requested?.docker_image ?? 'of its own'}` : undefined}
          hint="Restarts Redis, with its data saved before. It cannot go back to an older version."
          onChange={(next) => setDraft({ ...draft, version: next })}
        />
        <MemoryField
          amount={amount}
          hint="Changes while Redis runs, without a restart."
          onChange={(next) => setDraft({ ...draft, amount: next })}
        />
      </div>
      {failed && <ProblemNotice error={failed} />}
      <div className="row form-end">
        <Button type="button" disabled={Object.keys(draft).length === 0} onClick={() => setDraft({})}>
          Reset
        </Button>
        <Button
          type="submit"
          variant="primary"
          busy={change.isPending && change.variables.kind === 'update'}
          disabled={words.length === 0 || memory === undefined}
        >
          Save
        </Button>
      </div>
    </form>
  );
}
