import type { Container, PodSpec, SecurityContext } from './chart.ts';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP = ['RuntimeDefault', 'Localhost'];
const SELINUX = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
];

/** Where a pod breaks the level `restricted` of the Pod Security Standards, rule by rule in their order; empty where nowhere. */
export function restrictedViolations(pod: PodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? []), ...(pod.ephemeralContainers ?? [])];
  const broken: string[] = [];
  const forbid = (condition: boolean, rule: string) => {
    if (condition) broken.push(rule);
  };
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) forbid(pod[name] === true, name);
  forbid(
    (pod.securityContext?.sysctls ?? []).some((sysctl) => !SYSCTLS.includes(sysctl.name)),
    'sysctls',
  );
  for (const volume of pod.volumes ?? []) {
    const { name, ...source } = volume;
    forbid(!Object.keys(source).every((type) => VOLUMES.includes(type)), `volume ${name}`);
  }
  for (const context of [pod.securityContext, ...containers.map((container) => container.securityContext)]) {
    forbid(context?.windowsOptions?.hostProcess === true, 'hostProcess');
    forbid(context?.appArmorProfile?.type === 'Unconfined', 'appArmor');
    forbid(!isSeLinuxAllowed(context), 'seLinuxOptions');
    forbid(context?.runAsUser === 0, 'runAsUser 0');
    forbid(context?.runAsNonRoot === false, 'runAsNonRoot false');
    forbid(context?.seccompProfile !== undefined && !SECCOMP.includes(context.seccompProfile.type), 'seccomp');
  }
  for (const container of containers) {
    for (const rule of containerViolations(container, pod)) broken.push(`${container.name}: ${rule}`);
  }
  return broken;
}

function isSeLinuxAllowed(context: SecurityContext | undefined): boolean {
  const options = context?.seLinuxOptions;
  return SELINUX.includes(options?.type) && !options?.user && !options?.role;
}

function containerViolations({ securityContext, ports, ...rest }: Container, pod: PodSpec): string[] {
  const capabilities = securityContext?.capabilities;
  const rules: [string, boolean][] = [
    ['privileged', securityContext?.privileged === true],
    ['hostPort', (ports ?? []).some((port) => port.hostPort)],
    ['procMount', !['Default', undefined].includes(securityContext?.procMount)],
    ['allowPrivilegeEscalation', securityContext?.allowPrivilegeEscalation !== false],
    ['runAsNonRoot', (securityContext?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true],
    ['seccompProfile', (securityContext?.seccompProfile ?? pod.securityContext?.seccompProfile) === undefined],
    ['capabilities.drop', !capabilities?.drop?.includes('ALL')],
    ['capabilities.add', (capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE')],
    ['probe host', hasProbeHost(rest)],
  ];
  return rules.filter(([, broken]) => broken).map(([rule]) => rule);
}

function hasProbeHost(container: Record<string, unknown>): boolean {
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name]);
  const handlers = [...probes, ...Object.values((container.lifecycle ?? {}) as object)];
  type Handler = { httpGet?: { host?: string }; tcpSocket?: { host?: string } } | undefined;
  return (handlers as Handler[]).some((handler) => handler?.httpGet?.host || handler?.tcpSocket?.host);
}
