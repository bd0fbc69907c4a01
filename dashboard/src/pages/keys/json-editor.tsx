import { WandSparkles } from 'lucide-react';
import { type RefObject, useMemo } from 'react';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { checkJson } from '../../json/check.ts';
import { formatJson } from '../../json/format.ts';
import { bytesOf, formatBytes } from '../../json/size.ts';

/** The largest value that the API takes. */
const MAX_BYTES = 262_144;

/** Why a text cannot be written as a value; undefined where it can. */
export function faultOfValue(text: string): string | undefined {
  const problem = checkJson(text);
  if (problem) return `Line ${problem.line}, column ${problem.column}: ${problem.message}.`;
  const bytes = bytesOf(text.trim());
  return bytes > MAX_BYTES ? `The value has ${bytes} bytes; at most ${MAX_BYTES} are stored.` : undefined;
}

interface JsonEditorProps {
  text: string;
  onChange(text: string): void;
  /** Whether faults are shown; not before something was typed. */
  touched: boolean;
  rows?: number;
  inputRef?: RefObject<HTMLTextAreaElement | null>;
}

/** Edits a JSON text: says where it is wrong, and offers to indent it or to take plain text as a JSON string. */
export function JsonEditor({ text, onChange, touched, rows = 8, inputRef }: JsonEditorProps) {
  const fault = useMemo(() => faultOfValue(text), [text]);
  // What begins like an object, an array or a string is JSON with a fault in it rather than plain text.
  const plain = /^\s*[^\s{["]/.test(text) && checkJson(text) !== undefined;
  return (
    <div className="editor">
      <Field
        label="Value"
        hint={`JSON, ${formatBytes(bytesOf(text.trim()))}`}
        error={touched && text.trim() !== '' ? fault : undefined}
      >
        {(field) => (
          <textarea
            {...field}
            ref={inputRef}
            className="input"
            rows={rows}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            placeholder='{"name": "Ada"}'
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      <div className="row">
        {plain ? (
          <Button onClick={() => onChange(JSON.stringify(text))}>Store the text as a JSON string</Button>
        ) : (
          <Button
            variant="ghost"
            icon={<WandSparkles size={15} aria-hidden />}
            disabled={fault !== undefined}
            onClick={() => onChange(formatJson(text))}
          >
            Format
          </Button>
        )}
      </div>
    </div>
  );
}
