import type { Condition, KVStore } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/object.ts';
import { events } from '../../kube/resources.ts';
import { findStore } from '../access/stores.ts';
import { explain } from '../errors.ts';
import { isCurrent, isQuiet, phaseTone, say } from '../output/conditions.ts';
import type { Output } from '../output/output.ts';
import { renderFields, renderTable } from '../output/table.ts';
import { ageOf, bar, formatBytes, formatShare, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';
import { type Answers, askDataPlane } from './ask.ts';
import { type BackupState, backupLine, readBackups } from './status-backups.ts';
import { memberTable, restoreLine } from './status-parts.ts';
import { viewStore } from './stores.ts';

/** An Event of core/v1; what of it is shown. */
interface StoreEvent extends KubeObject {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/** `cubby status` */
export async function status(session: Session, [name]: [string | undefined], { events: count }: { events: number }) {
  const store = await findStore(session, name);
  const { client } = await session.cluster();
  let unknown: string | undefined;
  const [answers, recent, backups] = await Promise.all([
    askDataPlane(session, store).catch((error: unknown) => {
      const { message, remedy } = explain(error);
      unknown = remedy ? `${message}; ${remedy}` : message;
      return undefined;
    }),
    lastEvents(client, store, count),
    readBackups(client, store),
  ]);
  const { output } = session;
  const seen = { store, answers, recent, backups };
  output.show(view(seen), () => text(seen, output));
  if (unknown) output.note(`note: keys and usage are not shown: ${unknown}`);
}

/** What a status is made of. */
interface Seen {
  store: KVStore;
  answers: Answers | undefined;
  recent: readonly StoreEvent[];
  backups: BackupState | undefined;
}

async function lastEvents(client: KubeClient, { metadata }: KVStore, count: number): Promise<StoreEvent[]> {
  if (count === 0) return [];
  const { namespace, name, uid } = metadata;
  const fieldSelector = `involvedObject.kind=KVStore,involvedObject.name=${name},involvedObject.uid=${uid}`;
  // Whoever may see a store may lack the right to see events; the status is of use all the same.
  const { items } = await client.list<StoreEvent>(events, { namespace, fieldSelector }).catch(() => ({ items: [] }));
  return items.sort((a, b) => timeOf(a).localeCompare(timeOf(b))).slice(-count);
}

const timeOf = (event: StoreEvent) =>
  event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? new Date(0).toISOString();

function view({ store, answers, recent, backups }: Seen) {
  return {
    ...viewStore(store),
    observed: isCurrent(store),
    conditions: store.status?.conditions ?? [],
    limits: store.status?.limits ?? null,
    topology: store.status?.topology ?? null,
    members: store.status?.members ?? [],
    restore: store.status?.restore ?? null,
    backups: backups ?? null,
    keys: answers?.keys ?? null,
    keptKeys: store.status?.keptKeys ?? null,
    usage: answers?.usage ?? null,
    events: recent.map((event) => ({
      time: timeOf(event),
      type: event.type ?? null,
      reason: event.reason ?? null,
      message: event.message ?? null,
      count: event.count ?? 1,
    })),
  };
}

function text({ store, answers, recent, backups }: Seen, output: Output): string {
  const { metadata, spec, status } = store;
  const now = Date.now();
  const phase = status?.phase ?? 'Pending';
  const head = `${output.paint('strong', metadata.name)} in ${metadata.namespace}: ${output.paint(phaseTone(phase), phase)}`;
  const asked = spec.image ?? spec.version;
  const runs = phase !== 'Hibernated';
  const fields = renderFields([
    ['project', status?.projectId ?? `${claimedProject(store)} (asked for, not served)`],
    ['version', `${status?.version ?? NOTHING} ${runs ? 'runs' : 'ran'}, ${asked ?? 'the default'} asked for`],
    ['memory', runs ? memoryLine(store, output) : `${spec.memory} asked for`],
    ['keys', keysLine(store, answers)],
    ['endpoint', status?.endpoint && `${status.endpoint.host}:${status.endpoint.port}`],
    ['native access', status?.binding && `Secret ${status.binding.name}`],
    ['limits', limitsLine(store)],
    ['usage', answers && usageLine(answers, output)],
    ['persistence', spec.persistence.mode === 'aof' ? `aof, ${spec.persistence.fsync}` : spec.persistence.mode],
    ['last backup', backupLine(backups, now)],
    ['restore', restoreLine(store)],
    ['created', `${ageOf(metadata.creationTimestamp, now)} ago`],
  ]);
  const conditions = (status?.conditions ?? []).map((condition) => conditionLine(condition, now, output)).join('');
  const behind = isCurrent(store) ? '' : 'The operator has not seen the last change of spec yet.\n';
  const list = recent.map((event) => [
    ageOf(timeOf(event), now),
    event.type === 'Warning' ? output.paint('bad', 'Warning') : (event.type ?? ''),
    event.reason ?? '',
    `${event.message ?? ''}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}`,
  ]);
  const columns = ['LAST SEEN', 'TYPE', 'REASON', 'MESSAGE'].map((title) => ({ title }));
  const members = memberTable(store, output);
  return `${head}\n\n${fields}\n${members}${behind}${conditions}${list.length > 0 ? `\n${renderTable(columns, list)}` : ''}`;
}

function keysLine({ status }: KVStore, answers: Answers | undefined): string | undefined {
  if (status?.keptKeys !== undefined) return `${status.keptKeys} kept`;
  return answers?.keys === undefined || answers.keys === null ? undefined : String(answers.keys);
}

function memoryLine({ spec, status }: KVStore, output: Output): string {
  const { used, limit } = status?.memory ?? {};
  if (used === undefined || limit === undefined) return `${spec.memory} asked for`;
  const words = `${formatBytes(used)} of ${formatBytes(limit)} (${formatShare(used, limit)})`;
  return output.isTerminal ? `${gauge(used, limit, output)} ${words}` : words;
}

/** A bar in the colour of how full it is. */
export function gauge(part: number, whole: number, output: Output, width?: number): string {
  const share = part / whole;
  return output.paint(share > 0.9 ? 'bad' : share > 0.75 ? 'busy' : 'good', bar(part, whole, width));
}

function limitsLine({ spec, status }: KVStore): string {
  const { requestsPerSecond, burst, tokensPerMonth } = status?.limits ?? {};
  const parts = [
    requestsPerSecond !== undefined && `${requestsPerSecond} requests/s`,
    burst !== undefined && `${burst} at once`,
    tokensPerMonth !== undefined && `${tokensPerMonth} tokens a month`,
  ].filter((part) => part !== false);
  const plan = spec.plan ? ` (plan ${spec.plan})` : '';
  return parts.length > 0 ? `${parts.join(', ')}${plan}` : `none${plan}`;
}

function usageLine({ usage }: Answers, output: Output): string | undefined {
  if (!usage) return undefined;
  const { used, budget, operations, period } = usage;
  const requests = Object.values(operations).reduce((sum, { count }) => sum + count, 0);
  const since = `since ${period.start.slice(0, 10)}`;
  const line = `${used} tokens${budget === null ? '' : ` of ${budget}`}, ${requests} operations ${since}`;
  if (budget === null || !output.isTerminal) return line;
  return `${gauge(Number(used), Number(budget), output)} ${line}`;
}

function conditionLine(condition: Condition, now: number, output: Output): string {
  const { tone, text } = say(condition);
  const mark = { good: '✓', busy: '…', bad: '✗', faint: '·', strong: '·' }[tone];
  const age = `for ${ageOf(condition.lastTransitionTime, now)}`;
  const line = `${output.paint(tone, mark)} ${text} ${output.paint('faint', age)}\n`;
  return isQuiet(condition) ? line : `${line}  ${condition.reason}: ${condition.message}\n`;
}
