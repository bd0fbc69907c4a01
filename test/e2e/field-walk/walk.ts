import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../../../contract/objects.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { Resource } from '../../../kube/resources.ts';
import { cluster } from './look.ts';
import { type Refusal, type Row, type Step, withField } from './row.ts';

/** An object as far as a walk reads it. */
export interface Walked extends KubeObject {
  spec: Record<string, unknown>;
  status?: { observedGeneration?: number; conditions?: Condition[] };
}

/** How a walk changes an object, looks at what came of it, and tells that all is well. */
export interface Walker<Seen> {
  resource: Resource;
  namespace: string;
  name: string;
  look(): Promise<Seen>;
  /** The object in what was seen. */
  object(seen: Seen): Walked;
  /** Whether it is on its way; false once it is as spec says, or says why not. */
  busy(object: Walked): boolean;
  /** The reason for which a value is not taken over, with what is said of it. */
  refusals(object: Walked): { reason: string; message: string } | undefined;
  /** Whether it can be used. */
  serves(seen: Seen): boolean;
  /** Asserts what must hold at every step, whatever was asked. */
  unharmed(seen: Seen, what: string, mayRestart: boolean): void;
}

/** A change may be slow on a busy machine, but not endless, in ms. */
const LIMIT_MS = 180_000;

/** Walks a field: each value in order, then what is refused, each time mended again. */
export async function walkRow<Seen>(walker: Walker<Seen>, row: Row<Seen>): Promise<void> {
  const [field] = row.fields;
  const mayRestart = row.effect === 'restart' || row.effect === 'hibernation';
  let last: Step | undefined;
  for (const step of row.values) {
    const what = `${field}: ${told(step.value)}`;
    await set(walker, field, step.value);
    await arrives(walker, row, step.reads, what, mayRestart || step.restarts === true);
    last = step;
  }
  assert.ok(last, `${field} has a value`);
  for (const refusal of row.refused) {
    const what = `${field}: ${told(refusal.value)}, refused by ${refusal.by}`;
    await refuses(walker, row, refusal, what);
    await holds(walker, row, 'reads' in refusal ? refusal.reads : last.reads, what);
    if (refusal.by === 'API server') continue;
    await set(walker, field, last.value);
    await arrives(walker, row, last.reads, `${what}, then mended`, false);
  }
}

async function set<Seen>({ resource, namespace, name }: Walker<Seen>, field: string, value: unknown): Promise<void> {
  const key = { namespace, name };
  const { spec } = (await cluster.client.get(resource, key)) as Walked;
  const operations = [{ op: 'replace', path: '/spec', value: withField(spec, field, value) }];
  await cluster.client.patch(resource, key, operations, { type: 'json' });
}

/** Waits until the value has its effect and nothing is under way, and nothing was refused. */
async function arrives<Seen>(
  walker: Walker<Seen>,
  row: Row<Seen>,
  reads: unknown,
  what: string,
  mayRestart: boolean,
): Promise<void> {
  await lookUntil(walker, `${what} to have its effect, ${told(reads)}`, row, (seen) => {
    walker.unharmed(seen, what, mayRestart);
    const object = walker.object(seen);
    const serves = row.effect === 'hibernation' || walker.serves(seen);
    return serves && !walker.busy(object) && !walker.refusals(object) && isDeepStrictEqual(row.read(seen), reads);
  });
}

async function refuses<Seen>(walker: Walker<Seen>, row: Row<Seen>, refusal: Refusal, what: string): Promise<void> {
  const says = [refusal.says].flat();
  if (refusal.by === 'API server') {
    await assert.rejects(set(walker, row.fields[0], refusal.value), (error) => {
      assert.ok(error instanceof KubeError && error.status === 422, `${what}: ${error}`);
      for (const words of says) assert.match(error.message, words, what);
      return true;
    });
    return;
  }
  await set(walker, row.fields[0], refusal.value);
  await lookUntil(walker, `${what} to say so`, row, (seen) => {
    walker.unharmed(seen, what, false);
    const object = walker.object(seen);
    const found = walker.refusals(object);
    return !walker.busy(object) && found?.reason === refusal.by && says.every((words) => words.test(found.message));
  });
}

/** Asserts that what was refused changed nothing, or no more than it says. */
async function holds<Seen>(walker: Walker<Seen>, row: Row<Seen>, reads: unknown, what: string): Promise<void> {
  const seen = await walker.look();
  walker.unharmed(seen, what, false);
  assert.deepEqual(row.read(seen), reads, `${what} leaves what was`);
}

async function lookUntil<Seen>(
  walker: Walker<Seen>,
  what: string,
  row: Row<Seen>,
  check: (seen: Seen) => boolean,
): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const seen = await walker.look();
      if (check(seen)) return;
      last = { reads: row.read(seen), status: walker.object(seen).status };
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      last = error; // Redis restarts, and connections to it break
    }
    await sleep(150);
  }
  throw new Error(`waited ${LIMIT_MS / 1000} s in vain for ${what}: ${told(last)}`, { cause: last });
}

function told(value: unknown): string {
  return value === undefined ? 'removed' : (JSON.stringify(value) ?? String(value)).slice(0, 2_000);
}
