import type { ReactNode } from 'react';
import type { StoreStatus } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';
import { Notice } from '../../components/notice.tsx';
import { PHASE_TONES } from '../../layout/project-list.tsx';
import { formatBytes, formatCount } from '../usage/format.ts';
import { conditionOf, refusalOf } from './change.ts';

const READS = {
  primary: 'From Redis',
  cached: 'From memory where possible',
  nearest: 'From the nearest Redis, which may lag',
} as const;

/** How the store is, in facts, and what the operator has to say where something is wrong. */
export function StoreCard({ status }: { status: StoreStatus }) {
  const { name, namespace, phase } = status;
  const refusal = refusalOf(status);
  const degraded = conditionOf(status, 'Degraded');
  // What is not taken over of the spec is the reason of both.
  const isElse = degraded?.status === 'True' && degraded.reason !== refusal?.reason;
  return (
    <section className="card section" aria-labelledby="store-title">
      <div className="section-head">
        <h2 id="store-title">{status.project_id}</h2>
        {phase && (
          <Badge tone={PHASE_TONES[phase]} dot>
            {phase}
          </Badge>
        )}
      </div>
      {refusal && (
        <Notice tone="warn">
          <strong>Not taken over: {refusal.reason}</strong>
          <span>{refusal.message}</span>
        </Notice>
      )}
      {isElse && (
        <Notice tone="danger">
          <strong>Needs attention: {degraded.reason}</strong>
          <span>{degraded.message}</span>
          <span>What to do about each reason is in docs/conditions.md.</span>
        </Notice>
      )}
      <dl className="facts">
        <Fact name="Health">
          {status.healthy ? 'Answers requests' : (conditionOf(status, 'Ready')?.message ?? '–')}
        </Fact>
        <Fact name="Redis">{status.version ?? status.docker_image ?? '–'}</Fact>
        <Fact name="Memory">{memoryWords(status)}</Fact>
        <Fact name="Keys">{status.keys === null ? '–' : formatCount(status.keys)}</Fact>
        <Fact name="Persistence">{status.persistence ? 'On: data outlives Redis' : 'Off: data ends with Redis'}</Fact>
        <Fact name="Reads">{READS[status.reads ?? 'primary']}</Fact>
        <Fact name="Limits">{limitWords(status)}</Fact>
        <Fact name="KVStore" mono>
          {namespace}/{name}
        </Fact>
        <Fact name="Endpoint in the cluster" mono>
          {name}-redis.{namespace}.svc:6379
        </Fact>
        <Fact name="Image" mono>
          {status.docker_image ?? '–'}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, mono = false, children }: { name: string; mono?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={mono ? 'mono' : undefined}>{children}</dd>
    </div>
  );
}

function memoryWords({ max_memory, used_memory }: StoreStatus): string {
  if (max_memory === null) return '–';
  return used_memory === null ? max_memory : `${max_memory}, ${formatBytes(used_memory)} used`;
}

function limitWords({ limits, plan }: StoreStatus): string {
  const parts = [
    limits?.requests_per_second != null && `${formatCount(limits.requests_per_second)} requests per second`,
    limits?.tokens_per_month != null && `${limits.tokens_per_month} tokens per month`,
  ].filter((part) => part !== false);
  const words = parts.length > 0 ? parts.join(', ') : 'None';
  return plan === null ? words : `${words} (plan ${plan})`;
}
