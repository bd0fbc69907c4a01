import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { RawEntry } from '../../api/entries.ts';
import { Button } from '../../components/button.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { formatJson } from '../../json/format.ts';
import { useWrite } from './entry.ts';
import { type Expiry, ExpiryField, ttlOf } from './expiry-field.tsx';
import { faultOfValue, JsonEditor } from './json-editor.tsx';

interface EditFormProps {
  name: string;
  entry: RawEntry;
  /** Whether the key was deleted or has expired since it was read. */
  gone: boolean;
  onSaved(): void;
  onCancel(): void;
}

/** Changes the value of a key, from the text that was read; the expiry stays unless another is chosen. */
export function EditForm({ name, entry, gone, onSaved, onCancel }: EditFormProps) {
  const [before] = useState(() => formatJson(entry.text));
  const [text, setText] = useState(before);
  const [expiry, setExpiry] = useState<Expiry>(() =>
    entry.expiresAt === null ? { mode: 'never' } : { mode: 'keep', at: entry.expiresAt },
  );
  const write = useWrite();
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const ttl = ttlOf(expiry, Date.now());
    if (faultOfValue(text) !== undefined) return input.current?.focus();
    if (Number.isNaN(ttl)) return;
    write.mutate({ key: name, text: text.trim(), ttl, ifNotExists: false }, { onSuccess: onSaved });
  };

  return (
    <form
      className="entry-body stack"
      onSubmit={submit}
      onKeyDown={(event) => {
        // Only where nothing would be lost.
        if (event.key === 'Escape' && text === before) onCancel();
      }}
    >
      {gone && (
        <Notice tone="warn">The key is not there any more: it was deleted or has expired. Save writes it anew.</Notice>
      )}
      <JsonEditor text={text} onChange={setText} touched rows={16} inputRef={input} />
      <ExpiryField expiry={expiry} current={entry.expiresAt ?? undefined} onChange={setExpiry} />
      {write.error && <ProblemNotice error={write.error} />}
      <div className="row entry-end">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" busy={write.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
