import { SENTINEL_CONTAINER, SENTINEL_PORT, VOLUME_CLAIM_TEMPLATE } from '../../contract/names.ts';
import { SCRIPTS } from './member-scripts.ts';
import type { StorePlan } from './plan.ts';
import { type LiveSettings, PATHS } from './redis-conf.ts';
import { containerSecurity } from './security.ts';

/** The files that a member's pod mounts, by where they are. */
export const memberFileNames = {
  plain: [PATHS.memberConfFile, 'members', 'hold', 'new', ...Object.values(SCRIPTS)],
  secret: [PATHS.aclFile, PATHS.replicationFile, 'sentinel.acl', 'sentinel.password'],
} as const;

/** How a container of a member's pod starts. Without persistence an empty directory is no sign of a lost volume. */
export function memberCommand(program: 'redis' | 'sentinel', mode: LiveSettings['mode']): Record<string, unknown> {
  return {
    command: ['sh', `${PATHS.conf}/${SCRIPTS[program]}`],
    env: [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'KEEPS_DATA', value: mode === 'none' ? 'no' : 'yes' },
    ],
  };
}

/** How long a member that is to be stopped may look for another primary, in seconds: well below the pod's grace period. */
const HAND_OVER_SECONDS = 15;

/** What the Redis of a member does before it is stopped, whoever deletes its pod. */
export const memberLifecycle = {
  preStop: { exec: { command: ['timeout', String(HAND_OVER_SECONDS), 'sh', `${PATHS.conf}/${SCRIPTS.handOver}`] } },
};

// Any answer will do: the user "probe" may only PING.
const alive = {
  exec: {
    command: [
      ...['redis-cli', '-p', String(SENTINEL_PORT)],
      ...['--user', 'probe', '--pass', 'none', '--no-auth-warning', 'ping'],
    ],
  },
};

/** One that gets no processor beside busy neighbours takes a primary to be down that is not. */
const RESOURCES = { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } };

/** The Sentinel of a member's pod. It keeps what it knows on the member's volume. */
export function sentinelContainer({ accepted, settings, imagePullPolicy }: StorePlan): Record<string, unknown> {
  return {
    name: SENTINEL_CONTAINER,
    image: accepted.image,
    ...(imagePullPolicy && { imagePullPolicy }),
    ...memberCommand('sentinel', settings.mode),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ports: [{ name: 'sentinel', containerPort: SENTINEL_PORT, protocol: 'TCP' }],
    livenessProbe: { ...alive, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6, initialDelaySeconds: 30 },
    resources: RESOURCES,
    securityContext: containerSecurity,
    volumeMounts: [
      { name: VOLUME_CLAIM_TEMPLATE, mountPath: PATHS.data },
      { name: 'config', mountPath: PATHS.conf, readOnly: true },
    ],
  };
}
