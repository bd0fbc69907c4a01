/** User and group of Redis in the official image. */
const REDIS_ID = 999;

/** Security of a pod, as Pod Security "restricted" demands. A volume's files change owner only where the root is not Redis' yet: a big one would take minutes. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: REDIS_ID,
  runAsGroup: REDIS_ID,
  fsGroup: REDIS_ID,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** Security of a container, as Pod Security "restricted" demands, with nothing to write to but its volumes. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
