import { useMemo, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { formatJson, tokenizeJson } from '../../json/format.ts';
import { bytesOf, formatBytes } from '../../json/size.ts';

/** Of a longer text only so much is shown at first, for a page must not stand still over one value. */
const CUT = 12_000;

/** A JSON text, indented and in colours; a long one cut, and without colours once all of it is asked for. */
export function ValueView({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const pretty = useMemo(() => formatJson(text), [text]);
  const long = pretty.length > CUT;
  const shown = useMemo(() => tokenizeJson(long ? pretty.slice(0, CUT) : pretty), [pretty, long]);
  return (
    <div className="value">
      <pre className="value-text">
        {all
          ? pretty
          : shown.map((piece, index) =>
              typeof piece === 'string' ? (
                piece
              ) : (
                // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text are told apart by their place alone
                <span key={index} className={`json-${piece.kind}`}>
                  {piece.text}
                </span>
              ),
            )}
        {long && !all && '…'}
      </pre>
      {long && !all && (
        <div className="value-more">
          <span className="soft">The first {formatBytes(bytesOf(pretty.slice(0, CUT)))} are shown.</span>
          <Button onClick={() => setAll(true)}>Show all</Button>
        </div>
      )}
    </div>
  );
}
