import type { JsonObject } from '../json/object.ts';
import { unknownField } from '../pipeline/body.ts';
import { ApiError } from '../pipeline/errors.ts';
import { keyProblem } from '../pipeline/key.ts';
import type { BatchOp } from '../store/port.ts';
import { requireValue } from './value.ts';

/** What an operation of a batch may have. */
export const OP_FIELDS: readonly string[] = ['op', 'key', 'value', 'ttl'];

/**
 * The operations of a batch's body, by the rules that its schema tells the world; written by hand because a schema takes
 * longer over a hundred of them than the store does. Throws an ApiError that names the first that is wrong.
 */
export function readOps(json: JsonObject): BatchOp[] {
  for (const name of json.names) {
    if (name !== 'ops' && name !== 'project_id') throw wrong(unknownField(name, ['ops', 'project_id']));
  }
  if (!json.list) throw wrong('send a JSON body with the field ops, an array');
  const ops = new Array<BatchOp>(json.list.length);
  for (let i = 0; i < ops.length; i++) ops[i] = readOp(json.list[i], i);
  return ops;
}

function readOp(item: JsonObject | undefined, i: number): BatchOp {
  if (!item) throw wrong(`ops[${i}] must be an object`);
  for (const name of item.names)
    if (!OP_FIELDS.includes(name)) throw wrong(`ops[${i}]: ${unknownField(name, OP_FIELDS)}`);
  const op = item.value('op');
  if (op !== 'get' && op !== 'set' && op !== 'delete') throw wrong(`ops[${i}].op must be get, set or delete`);
  const key = item.value('key');
  if (typeof key !== 'string') throw wrong(`ops[${i}].key must be a string`);
  const problem = keyProblem(key);
  if (problem !== undefined) throw wrong(`ops[${i}].key: ${problem}`);
  const ttl = item.value('ttl');
  if (ttl !== undefined && !(Number.isSafeInteger(ttl) && Number(ttl) >= 1)) {
    throw wrong(`ops[${i}].ttl must be a whole number of seconds from 1 to 2^53−1`);
  }
  if (op !== 'set') return { op, key };
  return { op, key, value: requireValue(item.text('value'), `ops[${i}].value`), ttl: ttl as number | undefined };
}

function wrong(detail: string): ApiError {
  return new ApiError('bad_request', detail);
}
