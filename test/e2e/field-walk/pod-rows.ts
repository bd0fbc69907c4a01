import { type Row, type Step, schema } from './row.ts';
import type { StoreSeen } from './store-seen.ts';

const linux = { 'kubernetes.io/os': 'linux' };

/** What the pod asks of its node. */
export const podRows: readonly Row<StoreSeen>[] = [
  {
    fields: ['spec.resources.cpu.request'],
    effect: 'live',
    values: [
      { value: '20m', reads: '20m' },
      { value: '30m', reads: '30m' },
      { value: undefined, reads: undefined, restarts: true },
      { value: '100m', reads: '100m' },
    ],
    refused: [
      schema('0', /resources\.cpu\.request must be a positive quantity/),
      schema('fast', /resources\.cpu\.request must be a positive quantity/),
      { value: '4000', by: 'ResizeRefused', says: /ask for less/ },
    ],
    read: ({ container }) => container.resources.requests.cpu,
  },
  {
    fields: ['spec.resources.cpu.limit'],
    effect: 'live',
    values: [
      { value: '500m', reads: '500m' },
      { value: '1', reads: '1' },
      { value: undefined, reads: undefined, restarts: true },
      { value: '300m', reads: '300m' },
    ],
    refused: [schema('-1', /resources\.cpu\.limit must be a positive quantity/)],
    read: ({ container }) => container.resources.limits.cpu,
  },
  {
    fields: ['spec.scheduling.nodeSelector'],
    effect: 'restart',
    values: [
      { value: linux, reads: linux },
      {
        value: { ...linux, 'beta.kubernetes.io/os': 'linux' },
        reads: { ...linux, 'beta.kubernetes.io/os': 'linux' },
      },
      { value: undefined, reads: undefined },
    ],
    refused: [
      schema({ disk: 5 }, /must be of type string/),
      { value: { disk: 'none-such' }, by: 'Unschedulable', says: /change spec\.scheduling/ },
      { value: { 'not a label': 'x' }, by: 'SpecRefused', says: /correct spec\.image or spec\.scheduling/ },
    ],
    read: ({ pod }) => pod.spec.nodeSelector,
  },
  {
    fields: [
      'spec.scheduling.tolerations[].key',
      'spec.scheduling.tolerations[].operator',
      'spec.scheduling.tolerations[].value',
      'spec.scheduling.tolerations[].effect',
      'spec.scheduling.tolerations[].tolerationSeconds',
    ],
    effect: 'restart',
    values: [
      tolerations({ key: 'walk', operator: 'Exists', effect: 'NoSchedule' }),
      tolerations({ key: 'walk', operator: 'Equal', value: 'x', effect: 'NoExecute', tolerationSeconds: 60 }),
      { value: undefined, reads: [] },
    ],
    refused: [
      schema([{ operator: 'Maybe' }], /Unsupported value.*Exists/s),
      schema([{ effect: 'Sometimes' }], /Unsupported value.*NoSchedule/s),
      {
        value: [{ key: 'walk', operator: 'Exists', value: 'x' }],
        by: 'SpecRefused',
        says: /correct .*spec\.scheduling/,
      },
    ],
    read: ({ pod }) => (pod.spec.tolerations ?? []).filter(({ key }: { key?: string }) => key === 'walk'),
  },
  {
    fields: ['spec.scheduling.affinity'],
    effect: 'restart',
    values: [
      { value: nodeAffinity('linux'), reads: ['linux'] },
      { value: nodeAffinity('linux', 'windows'), reads: ['linux', 'windows'] },
      { value: undefined, reads: undefined },
    ],
    refused: [
      { value: { nonsense: true }, by: 'SpecRefused', says: /correct .*spec\.scheduling/ },
      { value: nodeAffinity('plan9'), by: 'Unschedulable', says: /change spec\.scheduling/ },
    ],
    read: ({ pod }) =>
      pod.spec.affinity?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]
        .matchExpressions[0].values,
  },
  {
    fields: ['spec.scheduling.topologySpreadConstraints'],
    effect: 'restart',
    values: [
      { value: [spread(1)], reads: [1] },
      { value: [spread(2)], reads: [2] },
      { value: undefined, reads: [] },
    ],
    refused: [
      schema('everywhere', /must be of type array/),
      { value: [{ ...spread(1), maxSkew: 0 }], by: 'SpecRefused', says: /correct .*spec\.scheduling/ },
    ],
    read: ({ pod }) => (pod.spec.topologySpreadConstraints ?? []).map(({ maxSkew }: { maxSkew: number }) => maxSkew),
  },
  {
    fields: ['spec.scheduling.priorityClassName'],
    effect: 'restart',
    values: [
      { value: 'system-cluster-critical', reads: 2_000_000_000 },
      { value: 'system-node-critical', reads: 2_000_001_000 },
      { value: undefined, reads: 0 },
    ],
    refused: [{ value: 'none-such', by: 'SpecRefused', says: /correct .*spec\.scheduling/ }],
    read: ({ pod }) => pod.spec.priority,
  },
];

function tolerations(...value: Record<string, unknown>[]): Step {
  return { value, reads: value };
}

function nodeAffinity(...values: string[]): Record<string, unknown> {
  const matchExpressions = [{ key: 'kubernetes.io/os', operator: 'In', values }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

function spread(maxSkew: number): Record<string, unknown> {
  return {
    maxSkew,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { walk: 'e2e' } },
  };
}
