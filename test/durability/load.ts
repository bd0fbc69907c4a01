import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Operation, outcomeOf } from './history.ts';
import { judge, type Reading, type Verdict } from './verdict.ts';

/** Where requests go: a data plane with the token of one store. */
export interface Target {
  // biome-ignore lint/suspicious/noExplicitAny: a JSON body of any answer
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
}

export interface LoadOptions {
  /** Begins the name of every key: no other load may have written under it to that store. */
  prefix: string;
  clients?: number;
  /** Milliseconds between a client's answer and its next request. */
  pauseMs?: number;
}

/** Clients that write until they are stopped, and what they saw. */
export interface Load {
  history: readonly Operation[];
  /** Operations that were not acknowledged, by their answer. */
  failures(): Record<string, number>;
  /** The longest time between two acknowledged operations, in milliseconds. */
  longestGapMs(): number;
  /** Resolves once `count` further operations are acknowledged; rejects where that takes longer than `seconds`. */
  more(count: number, seconds?: number): Promise<void>;
  /** Resolves when every client has its last answer. */
  stop(): Promise<void>;
  /** Reads every key back, and judges; to be asked after `stop`. */
  verdict(): Promise<Verdict>;
}

type Step = 'set' | 'rewrite' | 'increment' | 'delete';

/** What each client does in turn. */
const STEPS: readonly Step[] = ['set', 'set', 'increment', 'rewrite', 'set', 'increment', 'set', 'delete'];

/** Operations of one batch (docs/api.md). */
const BATCH = 100;
const READ_BACK_MS = 60_000;

/** Starts clients that each write keys of their own, one request after another, and count up one counter together. */
export function startLoad(target: Target, { prefix, clients = 4, pauseMs = 5 }: LoadOptions): Load {
  const history: Operation[] = [];
  // What an earlier load of that prefix left must not be taken for a value of this one.
  const mark = randomUUID().slice(0, 8);
  let stopping = false;
  let acknowledged = 0;
  let last: number | undefined;
  let gap = 0;

  async function send(operation: Pick<Operation, 'kind' | 'key' | 'value'>): Promise<Operation> {
    const sentAt = performance.now();
    const { answer, sum } = await ask(target, operation);
    const answeredAt = performance.now();
    const done = { ...operation, answer, sentAt, answeredAt, ...(sum !== undefined && { sum }) };
    history.push(done);
    if (outcomeOf(done) === 'acknowledged') {
      acknowledged++;
      gap = Math.max(gap, answeredAt - (last ?? answeredAt));
      last = answeredAt;
    }
    return done;
  }

  async function runClient(client: number): Promise<void> {
    const name = `${prefix}-${client}`;
    /** Keys that are known to exist and are not written again. */
    const written: string[] = [];
    for (let n = 0; !stopping; n++) {
      const step = STEPS[n % STEPS.length];
      const old = step === 'delete' ? written.shift() : undefined;
      if (step === 'increment') await send({ kind: 'increment', key: `${prefix}-counter` });
      else if (step === 'rewrite')
        await send({ kind: 'set', key: `${name}-register`, value: `${mark}-${client}-${n}` });
      else if (old !== undefined) await send({ kind: 'delete', key: old });
      else {
        const key = `${name}-${n}`;
        const done = await send({ kind: 'set', key, value: `${mark}-${client}-${n}` });
        if (outcomeOf(done) === 'acknowledged') written.push(key);
      }
      await sleep(pauseMs);
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));

  return {
    history,
    failures: () => countFailures(history),
    longestGapMs: () => gap,
    async more(count, seconds = 60) {
      const enough = acknowledged + count;
      const deadline = performance.now() + seconds * 1000;
      while (acknowledged < enough) {
        if (performance.now() > deadline)
          throw new Error(
            `${count} further acknowledged operations: not within ${seconds} s; ${JSON.stringify(countFailures(history))}`,
          );
        await sleep(10);
      }
    },
    async stop() {
      stopping = true;
      await running;
    },
    verdict: async () => judge(history, await readBack(target, [...new Set(history.map(({ key }) => key))])),
  };
}

async function ask(
  target: Target,
  { kind, key, value }: Pick<Operation, 'kind' | 'key' | 'value'>,
): Promise<{ answer: Answer; sum?: number }> {
  const path = `/infra/kv/${key}`;
  try {
    if (kind === 'set') return { answer: (await target.request('PUT', path, { value })).status };
    if (kind === 'delete') return { answer: (await target.request('DELETE', path)).status };
    const { status, body } = await target.request('POST', `${path}/increment`, {});
    return { answer: status, ...(status === 200 && { sum: body.value }) };
  } catch {
    return { answer: 'broken' };
  }
}

/** What those keys hold; asks again, for a minute at most, where the store is away or cannot tell of a key. */
async function readBack(target: Target, keys: readonly string[]): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>();
  const deadline = performance.now() + READ_BACK_MS;
  for (let from = 0; from < keys.length; from += BATCH) {
    const ops = keys.slice(from, from + BATCH).map((key) => ({ op: 'get', key }));
    for (;;) {
      const answer = await target.request('POST', '/infra/kv', { ops }).catch(() => undefined);
      const results: { key: string; value: Reading; status: string }[] | undefined = answer?.body?.results;
      if (answer?.status === 200 && results && results.every(({ status }) => status !== 'error')) {
        for (const { key, value } of results) readings.set(key, value);
        break;
      }
      if (performance.now() > deadline)
        throw new Error(`the store cannot be read back: ${answer?.status ?? 'no answer'}; it must be up to be judged`);
      await sleep(100);
    }
  }
  return readings;
}

function countFailures(history: readonly Operation[]): Record<string, number> {
  const failures: Record<string, number> = {};
  for (const operation of history) {
    if (outcomeOf(operation) !== 'acknowledged') failures[operation.answer] = (failures[operation.answer] ?? 0) + 1;
  }
  return failures;
}
