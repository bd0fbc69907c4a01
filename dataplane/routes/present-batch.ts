import { toApiError } from '../pipeline/errors.ts';
import type { BatchOp, BatchOutcome } from '../store/port.ts';

/** Bytes of an answer that one string is made for; larger values are copied as bytes. */
const SMALL = 256;

/** `{results}` with each value's bytes as they are stored; an error gives its code and message. */
export function presentResults(ops: readonly BatchOp[], outcomes: readonly (BatchOutcome | Error)[]): Buffer {
  const parts: Buffer[] = [];
  let text = '{"results":[';
  for (let i = 0; i < ops.length; i++) {
    const outcome = outcomes[i];
    text += `${i === 0 ? '' : ','}{"key":${JSON.stringify(ops[i]?.key)},"value":`;
    if (outcome === undefined || outcome instanceof Error) {
      const { code, message } = toApiError(outcome);
      text += `null,"status":"error","code":"${code}","message":${JSON.stringify(message)}}`;
      continue;
    }
    const { value, found } = outcome;
    if (value === null) text += 'null';
    else if (value.length <= SMALL) text += value.toString('utf8');
    else {
      parts.push(Buffer.from(text), value);
      text = '';
    }
    text += found ? ',"status":"ok"}' : ',"status":"not_found"}';
  }
  text += ']}';
  parts.push(Buffer.from(text));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}
