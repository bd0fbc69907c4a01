import { isInvalid, isTransient, KubeError } from '../kube/errors.ts';
import { CubbyError } from '../sdk/src/index.ts';

/** What a run's exit code says; docs/cli.md documents them, so a number never changes its meaning. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  unavailable: 5,
  outcomeUnknown: 6,
  conflict: 7,
  limit: 8,
  interrupted: 130,
} as const;

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One line for each exit code, for the documentation. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.error, 'failed for another reason than those below'],
  [EXIT.usage, 'an argument or option is missing, unknown, malformed or not valid; nothing was changed'],
  [EXIT.notFound, 'there is no such key, store, token or project'],
  [EXIT.refused, 'the token, or the Kubernetes user, may not do this'],
  [EXIT.unavailable, 'no answer in time, or the store does not serve now; a read or a refused write may be repeated'],
  [EXIT.outcomeUnknown, 'a write was sent and its answer lost: it may have been applied'],
  [EXIT.conflict, 'what is there stands against it: the key exists, is no number, or the name is taken'],
  [EXIT.limit, 'a limit is reached: requests per second, the budget, or the memory of the store'],
  [EXIT.interrupted, 'ended by Ctrl-C'],
];

/** A failure that the command line itself found. `remedy` says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitCode;
  readonly remedy: string | undefined;

  constructor(exit: ExitCode, message: string, remedy?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exit = exit;
    this.remedy = remedy;
  }
}

/** What a failure is shown as. */
export interface Failure {
  exit: ExitCode;
  message: string;
  remedy?: string | undefined;
}

/** Puts any error into words, an exit code and, where one is known, a remedy. */
export function explain(error: unknown): Failure {
  if (error instanceof CliError) return { exit: error.exit, message: error.message, remedy: error.remedy };
  if (error instanceof CubbyError) return explainApi(error);
  if (error instanceof KubeError) return explainKube(error);
  return { exit: EXIT.error, message: error instanceof Error ? error.message : String(error) };
}

const API_EXITS: Readonly<Record<string, ExitCode>> = {
  not_found: EXIT.notFound,
  unauthorized: EXIT.refused,
  forbidden: EXIT.refused,
  project_required: EXIT.usage,
  bad_request: EXIT.usage,
  payload_too_large: EXIT.usage,
  conflict: EXIT.conflict,
  not_a_number: EXIT.conflict,
  overflow: EXIT.conflict,
  rate_limited: EXIT.limit,
  insufficient_tokens: EXIT.limit,
  store_full: EXIT.limit,
  store_unavailable: EXIT.unavailable,
  store_hibernated: EXIT.unavailable,
  network_error: EXIT.unavailable,
  timeout: EXIT.unavailable,
};

const API_REMEDIES: Readonly<Record<string, string>> = {
  unauthorized: 'list the tokens of the namespace with: cubby token list',
  forbidden: 'make a token with that scope: cubby token create --help',
  project_required: 'name the project with --project',
  conflict: 'a program that speaks Redis wrote it, which can also read it: cubby redis-cli NAME',
  store_hibernated: 'wake it with: cubby enable NAME',
  insufficient_tokens: 'raise spec.limits.tokensPerMonth or choose another spec.plan; cubby status shows what is used',
  rate_limited: 'wait a moment, or raise spec.limits.requestsPerSecond',
  store_full: 'delete keys, or raise spec.memory; cubby status shows what is used',
  store_unavailable: 'see what is wrong with: cubby status',
  unexpected_answer: 'check the address; or a program that speaks Redis wrote a value that is no JSON: cubby redis-cli',
  network_error: 'check the address given by --url or CUBBY_URL',
  timeout: 'try again; --timeout gives it longer',
};

function explainApi({ code, detail, requestId, outcomeUnknown }: CubbyError): Failure {
  const message = `${detail} (${code}${requestId ? `, request ${requestId}` : ''})`;
  if (outcomeUnknown) {
    const remedy = 'the write may have been applied: look before you repeat it';
    return { exit: EXIT.outcomeUnknown, message, remedy };
  }
  return { exit: API_EXITS[code] ?? EXIT.error, message, remedy: API_REMEDIES[code] };
}

function explainKube(error: KubeError): Failure {
  const { message, status } = error;
  if (status === 403) {
    const remedy = message.endsWith('at the cluster scope')
      ? 'leave out -A, or ask for that right in all namespaces, which takes a ClusterRoleBinding'
      : 'ask for that right: the roles edit and view of a namespace hold those for its stores and tokens';
    return { exit: EXIT.refused, message, remedy };
  }
  if (status === 401) {
    const remedy = 'log in to the cluster again, or choose another --context';
    return { exit: EXIT.refused, message: `the API server refuses your credentials: ${message}`, remedy };
  }
  if (status === 404) return { exit: EXIT.notFound, message };
  if (status === 409) return { exit: EXIT.conflict, message };
  if (isInvalid(error)) return { exit: EXIT.usage, message };
  if (isTransient(error)) return { exit: EXIT.unavailable, message, remedy: 'check --context and --kubeconfig' };
  return { exit: EXIT.error, message };
}
