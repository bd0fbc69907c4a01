import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { createProgress } from '../../cluster/progress.ts';
import { kubeconfig } from './environment.ts';

/** The outcome of a program: never rejects, so that a test can look at a refusal. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** An object to apply, as it would stand in a manifest. */
export type Manifest = { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } } & Record<
  string,
  unknown
>;

const { kubectl: program } = await ensureBinaries(['kubectl'], createProgress(console.error));

/** What tests do on one cluster. */
export interface ClusterAccess {
  /** Runs kubectl; the caller looks at the exit code. */
  tryKubectl(args: readonly string[], input?: string): Promise<Outcome>;
  /** Runs kubectl and returns what it prints; throws with its error text where it fails. */
  kubectl(...args: string[]): Promise<string>;
  /** Applies objects as `kubectl apply -f` does; the caller looks at the exit code. */
  tryApply(...objects: Manifest[]): Promise<Outcome>;
  /** Applies objects as `kubectl apply -f` does; throws where one is refused. */
  apply(...objects: Manifest[]): Promise<void>;
  /** Reads an object, for example `read('kvstore', 'shop', 'main')`; undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of objects of every kind
  read(kind: string, namespace: string, name: string): Promise<any>;
}

/** The cluster that the file `config` leads to. */
export function accessCluster(config: string): ClusterAccess {
  function tryKubectl(args: readonly string[], input = ''): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, ['--kubeconfig', config, ...args]);
      const outcome: Outcome = { code: 0, stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => {
        outcome.stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        outcome.stderr += chunk;
      });
      child.once('error', reject).once('close', (code) => resolve({ ...outcome, code: code ?? 1 }));
      // Its exit code tells what became of a kubectl that ends without reading.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  async function kubectl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await tryKubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout.trim();
  }

  const tryApply = (...objects: Manifest[]) =>
    tryKubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

  return {
    tryKubectl,
    kubectl,
    tryApply,
    async apply(...objects) {
      const { code, stderr } = await tryApply(...objects);
      if (code !== 0) throw new Error(`kubectl apply: ${stderr.trim()}`);
    },
    async read(kind, namespace, name) {
      const text = await kubectl('get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found');
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

/** The cluster of `npm start`. */
export const { tryKubectl, kubectl, tryApply, apply, read }: ClusterAccess = accessCluster(kubeconfig);

/** The value that `check` returns once it returns one; throws after `seconds` with what was awaited and seen last. */
export async function eventually<T>(what: string, seconds: number, check: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`${what}: not within ${seconds} s`, { cause: last });
}

/** The condition of a type in an object's status, or undefined. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at fields of objects of every kind
export function condition(object: any, type: string): { status: string; reason: string; message: string } | undefined {
  return object?.status?.conditions?.find((entry: { type: string }) => entry.type === type);
}
