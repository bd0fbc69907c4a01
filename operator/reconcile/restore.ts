import type { SlotRange } from '../../contract/backup.ts';
import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { memberNames } from '../../contract/names.ts';
import { type ApiObject, keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { type Accepted, DATA_MODE_ANNOTATION } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { Findings } from '../status/store-facts.ts';
import { unsettled } from './backup-shards.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { requireCurrent } from './current.ts';
import { KEYS_ANNOTATION } from './key-counts.ts';
import { kvStores, type VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';
import { decideRestore, holds } from './restore-decision.ts';
import { joinJobs, lookAtJobs, makeClaim, workOnJobs } from './restore-jobs.ts';
import type { RestoreDecision, RestoreWrite } from './restore-outcome.ts';
import {
  type DataNoted,
  isPending,
  isTouching,
  RESTORE_ANNOTATION,
  type RestoreRecord,
  readRecord,
  restoreDigest,
  restoreStatus,
} from './restore-record.ts';
import { findSource } from './restore-source.ts';
import { shardsAnswer, viewOf } from './shards.ts';

/** What came of a store's restore, where it has one. */
export interface RestoreMaintained {
  /** Whether Redis may run: see `holds`. */
  hold: ReturnType<typeof holds>;
  /** The snapshot with the claim as the decision saw it. */
  observed: Observed;
  findings: Partial<Findings>;
  status: KVStoreStatus['restore'];
  /** A move was noted, after which the next can be made. */
  changed: boolean;
}

/**
 * Brings a store to the backup of its spec.restoreFrom, one move at a time. What is noted on the volume claim decides, and
 * each move is noted there, on the very claim that was read, before anything is done about it.
 */
export async function maintainRestore(
  context: Context,
  seen: Observed,
  accepted: Accepted | undefined,
  signal: AbortSignal,
): Promise<RestoreMaintained> {
  const { store } = seen;
  const pending = isPending(readRecord(seen.members[0]?.claim), restoreDigest(store));
  // The cache may be behind what this operator itself has noted.
  const observed =
    pending && store.spec.persistence.mode !== 'none' ? await withLiveClaims(context, seen, signal) : seen;
  const record = readRecord(observed.members[0]?.claim);
  const isFree = pending && !isTouching(record);
  const source = isFree ? await findSource(context.client, store, signal) : undefined;
  const slots = isFree && source && !record?.fresh ? await slotsOf(observed) : undefined;
  const jobs = await lookAtJobs(context, observed, record, source, accepted, signal);
  const job = joinJobs(jobs, store.spec.shards !== undefined);
  const decision = decideRestore({ ...observed, record, source, slots, job, now: context.now() });
  if (decision.write) await note(context, observed, record, decision.write, signal);
  const refused = await workOnJobs(context, observed, jobs, !decision.write, signal);
  return {
    hold: holds({ ...observed, record }),
    observed,
    findings: merge(decision, refused),
    status: restoreStatus(decision.write ? (decision.write.record ?? undefined) : record, store),
    changed: decision.write !== undefined,
  };
}

async function withLiveClaims({ client }: Context, observed: Observed, signal: AbortSignal): Promise<Observed> {
  const { namespace, name } = observed.store.metadata;
  const members = await Promise.all(
    observed.members.map(async (member) => {
      const key = { namespace, name: memberNames(name, member.ordinal).volumeClaim };
      return { ...member, claim: await client.get<VolumeClaim>(persistentVolumeClaims, key, { signal }) };
    }),
  );
  return { ...observed, members, claim: members[observed.ordinal]?.claim };
}

/** The slots of each shard, where all answer and none is on its way from one to another. */
async function slotsOf({ store, members }: Observed): Promise<(readonly SlotRange[])[] | undefined> {
  if (store.spec.shards === undefined || !shardsAnswer(members)) return undefined;
  const views = await Promise.all(members.map(viewOf));
  return unsettled(views) === undefined ? views.map(({ slots }) => slots) : undefined;
}

/** Notes a move on the claims that were read, the first of which is the one that counts, or makes that with it. */
async function note(
  context: Context,
  { store, members }: Observed,
  before: RestoreRecord | undefined,
  { record, data = [] }: RestoreWrite,
  signal: AbortSignal,
): Promise<void> {
  const { client, events } = context;
  const isMove = record !== null && record.phase !== before?.phase;
  // What is asked for may have been taken back while the backup was fetched.
  if (isMove && record.phase === 'Swapping')
    await requireCurrent(client, kvStores, store as unknown as ApiObject, signal);
  const [first, ...others] = members.map(({ claim }, ordinal) => ({ claim, data: data[ordinal] }));
  for (const { claim, data } of others) {
    const annotations = data && annotationsOf(data);
    if (claim && annotations && !has(claim, annotations)) await annotate(context, claim, annotations, signal);
  }
  const annotations = {
    [RESTORE_ANNOTATION]: record && JSON.stringify(record),
    ...(first?.data && annotationsOf(first.data)),
  };
  if (first?.claim) await annotate(context, first.claim, annotations, signal);
  else await makeClaim(context, store, 0, annotations, signal);
  if (!isMove || record.phase === 'Failed') return; // which a condition tells
  const [type, reason, message] = tale(record);
  events.record(store, type, reason, message);
}

const annotationsOf = ({ mode, keysAtStop }: DataNoted): Record<string, string | null> => ({
  [DATA_MODE_ANNOTATION]: mode,
  [KEYS_ANNOTATION]: keysAtStop,
});

function has({ metadata }: VolumeClaim, annotations: Record<string, string | null>): boolean {
  return Object.entries(annotations).every(([name, value]) => (metadata.annotations?.[name] ?? null) === value);
}

async function annotate(
  { client }: Pick<Context, 'client'>,
  claim: VolumeClaim,
  annotations: Record<string, string | null>,
  signal: AbortSignal,
): Promise<void> {
  const { resourceVersion } = claim.metadata;
  const options = { type: 'merge', fieldManager: FIELD_MANAGER, resourceVersion, signal } as const;
  await client.patch(persistentVolumeClaims, keyOf(claim), { metadata: { annotations } }, options);
}

function tale({ phase, data, loaded, message }: RestoreRecord): ['Normal' | 'Warning', string, string] {
  switch (phase) {
    case 'Fetching':
      return ['Normal', 'RestoreStarted', 'the backup is fetched and verified; nothing is replaced yet'];
    case 'Swapping':
      return ['Normal', 'RestoreFetched', `the backup of ${data?.keys} keys is good, and takes the place of the data`];
    case 'Loading':
      return ['Normal', 'RestoreSwapped', 'Redis starts with the backup'];
    case 'Completed':
      return ['Normal', 'Restored', `Redis has ${loaded?.keys} keys of ${data?.keys}; ${loaded?.expired} had expired`];
    default:
      return ['Warning', 'RestoreFailed', message ?? ''];
  }
}

function merge({ refusals, steps }: RestoreDecision, refused: Finding<'RestoreFailed'> | undefined): Partial<Findings> {
  return { refusals: refused ? [refused, ...refusals] : refusals, steps };
}
