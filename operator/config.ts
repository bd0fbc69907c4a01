import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseLabelSelector } from '../kube/label-selector.ts';

/** Tokens with at most 9 decimals, so that a month's fit a signed 64-bit number of nano-tokens. As in crds/. */
const TOKENS = /^(?=.*[1-9])(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$/;

const limits = z
  .strictObject({
    requestsPerSecond: z.int().min(1).max(1_000_000).exactOptional(),
    burst: z.int().min(1).max(10_000_000).exactOptional(),
    tokensPerMonth: z.string().regex(TOKENS).exactOptional(),
  })
  .refine(({ burst, requestsPerSecond }) => burst === undefined || requestsPerSecond !== undefined, {
    message: 'burst needs a rate to go with it: add requestsPerSecond',
    path: ['burst'],
  });

const selector = z.string().superRefine((text, { addIssue }) => {
  try {
    parseLabelSelector(text);
  } catch (error) {
    addIssue((error as Error).message);
  }
});

const schema = z.strictObject({
  systemNamespace: z.string().min(1),
  versions: z.record(z.string().regex(/^\d+\.\d+(\.\d+)?$/), z.string().min(1)),
  plans: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
        .max(63),
      limits,
    )
    .default({}),
  image: z.string().min(1),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  backupPullSecrets: z.array(z.strictObject({ name: z.string().min(1) })).exactOptional(),
  dataPlaneUrl: z.url({ protocol: /^https?$/ }),
  masterKeySecret: z
    .strictObject({ name: z.string().min(1), key: z.string().min(1) })
    .default({ name: 'cubby-master-key', key: 'master-key' }),
  credentialOverlapSeconds: z.int().min(1).max(31_536_000).default(600),
  ledger: z
    .strictObject({
      version: z.string().min(1),
      memory: z.string().min(1).default('64Mi'),
      size: z.string().min(1).default('1Gi'),
      storageClassName: z.string().min(1).exactOptional(),
    })
    .optional(),
  concurrency: z.int().min(1).max(1000).default(20),
  resyncSeconds: z.int().min(1).max(86_400).default(60),
  leaderElection: z
    .strictObject({ enabled: z.boolean(), name: z.string().min(1).default('cubby-operator') })
    .default({ enabled: true, name: 'cubby-operator' }),
  shard: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
        .max(20),
      selector,
    })
    .optional(),
  except: z.array(selector).default([]),
  port: z.int().min(0).max(65_535).default(8080),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
});

/**
 * The operator's configuration; `versions` are images by Redis version, `image` is Cubby's own for backup pods, which
 * may take it with `backupPullSecrets` of their namespace, `plans` limits by name, `dataPlaneUrl` is what
 * token Secrets say, `credentialOverlapSeconds` for how long replaced Redis passwords are accepted, `ledger` is the KVStore that it keeps in the system namespace, absent where it keeps none;
 * `shard` is the part of the stores that it works on, `except` are label selectors of stores that are another's.
 */
export type Config = Readonly<z.infer<typeof schema>>;

/** Where the chart mounts the file. */
export const DEFAULT_CONFIG_PATH = '/etc/cubby/operator.json';

/** Reads and checks the configuration file; throws an Error that names file, field and what is wrong. */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot read the configuration ${path}; name another file with --config`, { cause: error });
  }
  return parseConfig(text, path);
}

/** Checks the text of a configuration; `source` names it in errors. */
export function parseConfig(text: string, source: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${source} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new Error(`${source} is not a valid configuration:\n${z.prettifyError(result.error)}`);
  return Object.freeze(result.data);
}

/** The Lease for which the replicas of one shard compete. */
export function leaseName({ leaderElection, shard }: Pick<Config, 'leaderElection' | 'shard'>): string {
  return shard ? `${leaderElection.name}-${shard.name}` : leaderElection.name;
}
