import { CopyButton } from './copy-button.tsx';

/** A line for a terminal, to be copied. */
export function Command({ line }: { line: string }) {
  return (
    <div className="command">
      <code>{line}</code>
      <CopyButton text={line} what="command" />
    </div>
  );
}
