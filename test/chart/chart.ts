import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { consoleProgress } from '../../cluster/progress.ts';

/** The chart's folder. */
export const chartFolder: string = join(import.meta.dirname, '../../charts/cubby');
/** The release and namespace under which the tests render and install it. */
export const release = 'cubby';
export const namespace = 'cubby-system';

/** A rendered object, loosely typed: each test looks at the fields that it is about. */
export interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: manifests of every kind
  [field: string]: any;
}

/** Runs Helm to its end; rejects with what it printed when it fails. */
export async function helm(args: readonly string[], input?: unknown): Promise<string> {
  const { helm } = await ensureBinaries(['helm'], consoleProgress);
  return run(helm, args, input === undefined ? {} : { input: JSON.stringify(input) });
}

/** Every object that the chart makes of `values`; rejects where the schema or a template refuses them. */
export async function render(values: object = {}): Promise<Rendered[]> {
  const args = [
    'template',
    release,
    chartFolder,
    '--namespace',
    namespace,
    '--kube-version',
    '1.35.4',
    '--values',
    '-',
  ];
  const documents = parseAllDocuments(await helm(args, values), { uniqueKeys: true });
  return documents.map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Rendered;
  });
}

/** The one object of a kind and name. */
export function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return found[0];
}

/** What runs pods among the objects, with its pods' spec. */
export function podSpecs(objects: readonly Rendered[]): { owner: Rendered; spec: PodSpec }[] {
  return objects.flatMap((owner) => {
    if (owner.kind === 'Pod') return [{ owner, spec: owner.spec as PodSpec }];
    const spec = owner.spec?.template?.spec as PodSpec | undefined;
    return spec ? [{ owner, spec }] : [];
  });
}

export interface SecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  seccompProfile?: { type: string };
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  procMount?: string;
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  sysctls?: { name: string }[];
  windowsOptions?: { hostProcess?: boolean };
  appArmorProfile?: { type: string };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  securityContext?: SecurityContext;
  ports?: { name: string; containerPort: number; hostPort?: number }[];
  [field: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  securityContext?: SecurityContext;
  volumes?: { name: string; [source: string]: unknown }[];
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  [field: string]: unknown;
}
