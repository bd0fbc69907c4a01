import { setTimeout as sleep } from 'node:timers/promises';
import type { KVStore } from '../../contract/objects.ts';
import { listStores } from '../access/stores.ts';
import { phaseTone } from '../output/conditions.ts';
import type { Output } from '../output/output.ts';
import { type Column, renderTable } from '../output/table.ts';
import { formatBytes, formatShare, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';
import { type Answers, askDataPlane } from './ask.ts';
import { gauge } from './status.ts';
import { viewMemory } from './stores.ts';

/** A store at a moment. */
export interface Sample {
  store: KVStore;
  keys: number | null;
  /** Operations since the beginning of the month; null where they are not known. */
  operations: number | null;
  /** When, in milliseconds. */
  at: number;
}

/** How many stores are asked at the same time. */
const CONCURRENCY = 8;

/** `cubby top` */
export async function top(
  session: Session,
  _args: unknown,
  { allNamespaces, once, interval }: { allNamespaces?: true; once?: true; interval: number },
) {
  const { output } = session;
  const namespace = allNamespaces ? undefined : await session.namespace();
  const isTable = output.format === 'table' || output.format === 'wide';
  const repeats = isTable && output.isTerminal && !once;
  let before = new Map<string, Sample>();
  // A rate takes two looks.
  for (let round = 0; ; round++) {
    const samples = await look(session, namespace);
    if (round > 0 || repeats) {
      const rows = samples.map((sample) => viewSample(sample, before.get(sample.store.metadata.uid)));
      if (repeats) output.clear();
      output.show({ stores: rows }, () => table(rows, samples, output));
      if (repeats) output.note(`every ${interval} s; Ctrl-C ends it`);
      else return;
    }
    before = new Map(samples.map((sample) => [sample.store.metadata.uid, sample]));
    await sleep(interval * 1000, undefined, { signal: session.signal });
  }
}

async function look(session: Session, namespace: string | undefined): Promise<Sample[]> {
  const { client } = await session.cluster();
  const waiting = (await listStores(client, namespace)).entries();
  const samples: Sample[] = [];
  const work = async () => {
    for (const [index, store] of waiting) {
      const answers: Answers | undefined = await askDataPlane(session, store).catch(() => {
        session.signal.throwIfAborted();
        return undefined;
      });
      const counts = answers?.usage ? Object.values(answers.usage.operations).map(({ count }) => count) : undefined;
      const operations = counts?.reduce((sum, count) => sum + count, 0) ?? null;
      samples[index] = { store, keys: answers?.keys ?? null, operations, at: Date.now() };
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return samples;
}

/** A row: a sample, and what came since the one before it; a new month has no rate yet. */
export function viewSample({ store, keys, operations, at }: Sample, before: Sample | undefined) {
  const { metadata, status } = store;
  const since =
    before && operations !== null && before.operations !== null ? operations - before.operations : undefined;
  const seconds = before ? (at - before.at) / 1000 : 0;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    phase: status?.phase ?? 'Pending',
    memory: viewMemory(store),
    keys,
    operationsPerSecond:
      since !== undefined && since >= 0 && seconds > 0 ? Math.round((since / seconds) * 10) / 10 : null,
  };
}

function table(rows: readonly ReturnType<typeof viewSample>[], samples: readonly Sample[], output: Output): string {
  const columns: Column[] = [
    { title: 'NAMESPACE' },
    { title: 'NAME' },
    { title: 'PHASE' },
    ...(output.isTerminal ? [{ title: '' }] : []),
    { title: 'MEMORY', align: 'right' },
    { title: 'USED', align: 'right' },
    { title: 'KEYS', align: 'right' },
    { title: 'OPS/S', align: 'right' },
  ];
  const lines = rows.map(({ namespace, name, phase, memory, keys, operationsPerSecond }) => {
    const { used, limit } = memory;
    const known = used !== null && limit !== null;
    return [
      namespace,
      name,
      output.paint(phaseTone(phase), phase),
      ...(output.isTerminal ? [known ? gauge(used, limit, output, 10) : ''] : []),
      known ? formatShare(used, limit) : NOTHING,
      used === null ? NOTHING : formatBytes(used),
      keys === null ? NOTHING : String(keys),
      operationsPerSecond === null ? NOTHING : operationsPerSecond.toFixed(1),
    ];
  });
  const isBlind = samples.length > 0 && samples.every(({ keys, operations }) => keys === null && operations === null);
  if (isBlind)
    output.note('note: keys and rates take a token that you may read; cubby status NAME says what is missing');
  return renderTable(columns, lines);
}
