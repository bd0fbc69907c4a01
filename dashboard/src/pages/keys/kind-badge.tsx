import { Badge } from '../../components/badge.tsx';
import type { Tone } from '../../components/tone.ts';
import type { ValueKind } from '../../json/kind.ts';

const LOOKS: Record<ValueKind, { tone: Tone; word: string }> = {
  object: { tone: 'violet', word: 'Object' },
  array: { tone: 'blue', word: 'Array' },
  string: { tone: 'accent', word: 'String' },
  counter: { tone: 'warn', word: 'Counter' },
  number: { tone: 'warn', word: 'Number' },
  boolean: { tone: 'rose', word: 'Boolean' },
  null: { tone: 'neutral', word: 'Null' },
};

/** Names the kind of a value. */
export function KindBadge({ kind }: { kind: ValueKind }) {
  const { tone, word } = LOOKS[kind];
  return <Badge tone={tone}>{word}</Badge>;
}
